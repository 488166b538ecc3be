/**
 * Moments by a recipient's own clock: quiet hours and the morning's digest.
 *
 * @module
 */

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** Quiet hours in minutes of the day; they may go past midnight. */
export interface QuietHours {
  fromMinute: number;
  toMinute: number;
}

/** When the quiet hours that `at` (epoch ms) lies in end, or undefined where it lies in none. */
export function quietUntil(
  at: number,
  timeZone: string,
  { fromMinute, toMinute }: QuietHours,
): number | undefined {
  const minute = minuteOfDay(at, timeZone);
  const isQuiet = fromMinute < toMinute
    ? minute >= fromMinute && minute < toMinute
    : minute >= fromMinute || minute < toMinute;
  return isQuiet ? nextTime(at, timeZone, toMinute) : undefined;
}

/** The first moment after `at` at which it is `minute` of the day in `timeZone`; an hour that a clock change skips is an hour later. */
export function nextTime(at: number, timeZone: string, minute: number): number {
  const ahead = (minute - minuteOfDay(at, timeZone) + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
  const moment = Math.floor(at / MINUTE_MS) * MINUTE_MS + ahead * MINUTE_MS;
  // Where clocks were put forward or back on the way, the moment is off by as much.
  const off = (minuteOfDay(moment, timeZone) - minute + DAY_MINUTES * 1.5) % DAY_MINUTES -
    DAY_MINUTES / 2;
  return moment - off * MINUTE_MS;
}

/** The date of `at` in `timeZone`, as in 2026-11-21. */
export function localDate(at: number, timeZone: string): string {
  const parts = partsOf(at, timeZone, { year: "numeric", month: "2-digit", day: "2-digit" });
  return `${parts.year}-${parts.month}-${parts.day}`;
}

function minuteOfDay(at: number, timeZone: string): number {
  const parts = partsOf(at, timeZone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return Number(parts.hour) * 60 + Number(parts.minute);
}

function partsOf(
  at: number,
  timeZone: string,
  options: Intl.DateTimeFormatOptions,
): Record<string, string> {
  const format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}
