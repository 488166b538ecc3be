/**
 * The end of a day: flushed once more, then proven by an audit.
 *
 * Equal: the day is noted as proven, and its stream is let go. Not equal: it is tried again, until
 * shortly before Redis forgets the day. May be repeated, and cut short anywhere.
 *
 * @module
 */
import * as z from "zod";
import { type Day, DAY_MS, forgottenAtSeconds, startOfDay, trimLog } from "../../../shared/mod.ts";
import { auditDay } from "../audit/audit.ts";
import { AuditCursor } from "../audit/audit_cursor.ts";
import { markProven, readDay } from "./day_store.ts";
import { flushDay } from "./flush.ts";
import { FlushInput } from "./flush_cursor.ts";
import { FlushBudget, type FlushLimits } from "./flush_limits.ts";
import type { FeedParts } from "../parts.ts";
import { sweep } from "./sweep.ts";

/** After midnight UTC, so that what was on its way has arrived. */
const CLOSING_MS = 600_000;
const NEXT_TRY_MS = 6 * 3_600_000;
/** What is left to the last try before the keys are forgotten. */
const LAST_TRY_MS = 2 * 3_600_000;

export const CloseInput = FlushInput.extend({
  /** Set once the flush is done. */
  audit: AuditCursor.optional(),
  /** Whether the day could not be proven before. */
  isRepeat: z.boolean().default(false),
});
export type CloseInput = z.infer<typeof CloseInput>;

export interface CloseReport {
  day: Day;
  isProven: boolean;
  /** Why it is not. */
  because?: string;
  /** What the next delivery goes on with. */
  next?: CloseInput;
}

/** When the day may be closed, in epoch ms. */
export function closesAt(day: Day): number {
  return startOfDay(day) + DAY_MS + CLOSING_MS;
}

/** By midnight, not by the time of closing: this clock may be behind the one that sent the job. */
function isOver(day: Day, now: number): boolean {
  return now >= startOfDay(day) + DAY_MS;
}

/** When to try again, in epoch ms; undefined once it is too late. */
export function nextTryAt(day: Day, now: number): number | undefined {
  if (!isOver(day, now)) return closesAt(day);
  const last = forgottenAtSeconds(day) * 1_000 - LAST_TRY_MS;
  return now < last ? Math.min(now + NEXT_TRY_MS, last) : undefined;
}

/** Flushes, audits, and concludes, as far as the limits let it. */
export async function closeDay(
  parts: FeedParts,
  input: CloseInput,
  { run, limits }: { run: string; limits?: FlushLimits },
): Promise<CloseReport> {
  const { sql, clock } = parts;
  const { day, uniques, isRepeat } = input;
  const budget = new FlushBudget(clock, limits);
  if (!isOver(day, clock.now())) return { day, isProven: false, because: "it is not over" };
  if (isRepeat && !input.from && !input.audit && (await readDay(sql, day)).provenAt) {
    return { day, isProven: true };
  }
  if (!input.audit) {
    const { next } = await flushDay(parts, input, { run, budget });
    if (next) return { day, isProven: false, next: { ...input, from: next } };
  }
  const audited = await auditDay(parts, { day, uniques, from: input.audit }, { run, budget });
  if ("next" in audited) {
    return { day, isProven: false, next: { day, uniques, isRepeat, audit: audited.next } };
  }
  const { pending, drift } = audited;
  const isProven = pending + drift === 0;
  if (isProven) {
    await markProven(sql, day, clock.now());
    const { logPosition } = await readDay(sql, day);
    await trimLog(parts.redis, parts.keys, day, logPosition);
  }
  await sweep(sql, clock.now());
  return isProven
    ? { day, isProven }
    : { day, isProven, because: `${pending} counts are pending, ${drift} have drifted` };
}
