/**
 * The arithmetic of windows: what is free, and when something is.
 *
 * It is @upstash/ratelimit's own, to the last bit of its floating point: windows are cut from the
 * epoch, and a sliding one weighs the window before by what is left of it, rounded down.
 *
 * @module
 */
import type { LimitPolicy } from "../../contracts/limit.ts";

/** What was counted in one window, and in the one before. */
export interface Counts {
  /** The window's number since the epoch. */
  window: number;
  current: number;
  previous: number;
}

type Windowed = Pick<LimitPolicy, "algorithm" | "limit" | "windowMs">;

/** The number of the window at this moment. */
export function windowAt({ windowMs }: Windowed, now: number): number {
  return Math.floor(now / windowMs);
}

/** When the window of this moment ends, in epoch ms. */
export function endOfWindow(policy: Windowed, now: number): number {
  return (windowAt(policy, now) + 1) * policy.windowMs;
}

/** The same counts as a later moment sees them, if nothing was counted since. */
export function countsAt(policy: Windowed, counts: Counts, now: number): Counts {
  const window = windowAt(policy, now);
  if (window <= counts.window) return counts;
  const previous = window === counts.window + 1 ? counts.current : 0;
  return { window, current: 0, previous };
}

/** The units that are free at this moment; below 0 where more were counted than the limit allows. */
export function freeAt(policy: Windowed, counts: Counts, now: number): number {
  const { current, previous } = countsAt(policy, counts, now);
  const passed = (now % policy.windowMs) / policy.windowMs;
  const weighed = policy.algorithm === "fixed-window" ? 0 : Math.floor((1 - passed) * previous);
  return policy.limit - current - weighed;
}

/** The first ms, from `now` on, at which `weight` units are free if nobody takes any before. */
export function opensAt(policy: Windowed, counts: Counts, weight: number, now: number): number {
  for (let at = now;;) {
    if (freeAt(policy, counts, at) >= weight) return at;
    const { current, previous } = countsAt(policy, counts, at);
    const start = windowAt(policy, at) * policy.windowMs;
    // The weight of the window before must fall below what is left besides the current one.
    const room = policy.limit - current - weight + 1;
    const ms = room > 0 ? Math.floor(policy.windowMs * (1 - room / previous)) : policy.windowMs;
    at = start + Math.min(Math.max(ms, at - start + 1), policy.windowMs);
  }
}
