/**
 * Checks QStash's signature: a JWT by HS256 over the address and the hash of the body.
 *
 * By hand: each key is imported once, a wrong time costs no second check, and bytes are checked as they
 * came. The vendor's receiver is the oracle of the tests; this is only stricter, as all must be said.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import type { Clock, DeliveryVerifier } from "../ports.ts";
import { systemClock } from "./system.ts";

export interface DeliveryVerifierOptions {
  currentSigningKey: string;
  nextSigningKey: string;
  /** Default: the platform's. */
  clock?: Clock;
  /** How far QStash's clock may be from ours, in seconds. Default: 60. */
  leewaySeconds?: number;
}

const MOST_SIGNATURE = 8_192;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const HMAC = { name: "HMAC", hash: "SHA-256" } as const;
/** `{"alg":"HS256","typ":"JWT"}` */
const USUAL_HEADER = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Makes the verifier; a signature is good for 5 minutes, and the leeway. */
export function createDeliveryVerifier(options: DeliveryVerifierOptions): DeliveryVerifier {
  const { clock = systemClock, leewaySeconds = 60 } = options;
  // While QStash's keys are rotated the next one signs already; each is imported once.
  const keys = [options.currentSigningKey, options.nextSigningKey].map(lazyKey);

  return {
    async verify({ signature, body, url }) {
      const token = readToken(signature);
      if (!token || !await isSignedByAny(keys, token)) throw invalid();
      const { iss, sub, exp, nbf, iat, jti, body: hash } = token.claims;
      const isMeant = iss === "Upstash" && sub === url && isTime(exp) &&
        (nbf === undefined || isTime(nbf)) && (iat === undefined || isTime(iat)) &&
        typeof hash === "string";
      if (!isMeant) throw invalid();
      const now = Math.floor(clock.now() / 1_000);
      if (exp <= now - leewaySeconds || (nbf ?? 0) > now + leewaySeconds) {
        throw expired(nbf, exp, now);
      }
      const given = typeof body === "function" ? await body() : body;
      if (hash.replace(/=+$/, "") !== await hashOf(given)) throw invalid();
      return { id: typeof jti === "string" && jti !== "" ? jti : undefined };
    },
  };
}

interface Token {
  signed: Uint8Array;
  signature: Uint8Array;
  claims: Readonly<Record<string, unknown>>;
}

/** The token's parts, if it is one of the only kind that QStash makes. */
function readToken(text: string): Token | undefined {
  if (text.length > MOST_SIGNATURE || !TOKEN.test(text)) return undefined;
  const [header, payload, signature] = text.split(".");
  try {
    if (header !== USUAL_HEADER && !isHs256(readJson(header))) return undefined;
    return {
      signed: encoder.encode(`${header}.${payload}`),
      signature: bytesOf(signature),
      claims: readJson(payload),
    };
  } catch {
    // Neither base64 nor JSON: whatever it is, QStash did not make it.
    return undefined;
  }
}

function isHs256({ alg, crit, b64 }: Record<string, unknown>): boolean {
  return alg === "HS256" && crit === undefined && b64 === undefined;
}

function readJson(segment: string): Record<string, unknown> {
  const value: unknown = JSON.parse(decoder.decode(bytesOf(segment)));
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new TypeError("Cannot read the token: it holds no object");
}

function bytesOf(segment: string): Uint8Array {
  const text = atob(segment.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** The key, once it is imported: on workerd no request may wait for another's promise. */
function lazyKey(secret: string): () => Promise<CryptoKey> {
  let known: CryptoKey | undefined;
  return async () =>
    known ??= await crypto.subtle.importKey("raw", encoder.encode(secret), HMAC, false, ["verify"]);
}

async function isSignedByAny(
  keys: readonly (() => Promise<CryptoKey>)[],
  { signature, signed }: Token,
): Promise<boolean> {
  for (const key of keys) {
    const given = [signature as BufferSource, signed as BufferSource] as const;
    if (await crypto.subtle.verify(HMAC.name, await key(), ...given)) return true;
  }
  return false;
}

/** base64url of the SHA-256, without padding. */
async function hashOf(body: string | Uint8Array): Promise<string> {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const digest = await crypto.subtle.digest("SHA-256", bytes as BufferSource);
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
}

function isTime(claim: unknown): claim is number {
  return Number.isFinite(claim);
}

function invalid(): RequestError {
  return new RequestError(
    "signature_invalid",
    "Cannot accept the delivery: the signature is not QStash's for this body and address",
  );
}

/** Both clocks are named: where they are apart, every delivery ends here. */
function expired(from: number | undefined, to: number, now: number): RequestError {
  const iso = (seconds: number) => {
    const at = new Date(seconds * 1_000);
    return Number.isNaN(at.getTime()) ? `${seconds}` : at.toISOString();
  };
  return new RequestError(
    "signature_expired",
    `Cannot accept the delivery: it is good ${from ? `from ${iso(from)} ` : ""}to ${
      iso(to)
    }, and ` +
      `it is ${iso(now)} here`,
  );
}
