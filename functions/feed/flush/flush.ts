/**
 * From Redis to Postgres: what the day's stream holds since the last time, then its sets, whole.
 *
 * Nothing is taken out of Redis. Any of it may be repeated, run twice at once, or be cut short
 * anywhere: counts only rise to what was read, and the stream's position is committed with them.
 * What does not fit into one delivery is left to the next, by a cursor.
 *
 * @module
 */
import { DAY_MS, startOfDay, UNIQUE_SHARDS } from "../../../shared/mod.ts";
import { type FlushCursor, type FlushInput, newCursor } from "./flush_cursor.ts";
import { flushEstimates } from "./flush_estimates.ts";
import { DayExpiry } from "./flush_expiry.ts";
import { FlushBudget, type FlushLimits } from "./flush_limits.ts";
import { flushLog, flushLogBefore } from "./flush_log.ts";
import { flushSet } from "./flush_set.ts";
import { type FlushSlice, logReader } from "./flush_slice.ts";
import { beginFlush, countExcess, writeFlush } from "./flush_store.ts";
import type { FeedParts } from "../parts.ts";
import { installedRank } from "../ranking/rank_mode.ts";
import { addDays } from "../../../shared/mod.ts";

export interface FlushReport {
  day: string;
  slices: number;
  /** Views and bookings in Redis. */
  members: number;
  /** Requests of impressions and favorites that this flush added. */
  entries: number;
  /** Members and entries that were none of ours, and left alone. */
  skipped: number;
  /** Views and bookings that Postgres held and Redis no longer does: 0, unless Redis lost some. */
  drift: number;
  /** Where the next delivery goes on; absent when all is flushed. */
  next?: FlushCursor;
}

export interface FlushOptions {
  /** The job that begins the flush. */
  run: string;
  limits?: FlushLimits;
  /** Default: a new one of these limits. */
  budget?: FlushBudget;
}

/** Brings Postgres up to what Redis holds of the day, as far as the limits let it. */
export async function flushDay(
  parts: FeedParts,
  { day, uniques, from }: FlushInput,
  { run, limits, budget = new FlushBudget(parts.clock, limits) }: FlushOptions,
): Promise<FlushReport> {
  const { sql, clock, log } = parts;
  const now = clock.now();
  const cursor = { ...from ?? newCursor(run) };
  // Before the first counts: a database that begins to count now is a new one.
  if (!from) await installedRank(sql);
  const state = await beginFlush(sql, { day, run: cursor.run, now });
  cursor.slices++;
  if (cursor.stage === "before" && state.isBegun) cursor.stage = "log";
  const slice: FlushSlice = {
    parts,
    day,
    cursor,
    budget,
    expiry: new DayExpiry(day, {
      known: state.expiringKeys,
      isOver: now >= startOfDay(day) + DAY_MS,
    }),
    log: logReader(parts, day, budget),
    logBefore: logReader(parts, addDays(day, -1), budget),
  };
  const isDone = () =>
    cursor.stage === "done" || (cursor.stage === "estimates" && uniques === "exact");
  let goesOn = true;
  do goesOn = await step(slice); while (goesOn && !isDone() && !budget.isSpent);
  const drift = isDone() ? await driftOf(slice, uniques === "exact") : 0;
  const endedAt = isDone() ? clock.now() : undefined;
  const written = await writeFlush(sql, { day, cursor, fresh: slice.expiry.fresh, drift, endedAt });
  const skipped = cursor.skipped + written.skippedEntries;
  if (isDone() && skipped > 0) log.warn("flush.skipped", { day, skipped });
  if (drift > 0) log.error("flush.drifted", { day, drift });
  return {
    day,
    slices: cursor.slices,
    members: cursor.views + cursor.bookings,
    entries: written.entries,
    skipped,
    drift,
    ...(!isDone() && { next: cursor }),
  };
}

/** Takes the next step; resolves to false when it does not fit into this delivery. */
async function step(slice: FlushSlice): Promise<boolean> {
  switch (slice.cursor.stage) {
    case "before":
      await flushLogBefore(slice);
      return true;
    case "log":
      await flushLog(slice);
      return true;
    case "sets":
      return await flushSet(slice);
    case "estimates":
      await flushEstimates(slice);
      return true;
    case "done":
      return false;
  }
}

/** How much Postgres has above what Redis holds; estimates are left out. No command where it has none. */
async function driftOf(slice: FlushSlice, withViews: boolean): Promise<number> {
  const { parts: { redis, keys, sql }, day, cursor, budget } = slice;
  const { views, bookings, skipped } = cursor;
  const excess = await countExcess(sql, day, { views: withViews ? views : undefined, bookings });
  if (excess === 0) return 0;
  // Another flush may have read Redis after this one did: what Redis holds by now decides.
  budget.spend();
  const sizes = await redis.pipeline(
    Array.from(
      { length: UNIQUE_SHARDS },
      (_, shard) => ["SCARD", keys.uniqueEvents(day, shard)] as const,
    ),
  ) as number[];
  const size = sizes.reduce((sum, each) => sum + each, 0);
  const risen = size - (views + bookings + skipped);
  return Math.max(0, excess - Math.max(0, risen));
}
