/**
 * QStash's signature, made from its documentation, so that tests can get each part of it wrong.
 *
 * @module
 */
import { hmac, toBase64 } from "./app_world.ts";

export interface DeliveryToSign {
  key: string;
  url: string;
  body: string;
  /** Epoch ms. */
  issuedAt: number;
}

/** A JWT over the URL and the body's hash, good for 5 minutes. */
export async function signDelivery({ key, url, body, issuedAt }: DeliveryToSign): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
  const iat = Math.floor(issuedAt / 1_000);
  const claims = {
    iss: "Upstash",
    sub: url,
    exp: iat + 300,
    nbf: 0,
    iat,
    jti: `jwt_${iat}`,
    body: base64url(new Uint8Array(digest)),
  };
  const signed = [{ alg: "HS256", typ: "JWT" }, claims]
    .map((part) => base64url(new TextEncoder().encode(JSON.stringify(part)))).join(".");
  return `${signed}.${base64url(await hmac(key, signed))}`;
}

function base64url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
