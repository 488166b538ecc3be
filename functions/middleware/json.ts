/**
 * JSON as it comes in, as values that every part of the app can keep and pass on.
 *
 * What Postgres, or another language's JSON, would refuse or change is refused here, by the field's
 * name: NUL, halves of characters, integers past 2^53, more than 200 levels. Where people, or other
 * services' rows, speak it is mended instead: their mail must not fail for a character. Of a name
 * that is there twice the last counts.
 *
 * @module
 */
import {
  BodyInvalidError,
  type FieldFault,
  isSound,
  RequestError,
  soundText,
} from "../../shared/mod.ts";

export interface JsonOptions {
  /**
   * Where text is mended: below these fields of the body, or everywhere (`all`), for what other
   * services send; there an integer past 2^53 becomes its digits as text. Default: nowhere.
   */
  mend?: readonly string[] | "all";
  /** What takes the place of a NUL that is mended: where ids are read, no other id. Default: nothing. */
  nul?: string;
}

/** Postgres' own parser, and `JSON.stringify`, give up at some thousands. */
const MOST_DEPTH = 200;
const MOST_FAULTS = 10;
/** More than it takes to find the field. */
const MOST_PARTS = 8;

/** @throws {RequestError} `body_malformed` @throws {BodyInvalidError} naming each field that cannot be kept */
export function parseJson(text: string, { mend, nul }: JsonOptions = {}): unknown {
  let value: unknown;
  try {
    value = JSON.parse(withExactIntegers(text.replace(/^\ufeff/, "")));
  } catch {
    // The parser's message quotes the body.
    throw new RequestError("body_malformed", "Cannot read the body: it is not JSON");
  }
  return soundValue(value, { mend, nul });
}

/** The value with sound text alone, changed in its place. @throws {BodyInvalidError} naming each field that cannot be kept */
export function soundValue(
  value: unknown,
  { mend = [], nul = "", what = "body" }: JsonOptions & { what?: string } = {},
): unknown {
  const faults: FieldFault[] = [];
  const path: (string | number)[] = [];
  const isMended = () => mend === "all" || mend.includes(String(path[0]));
  const fault = (message: string) => {
    if (faults.length < MOST_FAULTS) faults.push({ path: pathText(path, what), message });
  };
  const sound = walk(value);
  if (faults.length > 0) throw new BodyInvalidError(faults, what);
  return sound;

  function walk(value: unknown): unknown {
    if (typeof value === "string") return isSound(value) ? value : walkText(value);
    if (typeof value === "number" && !Number.isFinite(value)) {
      if (!isMended()) fault("is a number past 1.8e308");
      return null;
    }
    if (typeof value !== "object" || value === null) return value;
    if (path.length >= MOST_DEPTH) {
      fault(`lies more than ${MOST_DEPTH} levels deep`);
      return null;
    }
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        path.push(index);
        value[index] = walk(value[index]);
        path.pop();
      }
    } else walkRecord(value as Record<string, unknown>);
    return value;
  }

  function walkText(text: string): string {
    const digits = exactInteger(text);
    if (isMended()) return digits ?? soundText(text, nul);
    if (digits === undefined) fault("must hold no NUL and no half of a character");
    else fault("is an integer past 2^53 - 1, which would be rounded: send it as text");
    return text;
  }

  function walkRecord(record: Record<string, unknown>): void {
    for (const name of Object.keys(record)) {
      path.push(soundText(name));
      // Copied by assignment, `__proto__` would become what it is named after.
      const isKept = isSound(name) && !(name === "__proto__" && isMended());
      if (isKept) define(record, name, walk(record[name]));
      else {
        const below = record[name];
        delete record[name];
        if (!isMended()) fault("has a name with a NUL or half a character");
        else if (name !== "__proto__") define(record, soundText(name), walk(below));
      }
      path.pop();
    }
  }
}

function define(record: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") record[name] = value;
}

/** As in `jobs[0].input`; `whole` where it is empty. */
export function pathText(path: readonly PropertyKey[], whole = "body"): string {
  const shown = path.slice(0, MOST_PARTS);
  const text = shown.map((part) => typeof part === "number" ? `[${part}]` : `.${String(part)}`)
    .join("").replace(/^\./, "");
  return text === "" ? whole : `${text}${path.length > shown.length ? "…" : ""}`;
}

/** No text of JSON begins so unless a caller wrote it, and then it is refused or mended as well. */
const MARK = "\\u0000";
const BIG_INTEGER = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/** The text with each integer that a number cannot hold as a marked text, outside of texts alone. */
function withExactIntegers(text: string): string {
  let exact = "";
  let copied = 0;
  let quote = -1;
  let isInText = false;
  for (const { 0: digits, index } of text.matchAll(BIG_INTEGER)) {
    if (Number.isSafeInteger(Number(digits))) continue;
    // Each quote once: a body may be a list of nothing but such integers.
    if (quote === -1) quote = quoteAfter(text, 0);
    for (; quote < index; quote = quoteAfter(text, quote + 1)) {
      if (!isInText || !isEscaped(text, quote)) isInText = !isInText;
    }
    if (isInText) continue;
    exact += `${text.slice(copied, index)}"${MARK}${digits}"`;
    copied = index + digits.length;
  }
  return copied === 0 ? text : exact + text.slice(copied);
}

function quoteAfter(text: string, start: number): number {
  const quote = text.indexOf('"', start);
  return quote === -1 ? Infinity : quote;
}

function isEscaped(text: string, quote: number): boolean {
  let slashes = 0;
  while (text[quote - 1 - slashes] === "\\") slashes++;
  return slashes % 2 === 1;
}

/** The digits of a marked text. */
function exactInteger(text: string): string | undefined {
  // deno-lint-ignore no-control-regex -- the mark
  return /^\u0000(-?\d+)$/.exec(text)?.[1];
}
