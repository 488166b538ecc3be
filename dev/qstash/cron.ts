/**
 * Five-field cron expressions as QStash reads them, and when they next fire.
 *
 * The rules are those of the Go library whose error texts QStash shows. A local time
 * that a clock change skips does not fire; one that occurs twice fires twice.
 *
 * @module
 */
import { type Zone, zoneOf } from "./time_zone.ts";

/** An expression that QStash would refuse; the message is what its API answers. */
export class CronError extends Error {
  override readonly name = "CronError";
  constructor(detail: string) {
    super(`Invalid cron expression ${detail}`);
  }
}

/** A parsed schedule. */
export interface Cron {
  /** The expression, trimmed, its `CRON_TZ` prefix included. */
  readonly text: string;
  /** IANA name of the zone whose wall clock is matched; `UTC` without a prefix. */
  readonly timeZone: string;
  /** The first firing after `afterMs` (epoch ms), or undefined when none comes within five years. */
  next(afterMs: number): number | undefined;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

interface Field {
  /** The values that match, in ascending order. */
  readonly values: readonly number[];
  /** Written as `*` or `?`: then it does not take part in the day-of-month or day-of-week rule. */
  readonly any: boolean;
}

const MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const DAYS = "SUN MON TUE WED THU FRI SAT".split(" ");
const BOUNDS = {
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  dayOfMonth: { min: 1, max: 31 },
  month: { min: 1, max: 12, names: MONTHS },
  dayOfWeek: { min: 0, max: 6, names: DAYS },
} satisfies Record<string, Bounds>;

const DESCRIPTORS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SEARCH_YEARS = 5;

/**
 * Reads `[CRON_TZ=<zone> ]minute hour day-of-month month day-of-week`, or a descriptor
 * such as `@hourly`.
 *
 * @throws {CronError} on anything else, seconds and `L`, `W`, `#` included
 */
export function parseCron(text: string): Cron {
  const trimmed = text.trim();
  if (trimmed === "") throw new CronError("empty spec string");
  const [, zoneName, expression] = /^CRON_TZ=(\S*)\s*(.*)$/s.exec(trimmed) ?? ["", "UTC", trimmed];
  const zone = zoneOf(zoneName);
  if (zone === undefined) {
    throw new CronError(`provided bad location ${zoneName}: unknown time zone`);
  }
  if (expression === "") throw new CronError("empty spec string");

  const parts = (DESCRIPTORS[expression] ?? expression).split(/\s+/);
  if (expression.startsWith("@") && !(expression in DESCRIPTORS)) {
    throw new CronError(`unrecognized descriptor: ${expression}`);
  }
  if (parts.length !== 5) {
    throw new CronError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(" ")}]`);
  }
  const minute = parseField(parts[0], BOUNDS.minute);
  const hour = parseField(parts[1], BOUNDS.hour);
  const dayOfMonth = parseField(parts[2], BOUNDS.dayOfMonth);
  const month = parseField(parts[3], BOUNDS.month);
  const dayOfWeek = parseField(parts[4], BOUNDS.dayOfWeek);

  const firesOn = (day: Date): boolean => {
    if (!month.values.includes(day.getUTCMonth() + 1)) return false;
    const byDate = dayOfMonth.values.includes(day.getUTCDate());
    const byWeekday = dayOfWeek.values.includes(day.getUTCDay());
    return dayOfMonth.any || dayOfWeek.any ? byDate && byWeekday : byDate || byWeekday;
  };

  return {
    text: trimmed,
    timeZone: zoneName,
    next(afterMs) {
      const localNow = afterMs + zone.offsetAt(afterMs);
      const today = Math.floor(localNow / DAY_MS) * DAY_MS;
      const lastYear = new Date(today).getUTCFullYear() + SEARCH_YEARS;
      for (let day = today;; day += DAY_MS) {
        const date = new Date(day);
        if (date.getUTCFullYear() > lastYear) return undefined;
        if (!firesOn(date)) continue;
        const found = firstOnDay(day, afterMs, zone, hour.values, minute.values);
        if (found !== undefined) return found;
      }
    },
  };
}

/** The first instant after `afterMs` whose wall clock shows one of the times on the local day `day`. */
function firstOnDay(
  day: number,
  afterMs: number,
  zone: Zone,
  hours: readonly number[],
  minutes: readonly number[],
): number | undefined {
  // A day has one offset, or two when the clock changes on it or next to it.
  const before = zone.offsetAt(day - DAY_MS);
  const after = zone.offsetAt(day + 2 * DAY_MS);
  const offsets = before === after ? [before] : [before, after];
  let found: number | undefined;
  for (const hour of hours) {
    for (const minute of minutes) {
      const local = day + (hour * 60 + minute) * MINUTE_MS;
      for (const offset of offsets) {
        const instant = local - offset;
        if (instant <= afterMs || (found !== undefined && instant >= found)) continue;
        if (offsets.length > 1 && zone.offsetAt(instant) !== offset) continue;
        if (offsets.length === 1) return instant;
        found = instant;
      }
    }
  }
  return found;
}

function parseField(text: string, bounds: Bounds): Field {
  const values = new Set<number>();
  let any = false;
  const items = text.split(",").filter((item) => item !== "");
  if (items.length === 0) throw new CronError(`failed to parse int from : ${text}`);
  for (const item of items) {
    const range = parseRange(item, bounds);
    for (let value = range.start; value <= range.end; value += range.step) values.add(value);
    any ||= range.any;
  }
  return { values: [...values].sort((one, other) => one - other), any };
}

function parseRange(item: string, bounds: Bounds) {
  const [span, stepText, ...moreSteps] = item.split("/");
  if (moreSteps.length > 0) throw new CronError(`too many slashes: ${item}`);
  const [low, high, ...moreEnds] = span.split("-");
  if (moreEnds.length > 0) throw new CronError(`too many hyphens: ${item}`);
  const star = low === "*" || low === "?";
  if (star && high !== undefined) throw new CronError(`failed to parse int from ${low}: ${item}`);

  const start = star ? bounds.min : parseValue(low, bounds, item);
  let end = star ? bounds.max : high === undefined ? start : parseValue(high, bounds, item);
  let step = 1;
  if (stepText !== undefined) {
    step = parseValue(stepText, { min: 0, max: Infinity }, item);
    // "5/15" means from 5 to the end in steps of 15.
    if (high === undefined) end = bounds.max;
  }
  if (start < bounds.min) {
    throw new CronError(`beginning of range (${start}) below minimum (${bounds.min}): ${item}`);
  }
  if (end > bounds.max) {
    throw new CronError(`end of range (${end}) above maximum (${bounds.max}): ${item}`);
  }
  if (start > end) {
    throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${item}`);
  }
  if (step === 0) throw new CronError(`step of range should be a positive number: ${item}`);
  // A step makes a star a restriction: "*/2" is a list of days like any other.
  return { start, end, step, any: star && step === 1 };
}

function parseValue(text: string, bounds: Bounds, item: string): number {
  const named = bounds.names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return named + bounds.min;
  if (!/^\d{1,9}$/.test(text)) throw new CronError(`failed to parse int from ${text}: ${item}`);
  return Number(text);
}
