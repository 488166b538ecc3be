/**
 * Whether a failed attempt is followed by another, and when.
 *
 * @module
 */
import { parseRetryAfter } from "./durations.ts";
import { isYes } from "./flags.ts";
import type { Message } from "./model.ts";

const NON_RETRYABLE_STATUS = 489;
const DAY_MS = 86_400_000;

/** Whether an endpoint says that no retry can help: this status and this header, both. */
export function isNonRetryable(status: number, headers: Headers): boolean {
  return status === NON_RETRYABLE_STATUS &&
    isYes(headers.get("upstash-nonretryable-error"));
}

/**
 * How long to wait after an attempt that was answered with `headers`, in ms: what they ask
 * for, else the message's own expression, else e^(2.5 n) seconds and at most a day.
 */
export function retryDelayMs({ retried, spec }: Message, headers: Headers, now: number): number {
  const asked = parseRetryAfter(headers, now);
  if (asked !== undefined) return asked;
  try {
    if (spec.retryDelay) return spec.retryDelay.delayMs(retried);
  } catch {
    // An expression may have no value for this retry; the default has one for each.
  }
  return Math.min(DAY_MS, Math.round(Math.exp(2.5 * (retried + 1)) * 1000));
}
