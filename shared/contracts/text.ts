/**
 * Text that JSON, Postgres and every language take: whole characters, and no NUL.
 *
 * @module
 */

/** Whether the text holds no NUL and no half of a character. */
export function isSound(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** The text with U+FFFD for each half of a character, and `nul` for each NUL. */
export function soundText(text: string, nul = ""): string {
  return isSound(text) ? text : text.replaceAll("\0", nul).toWellFormed();
}

/** The start of the text, at most `most` UTF-16 units, and never half a character at its end. */
export function startOf(text: string, most: number): string {
  if (text.length <= most) return text;
  const start = text.slice(0, most);
  return /[\ud800-\udbff]$/.test(start) ? start.slice(0, -1) : start;
}
