/**
 * Words, as messages are searched by them: of one rule with `chat_words` in Postgres, by a test.
 *
 * A word is a run of letters and digits in any case, whatever stands between it and the next: so
 * `COVID-19`, `ada@example.com` and `snake_case` are found whole, as words in a row, and in parts.
 * Where words are written without spaces, as in Chinese or Thai, every two characters in a row are one.
 *
 * @module
 */

/** What is between words, as a regular expression has it in brackets. */
const BETWEEN = "\\u0001-\\u002F\\u003A-\\u0040\\u005B-\\u0060\\u007B-\\u00A9\\u00AB-\\u00B4" +
  "\\u00B6-\\u00B9\\u00BB-\\u00BF\\u00D7\\u00F7\\u02C2-\\u02DF\\u055A-\\u055F\\u0589\\u05BE\\u05C0" +
  "\\u05C3\\u05F3\\u05F4\\u0600-\\u060F\\u061B-\\u061F\\u066A-\\u066D\\u06D4\\u0964\\u0965\\u1680" +
  "\\u2000-\\u206F\\u20A0-\\u20CF\\u2190-\\u2BFF\\u2E00-\\u2E7F\\u3000-\\u3004\\u3008-\\u3020" +
  "\\u3030\\u303D-\\u303F\\u30A0\\u30FB\\uE000-\\uF8FF\\uFE00-\\uFE19\\uFE30-\\uFE6F\\uFEFF" +
  "\\uFFF0-\\uFFFF";
const BETWEEN_FAR = "\\u{1F000}-\\u{1FAFF}";
/** Scripts that are written without spaces, or with endings that grow onto words. */
const DENSE = "\\u0E00-\\u0EFF\\u1000-\\u109F\\u1780-\\u17FF\\u3005-\\u3007\\u3021-\\u3029" +
  "\\u3041-\\u309A\\u309D-\\u309F\\u30A1-\\u30FA\\u30FC-\\u30FF\\u3105-\\u318E\\u31A0-\\u31BF" +
  "\\u31F0-\\u31FF\\u3400-\\u4DBF\\u4E00-\\u9FFF\\uA960-\\uA97C\\uAC00-\\uD7A3\\uF900-\\uFAFF";
const DENSE_FAR = "\\u{20000}-\\u{3FFFF}";

const dense = new RegExp(`[${DENSE}${DENSE_FAR}]`, "u");
const unit = new RegExp(
  `[${DENSE}${DENSE_FAR}]|[^${BETWEEN}${BETWEEN_FAR}${DENSE}${DENSE_FAR}]+`,
  "gu",
);
/** Characters of a word that count, as in Postgres. */
const MOST_OF_WORD = 200;

/** A word, or a character of a script without spaces. */
export interface Unit {
  /** In one case, for comparing here. */
  text: string;
  /** As it was written: Postgres has a lower case of its own. */
  written: string;
  isDense: boolean;
  /** Where it stands, in UTF-16 units. */
  from: number;
  to: number;
}

/** What a text is made of. */
export function* unitsIn(text: string): Generator<Unit> {
  for (const { 0: found, index } of text.matchAll(unit)) {
    const whole = found.normalize("NFKC");
    const written = whole.length > MOST_OF_WORD
      ? [...whole].slice(0, MOST_OF_WORD).join("")
      : whole;
    yield {
      text: written.toLowerCase(),
      written,
      isDense: dense.test(found),
      from: index,
      to: index + found.length,
    };
  }
}

/** Something that is searched for: these units in a row. */
export interface Term {
  units: readonly Unit[];
  /** Nothing that holds it is wanted. */
  isUnwanted: boolean;
  /** The last word may be the beginning of one. */
  isPrefix: boolean;
}

/** One of these, each term of it: "phrases", `or`, `-without`. */
export function readSearch(asked: string): Term[][] {
  const text = asked.normalize("NFKC").replace(/[<>]/g, " ").trim();
  const groups: Term[][] = [[]];
  for (const { 0: part, index } of text.matchAll(/-*"[^"]*"?|[^\s"]+/g)) {
    if (/^or$/i.test(part)) {
      groups.push([]);
      continue;
    }
    const units = [...unitsIn(part)];
    if (units.length === 0) continue;
    const isUnwanted = part.startsWith("-");
    const isLast = index + part.length === text.length && units.at(-1)!.to === part.length;
    groups.at(-1)!.push({ units, isUnwanted, isPrefix: isLast && !isUnwanted });
  }
  return groups.filter((group) => group.length > 0);
}

/** The search as the text of a tsquery; its words in lower case are Postgres' business. */
export function queryOf(groups: readonly Term[][]): string {
  return groups.map((group) =>
    `(${
      group.map(({ units, isUnwanted, isPrefix }) => {
        const query = `(${runsOf(units).map((run) => queryOfRun(run, isPrefix)).join(" & ")})`;
        return isUnwanted ? `!${query}` : query;
      }).join(" & ")
    })`
  ).join(" | ");
}

/** Runs of one kind: words in a row have places in the index, pairs of characters need none. */
function runsOf(units: readonly Unit[]): Unit[][] {
  const runs: Unit[][] = [];
  for (const unit of units) {
    const run = runs.at(-1);
    if (run && run[0].isDense === unit.isDense) run.push(unit);
    else runs.push([unit]);
  }
  return runs;
}

function queryOfRun(run: readonly Unit[], isPrefix: boolean): string {
  if (!run[0].isDense) {
    const words = run.map(({ written }) => `'${written}'`);
    return words.join(" <-> ") + (isPrefix ? ":*" : "");
  }
  // Alone, it is the first half of a pair, or stands at the end of a run.
  if (run.length === 1) return `'${run[0].written}':*`;
  return run.slice(1).map(({ written }, index) => `'${run[index].written}${written}'`).join(" & ");
}
