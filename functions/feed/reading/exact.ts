/**
 * Postgres counts further than JSON: what a number cannot hold is refused, not rounded.
 *
 * @module
 */

/** The count, from Postgres's text. @throws {RangeError} beyond 2^53 − 1 */
export function exactCount(what: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count)) return count;
  throw new RangeError(`Cannot answer ${what}: ${text} is beyond what a number holds exactly`);
}

/** A score of at most 9 decimals. @throws {RangeError} where a number would not hold its whole part */
export function exactScore(text: string): number {
  exactCount("a score", text.split(".")[0]);
  return Number(text);
}
