/**
 * HMAC-SHA256, compared in constant time by the platform.
 *
 * @module
 */

/** Whether `signature` is the HMAC-SHA256 of `message` under `secret`. */
export async function isSignedBy(
  secret: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const key = await crypto.subtle.importKey(
    "raw",
    secret as BufferSource,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  return await crypto.subtle.verify(
    "HMAC",
    key,
    signature as BufferSource,
    message as BufferSource,
  );
}
