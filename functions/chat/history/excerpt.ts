/**
 * Pieces of a message around the words that were searched for, as plain text: nothing in it is markup,
 * whatever the message held.
 *
 * @module
 */
import type { SearchAnswer } from "./contracts.ts";
import { type Term, type Unit, unitsIn } from "./search_words.ts";

/** Of text, in UTF-16 units: a "word" may be as long as a message. */
const MOST_LENGTH = 600;
const MOST_FRAGMENTS = 3;
const BEFORE = 60;
const AFTER = 120;
const BETWEEN = " … ";

type Excerpt = SearchAnswer["results"][number]["excerpt"];

interface Range {
  from: number;
  to: number;
}

/** What is around the first matches, or how the text begins where none is seen. */
export function excerptOf(said: string, groups: readonly Term[][]): Excerpt {
  // deno-lint-ignore no-control-regex -- they are text to nobody, and end lines of logs
  const text = said.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "");
  const matches = matchesIn(text, groups.flat().filter(({ isUnwanted }) => !isUnwanted));
  const pieces: Excerpt = [];
  let left = MOST_LENGTH;
  const add = (part: string, match: boolean) => {
    const cut = part.slice(0, left);
    left -= cut.length;
    // Not through a pair of surrogates.
    const whole = cut.isWellFormed() ? cut : cut.slice(0, -1);
    if (whole.isWellFormed() && whole !== "") pieces.push({ text: whole, match });
  };
  for (const [index, fragment] of fragmentsOf(text, matches).entries()) {
    if (index > 0 || fragment.from > 0) add(index > 0 ? BETWEEN : BETWEEN.trimStart(), false);
    let at = fragment.from;
    for (const { from, to } of matches) {
      if (from < at || to > fragment.to) continue;
      add(text.slice(at, from), false);
      add(text.slice(from, to), true);
      at = to;
    }
    add(text.slice(at, fragment.to), false);
  }
  return joined(pieces);
}

/** Where the terms stand, first to last, none in another. */
function matchesIn(text: string, terms: readonly Term[]): Range[] {
  const units = [...unitsIn(text)];
  const matches: Range[] = [];
  for (let at = 0; at < units.length;) {
    const found = terms.filter((term) => standsAt(term, units, at));
    const length = Math.max(0, ...found.map((term) => term.units.length));
    if (length > 0) matches.push({ from: units[at].from, to: units[at + length - 1].to });
    at += Math.max(1, length);
  }
  return matches;
}

function standsAt({ units, isPrefix }: Term, all: readonly Unit[], at: number): boolean {
  return units.every(({ text }, index) => {
    const here = all[at + index]?.text;
    const mayGoOn = isPrefix && index === units.length - 1;
    return here !== undefined && (mayGoOn ? here.startsWith(text) : here === text);
  });
}

/** The text around the first matches, cut between words; those that touch are one. */
function fragmentsOf(text: string, matches: readonly Range[]): Range[] {
  const fragments: Range[] = [];
  for (const match of matches.length > 0 ? matches : [{ from: 0, to: 0 }]) {
    const range = around(text, match);
    const last = fragments.at(-1);
    if (last && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else if (fragments.length < MOST_FRAGMENTS) fragments.push(range);
  }
  return fragments;
}

function around(text: string, match: Range): Range {
  let from = Math.max(0, match.from - BEFORE);
  if (from > 0) from += /^\S{0,40}\s+/.exec(text.slice(from, match.from))?.[0].length ?? 0;
  let to = Math.min(text.length, match.to + AFTER);
  if (to < text.length) to -= /\s+\S{0,40}$/.exec(text.slice(match.to, to))?.[0].length ?? 0;
  return { from: inPair(text, from) ? from - 1 : from, to: inPair(text, to) ? to + 1 : to };
}

/** Whether a cut there would go through a pair of surrogates. */
function inPair(text: string, at: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
}

/** Neighbours of one kind as one. */
function joined(pieces: Excerpt): Excerpt {
  const all: Excerpt = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (last && !last.match && !piece.match) last.text += piece.text;
    else all.push({ ...piece });
  }
  return all;
}
