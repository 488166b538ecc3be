/**
 * Answers with an ETag, and 304 for who has them already.
 *
 * @module
 */

/** A weak ETag of the text: compression on the way may change its bytes. */
export async function entityTag(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const hex = Array.from(
    new Uint8Array(digest, 0, 12),
    (byte) => byte.toString(16).padStart(2, "0"),
  );
  return `W/"${hex.join("")}"`;
}

/** Whether `If-None-Match` names the tag, by weak comparison: a list of tags, or `*` for any. */
export function isMatch(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === "*") return true;
  const opaque = (one: string) => one.replace(/^W\//, "");
  // What stands between quotes may hold a comma.
  const given = ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return given.some((one) => opaque(one) === opaque(tag));
}
