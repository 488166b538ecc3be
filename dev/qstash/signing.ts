/**
 * The JWT that QStash puts into `Upstash-Signature`.
 *
 * HS256; the key is the UTF-8 of the `sig_…` text as it stands, not decoded.
 *
 * @module
 */

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
export async function signDelivery({ key, url, body, now }: Delivery): Promise<string> {
  const iat = Math.floor(now / 1000);
  return await signClaims(key, {
    iss: "Upstash",
    sub: url,
    exp: iat + LIFETIME_S,
    nbf: 0,
    iat,
    jti: `jwt_${crypto.randomUUID().replaceAll("-", "")}`,
    body: await hashBody(body),
  });
}

/** The `body` claim of these bytes. */
export async function hashBody(body: Uint8Array): Promise<string> {
  return encodeBase64Url(await crypto.subtle.digest("SHA-256", body as Uint8Array<ArrayBuffer>));
}

/** Signs `claims` as they are. */
export async function signClaims(key: string, claims: SignatureClaims): Promise<string> {
  const { iss, sub, exp, nbf, iat, jti, body } = claims;
  const payload = encodeBase64Url(JSON.stringify({ iss, sub, exp, nbf, iat, jti, body }));
  const encoder = new TextEncoder();
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const secret = await crypto.subtle.importKey("raw", encoder.encode(key), hmac, false, ["sign"]);
  const signed = `${HEADER}.${payload}`;
  return `${signed}.${
    encodeBase64Url(await crypto.subtle.sign("HMAC", secret, encoder.encode(signed)))
  }`;
}

/** base64url without padding, of bytes or the UTF-8 of a text. */
function encodeBase64Url(data: string | ArrayBuffer): string {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
