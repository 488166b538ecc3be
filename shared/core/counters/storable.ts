/**
 * Texts that Postgres takes: what it would refuse must not hold up everything else of its day.
 *
 * @module
 */

/** In UTF-16 units. Three such texts make a key that is short enough for an index. */
const MOST_LENGTH = 256;

/** Whether the text has 1 to 256 characters, is well-formed, and holds no NUL. */
export function isStorable(text: string): boolean {
  return text.length > 0 && text.length <= MOST_LENGTH && text.isWellFormed() &&
    !text.includes("\0");
}
