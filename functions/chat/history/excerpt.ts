/**
 * A piece of a message with the words that were searched for, as plain text in pieces: nothing in it
 * is markup, whatever the message held.
 *
 * @module
 */
import type { SearchAnswer } from "./contracts.ts";

/** What Postgres puts around a match; taken out of the message itself before. */
export const MATCH_BEGINS = "\u0002";
export const MATCH_ENDS = "\u0003";
/** What Postgres sees in the place of `<` and `>`, since it would leave out what is between them. */
const LESS = "\u0004";
const GREATER = "\u0005";
/** As `translate` takes them: what has no counterpart is left out. */
export const MARKS = { from: `<>${MATCH_BEGINS}${MATCH_ENDS}`, to: LESS + GREATER };

/** Of text, in UTF-16 units: a "word" may be as long as a message. */
const MOST_LENGTH = 600;

type Excerpt = SearchAnswer["results"][number]["excerpt"];

/** The pieces of a headline; empty ones are left out. */
export function excerptOf(headline: string): Excerpt {
  const pieces: Excerpt = [];
  let left = MOST_LENGTH;
  const add = (text: string, match: boolean) => {
    const cut = text.slice(0, left).replaceAll(LESS, "<").replaceAll(GREATER, ">");
    left -= cut.length;
    // Not through a pair of surrogates.
    const whole = cut.isWellFormed() ? cut : cut.slice(0, -1);
    if (whole !== "") pieces.push({ text: whole, match });
  };
  for (const [index, part] of headline.split(MATCH_BEGINS).entries()) {
    const [match, rest = ""] = index === 0 ? ["", part] : part.split(MATCH_ENDS);
    add(match, true);
    add(rest, false);
  }
  return pieces;
}
