/**
 * The JWT that QStash puts into `Upstash-Signature`.
 *
 * HS256; the key is the UTF-8 of the `sig_…` text as it stands, not decoded. Node's crypto,
 * because Web Crypto's promises took more time than the rest of a delivery.
 *
 * @module
 */
import { createHash, createHmac } from "node:crypto";

/** What a signature says, in the order in which QStash writes it. */
export interface SignatureClaims {
  iss: "Upstash";
  /** The destination exactly as it was published. */
  sub: string;
  /** Epoch seconds, as are `nbf` and `iat`. */
  exp: number;
  nbf: number;
  iat: number;
  jti: string;
  /** base64url of the body's SHA-256, without padding. */
  body: string;
}

/** What is signed: one attempt to deliver `body` to `url` at `now` (epoch ms). */
export interface Delivery {
  key: string;
  url: string;
  body: Uint8Array;
  now: number;
}

const HEADER = encodeBase64Url(JSON.stringify({ alg: "HS256", typ: "JWT" }));
const LIFETIME_S = 300;

/** Signs one attempt; the token holds for five minutes, and no two are alike. */
export function signDelivery({ key, url, body, now }: Delivery): string {
  const iat = Math.floor(now / 1000);
  return signClaims(key, {
    iss: "Upstash",
    sub: url,
    exp: iat + LIFETIME_S,
    nbf: 0,
    iat,
    jti: `jwt_${crypto.randomUUID().replaceAll("-", "")}`,
    body: hashBody(body),
  });
}

/** The `body` claim of these bytes. */
export function hashBody(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("base64url");
}

/** Signs `claims` as they are. */
export function signClaims(key: string, claims: SignatureClaims): string {
  const { iss, sub, exp, nbf, iat, jti, body } = claims;
  const payload = encodeBase64Url(JSON.stringify({ iss, sub, exp, nbf, iat, jti, body }));
  const signed = `${HEADER}.${payload}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

function encodeBase64Url(text: string): string {
  return new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}
