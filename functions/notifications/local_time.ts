/**
 * Moments by a recipient's own clock: quiet hours and the morning's digest.
 *
 * @module
 */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Quiet hours in minutes of the day; they may go past midnight. */
export interface QuietHours {
  fromMinute: number;
  toMinute: number;
}

/**
 * When the quiet hours that `at` (epoch ms) lies in end, or undefined where it lies in none: it is
 * quiet whenever the clock shows a time of theirs, so an hour that comes twice is quiet twice.
 */
export function quietUntil(
  at: number,
  timeZone: string,
  { fromMinute, toMinute }: QuietHours,
): number | undefined {
  const localOf = localClock(timeZone);
  const isQuiet = (moment: number) => {
    const minute = Math.floor(modulo(localOf(moment), DAY_MS) / MINUTE_MS);
    return fromMinute < toMinute
      ? minute >= fromMinute && minute < toMinute
      : minute >= fromMinute || minute < toMinute;
  };
  if (!isQuiet(at)) return undefined;
  return comingDays(at, localOf)
    .flatMap((day) => momentsOf(day + toMinute * MINUTE_MS, localOf))
    .find((moment) => moment > at && !isQuiet(moment));
}

/**
 * The first moment after `at` at which it is `minute` of the day in `timeZone`. A time that a clock
 * change skips is the first moment after the change; one that it repeats comes once, as the first.
 */
export function nextTime(at: number, timeZone: string, minute: number): number {
  const localOf = localClock(timeZone);
  const [next] = comingDays(at, localOf)
    .map((day) => momentsOf(day + minute * MINUTE_MS, localOf)[0])
    .filter((moment) => moment > at);
  return next;
}

/** The date of `at` in `timeZone`, as in 2026-11-21. */
export function localDate(at: number, timeZone: string): string {
  const parts = partsOf(at, timeZone, { year: "numeric", month: "2-digit", day: "2-digit" });
  return `${parts.year}-${parts.month}-${parts.day}`;
}

/** A moment's local date and time, as if they were UTC's, in epoch ms. */
type LocalClock = (at: number) => number;

function localClock(timeZone: string): LocalClock {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return (at) => {
    const parts = namedParts(format, at);
    const local = Date.UTC(
      Number(parts.year),
      Number(parts.month) - 1,
      Number(parts.day),
      Number(parts.hour),
      Number(parts.minute),
      Number(parts.second),
    );
    return local + modulo(at, 1_000);
  };
}

/** Midnights of the local day of `at` and of those that follow: a change may take a whole day away. */
function comingDays(at: number, localOf: LocalClock): number[] {
  const local = localOf(at);
  const today = local - modulo(local, DAY_MS);
  return [0, 1, 2].map((days) => today + days * DAY_MS);
}

/** Every moment that shows `local`, in order; where it is skipped, the first after the change. */
function momentsOf(local: number, localOf: LocalClock): number[] {
  const offsets = [local - DAY_MS, local + DAY_MS].map((near) => localOf(near) - near);
  const [earliest, latest] = offsets.map((offset) => local - offset).sort((one, two) => one - two);
  const shown = [earliest, latest].filter((moment) => localOf(moment) === local);
  if (shown.length > 0) return [...new Set(shown)];
  // Between them clocks jump over it: narrowed down to the change itself.
  let [before, after] = [earliest, latest];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localOf(middle) < local) before = middle;
    else after = middle;
  }
  return [after];
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

function partsOf(
  at: number,
  timeZone: string,
  options: Intl.DateTimeFormatOptions,
): Record<string, string> {
  return namedParts(new Intl.DateTimeFormat("en-GB", { ...options, timeZone }), at);
}

function namedParts(format: Intl.DateTimeFormat, at: number): Record<string, string> {
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}
