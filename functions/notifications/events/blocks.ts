/**
 * The pieces of a mail's body, in the shortest words, and sentences that several mails share.
 *
 * @module
 */
import type { Block } from "../event.ts";

/** A paragraph. */
export const text = (text: string): Block => ({ kind: "text", text });

/** What to do next; one for each mail. */
export const button = (label: string, url: string): Block => ({ kind: "button", label, url });

export const list = (items: readonly string[]): Block => ({ kind: "list", items });

export const quote = (text: string, by?: string): Block => ({ kind: "quote", text, by });

/** Rows of a name and a value; those without a value are left out. */
export function facts(
  rows: readonly (readonly [name: string, value: string | undefined])[],
): Block {
  return {
    kind: "facts",
    rows: rows.filter((row): row is readonly [string, string] => row[1] !== undefined),
  };
}

/** What somebody wrote, where they did. */
export const quoteIf = (words: string | undefined, by?: string): Block[] =>
  words === undefined ? [] : [quote(words, by)];

/** Why staff gets a mail. */
export const FOR_STAFF = "You get this mail because you help to run this marketplace.";
