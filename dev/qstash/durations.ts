/**
 * The ways QStash writes a length of time: header durations and retry hints.
 *
 * @module
 */

/** A text that is no duration. */
export class DurationError extends Error {
  override readonly name = "DurationError";
  constructor(text: string) {
    super(`invalid duration "${text}": expected a number with a unit, such as 10s, 5m or 1d10h30m`);
  }
}

const DAY_MS = 86_400_000;

const HEADER_UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
};

const GO_UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3, // U+00B5
  "μs": 1e-3, // U+03BC
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Headers that tell how long to wait, the first that is present wins. */
const RETRY_HEADERS = [
  "retry-after",
  "x-ratelimit-reset",
  "x-ratelimit-reset-requests",
  "x-ratelimit-reset-tokens",
] as const;

/**
 * The duration in ms of a header such as `Upstash-Delay`: numbers with `s`, `m`, `h` or `d`
 * one after another, decimals allowed (`1d10h30m`, `1.5s`). A bare `0` is zero.
 *
 * @throws {DurationError} on anything else
 */
export function parseDuration(text: string): number {
  const ms = sumOfUnits(text.trim(), HEADER_UNITS);
  if (ms === undefined) throw new DurationError(text);
  return Math.round(ms);
}

/**
 * How long a failing response asks to wait, in ms from `now` (epoch ms): seconds, an RFC 1123
 * date or a Go duration. Zero and the past mean at once.
 *
 * Undefined when no header says so, when it cannot be read, or when it is over a day:
 * then the message's own delay counts.
 */
export function parseRetryAfter(headers: Headers, now: number): number | undefined {
  for (const name of RETRY_HEADERS) {
    const text = headers.get(name)?.trim();
    if (!text) continue;
    const ms = waitOf(text, now);
    if (ms !== undefined && ms <= DAY_MS) return Math.max(0, Math.ceil(ms));
  }
  return undefined;
}

/** Writes ms as whole seconds with their unit, as the SDKs do: 1,500 is `2s`. */
export function formatSeconds(ms: number): string {
  return `${Math.round(ms / 1000)}s`;
}

function waitOf(text: string, now: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  // Only the RFC form: Date.parse alone would take "6" or "1h" for a date in some year.
  if (/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \S+$/.test(text)) {
    const at = Date.parse(text);
    return Number.isNaN(at) ? undefined : at - now;
  }
  return sumOfUnits(text, GO_UNITS);
}

/** Adds up `<number><unit>` pairs; undefined when the text is not made of such pairs alone. */
function sumOfUnits(text: string, units: Readonly<Record<string, number>>): number | undefined {
  if (text === "0") return 0;
  let sum = 0;
  let end = 0;
  for (const pair of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)([a-zµμ]+)/gy)) {
    const unit = units[pair[2]];
    if (unit === undefined) return undefined;
    sum += Number(pair[1]) * unit;
    end = pair.index + pair[0].length;
  }
  return end === text.length && end > 0 ? sum : undefined;
}
