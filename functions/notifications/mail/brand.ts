/**
 * Whose mail it is, as its head and its footer say.
 *
 * @module
 */

/** The name before the address of `MAIL_FROM`, or the address's domain. */
export function brandOf(from: string): string {
  return /^([^<]+?) </.exec(from)?.[1] ?? from.split("@")[1];
}
