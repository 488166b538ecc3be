/**
 * HMAC-SHA256, compared in constant time.
 *
 * @module
 */

/** The HMAC-SHA256 of `message` under `secret`. */
export async function hmacOf(secret: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret as BufferSource, algorithm, false, [
    "sign",
  ]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message as BufferSource));
}

/** Whether both are the same, in a time that tells nothing of where they differ. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  return one.reduce((difference, byte, index) => difference | (byte ^ other[index]), 0) === 0;
}
