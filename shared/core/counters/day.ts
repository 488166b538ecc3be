/**
 * UTC days, and how long what was counted on one is kept in Redis.
 *
 * @module
 */

/** A UTC day, as `2026-11-21`. */
export type Day = string;

export const DAY_MS = 86_400_000;
/** How late an event may still be counted: 7 days after its day has ended. */
export const LATEST_MS = 7 * DAY_MS;
/** Keys outlive the last event that they could take, by what clocks may differ and calls may hang. */
const MARGIN_MS = 3_600_000;

/** The day of a moment (epoch ms). 00:05 belongs to the new one. */
export function dayOf(at: number): Day {
  return new Date(at).toISOString().slice(0, 10);
}

/** When the day begins, in epoch ms. */
export function startOfDay(day: Day): number {
  return Date.parse(`${day}T00:00:00.000Z`);
}

/** The day that lies `days` after `day`. */
export function addDays(day: Day, days: number): Day {
  return dayOf(startOfDay(day) + days * DAY_MS);
}

/** When events of the day are no longer taken, in epoch ms. */
export function refusedFrom(day: Day): number {
  return startOfDay(day) + DAY_MS + LATEST_MS;
}

/** When Redis forgets the day, in epoch seconds, as EXPIREAT takes it. */
export function forgottenAtSeconds(day: Day): number {
  return (refusedFrom(day) + MARGIN_MS) / 1_000;
}
