/**
 * Takes secrets out of what is kept, logged or answered: `[secret]` stands where one was quoted.
 *
 * Errors quote what they fail on, and so do results. Texts of fewer than 3 characters are not
 * looked for: they would be found everywhere.
 *
 * @module
 */
import type { Log, LogFields } from "../../ports.ts";
import { HIDDEN } from "./secret_paths.ts";

const LEAST_LENGTH = 3;
/** Of a link, whose parts are quoted as well; not those that are words of every page. */
const isTelling = (part: string) => part.length >= 20 || (part.length >= 6 && /\d/.test(part));

/** The secrets of one run. */
export class Redaction {
  readonly #needles = new Set<string>();
  readonly #whole = new Set<string>();
  #sorted: string[] = [];

  /** Looks for every text and number in `value` from now on, and for the parts of links. */
  add(value: unknown): void {
    for (const text of textsOf(value)) {
      for (const spelling of spellingsOf(text)) this.#whole.add(spelling);
      for (const part of [text, ...partsOf(text)]) {
        for (const spelling of spellingsOf(part)) this.#needles.add(spelling);
      }
    }
    // The longest first: of a link all of it goes, and not only its parts.
    this.#sorted = [...this.#needles].sort((one, other) => other.length - one.length);
  }

  /** Whether `value` (as JSON) quotes a secret. */
  isIn(value: unknown): boolean {
    if (this.#sorted.length === 0) return false;
    const json = JSON.stringify(value) ?? "";
    return this.#sorted.some((needle) => json.includes(needle));
  }

  /** Whether `value` (as JSON) holds one of the secrets whole: what may not be, and is refused. */
  isWholeIn(value: unknown): boolean {
    if (this.#whole.size === 0) return false;
    const json = JSON.stringify(value) ?? "";
    return [...this.#whole].some((needle) => json.includes(needle));
  }

  text(text: string): string {
    return this.#sorted.reduce((rest, needle) => rest.replaceAll(needle, HIDDEN), text);
  }

  /** `value` without secrets; the same object where none is quoted, else through JSON. */
  value<T>(value: T): T {
    return this.isIn(value) ? this.#strip(JSON.parse(JSON.stringify(value))) as T : value;
  }

  log(log: Log): Log {
    const clean = (fields?: LogFields): LogFields | undefined =>
      fields && this.isIn(fields) ? this.value(fields) : fields;
    return {
      info: (event, fields) => log.info(event, clean(fields)),
      warn: (event, fields) => log.warn(event, clean(fields)),
      error: (event, fields) => log.error(event, clean(fields)),
    };
  }

  #strip(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") return this.isIn(value) ? HIDDEN : value;
    if (Array.isArray(value)) return value.map((item) => this.#strip(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.text(key), this.#strip(item)]),
    );
  }
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string" || typeof value === "number") {
    const text = String(value);
    return text.length >= LEAST_LENGTH ? [text] : [];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** As a text may stand in a message: plain, in JSON, in an address, in HTML. */
function spellingsOf(text: string): string[] {
  return [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text.toWellFormed()),
    text.replaceAll("&", "&amp;"),
  ];
}

/** What of a link is quoted by itself. */
function partsOf(text: string): string[] {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return [];
  const { href, pathname, search, hash, searchParams } = new URL(text);
  return [
    href,
    `${pathname}${search}${hash}`,
    `${pathname}${search}`,
    pathname.split("/").at(-1) ?? "",
    hash.slice(1),
    ...searchParams.values(),
  ].filter(isTelling);
}
