/**
 * What is printed for people: text from outside cannot steer their terminal, nor pretend to be
 * a line of its own.
 *
 * Control characters and those that turn the direction of writing are shown as `\x1b`, `\u202e`.
 *
 * @module
 */

/** C0 and C1 controls with DEL, what ends a line, and what turns the direction of writing. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu;
/** The same in a text of several lines, where line feeds and tabs are its own. */
const UNSAFE_IN_LINES = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu;

/** `text` as one line that a terminal shows as it is. */
export function printableLine(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** The same for a text of several lines, such as a stack. */
export function printable(text: string): string {
  return text.replace(UNSAFE_IN_LINES, escaped);
}

/** JSON on one line, the same value when it is parsed. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (character) => `\\u${hex(character, 4)}`);
}

/** Prints a text of one or several lines. */
export function print(text = ""): void {
  console.log(printable(text));
}

/** The same where failures are printed. */
export function printError(text: string): void {
  console.error(printable(text));
}

function escaped(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  return character <= "\xff" ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`;
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, "0");
}
