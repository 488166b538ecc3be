/**
 * From Redis to Postgres: what the day's stream holds since the last time, then its sets, whole.
 *
 * Nothing is taken out of Redis. Any of it may be repeated, run twice at once, or be cut short
 * anywhere: counts only rise to what was read, and the stream's position is committed with them.
 * What does not fit into one delivery is left to the next, by a cursor.
 *
 * @module
 */
import * as z from "zod";
import { UNIQUE_SHARDS } from "../../shared/mod.ts";
import { Uniques } from "./events.ts";
import { flushApproximateViews } from "./flush_approximate.ts";
import { keepExpiring } from "./flush_expiry.ts";
import { FlushBudget, type FlushLimits } from "./flush_limits.ts";
import { flushLog } from "./flush_log.ts";
import { flushSet } from "./flush_set.ts";
import type { FeedParts } from "./parts.ts";
import { countedSoFar, readDay, writeFlush } from "./store.ts";

const count = z.int().min(0);

/** Where a flush stands between two deliveries. */
export const FlushCursor = z.object({
  /** The job that began it. */
  run: z.string(),
  startedAt: z.int(),
  /** Deliveries before this one. */
  slices: count,
  stage: z.enum(["log", "sets", "approximate"]),
  shard: count,
  /** The last listing whose estimate was written. */
  listing: z.string(),
  members: count,
  entries: count,
  skipped: count,
  /** What Postgres held of views and bookings when the flush began. */
  held: count,
});
export type FlushCursor = z.infer<typeof FlushCursor>;

export const FlushInput = z.object({
  day: z.iso.date(),
  uniques: Uniques.default("exact"),
  from: FlushCursor.optional(),
});
export type FlushInput = z.infer<typeof FlushInput>;

export interface FlushReport {
  day: string;
  slices: number;
  /** Views and bookings in Redis. */
  members: number;
  /** Requests of impressions and favorites that this flush added. */
  entries: number;
  /** What was none of ours, and left alone. */
  skipped: number;
  /** Views and bookings that Postgres held and Redis no longer does: 0, unless Redis lost some. */
  drift: number;
  /** Where the next delivery goes on; absent when all is flushed. */
  next?: FlushCursor;
}

/** Brings Postgres up to what Redis holds of the day, as far as the limits let it. */
export async function flushDay(
  parts: FeedParts,
  { day, uniques, from }: FlushInput,
  { run, limits }: { run: string; limits?: FlushLimits },
): Promise<FlushReport> {
  const { sql, clock, log } = parts;
  const budget = new FlushBudget(clock, limits);
  const state = await readDay(sql, day);
  const cursor: FlushCursor = from ? { ...from } : {
    run,
    startedAt: clock.now(),
    slices: 0,
    stage: "log",
    shard: 0,
    listing: "",
    members: 0,
    entries: 0,
    skipped: 0,
    held: await countedSoFar(sql, day, uniques),
  };
  cursor.slices++;
  const met: string[] = [];
  let isDone = false;
  do {
    if (cursor.stage === "log") {
      const page = await flushLog(parts, day, budget);
      cursor.entries += page.entries;
      cursor.skipped += page.skipped;
      if (page.entries > 0) met.push("log");
      if (page.isLast) cursor.stage = "sets";
    } else if (cursor.stage === "sets") {
      const set = await flushSet(parts, day, cursor.shard, budget);
      cursor.members += set.members;
      cursor.skipped += set.skipped;
      if (set.members > 0) met.push(String(cursor.shard));
      cursor.shard++;
      if (cursor.shard === UNIQUE_SHARDS) cursor.stage = "approximate";
      isDone = cursor.shard === UNIQUE_SHARDS && uniques === "exact";
    } else {
      const after = await flushApproximateViews(parts, day, cursor.listing, budget);
      cursor.listing = after ?? "";
      isDone = after === undefined;
    }
  } while (!isDone && !budget.isSpent);
  await keepExpiring(parts, day, { met, known: state.expiringKeys });
  const drift = isDone ? Math.max(0, cursor.held - cursor.members) : 0;
  if (cursor.skipped > 0) log.error("flush.skipped", { day, skipped: cursor.skipped });
  if (drift > 0) log.error("flush.drifted", { day, drift });
  await writeFlush(sql, { day, cursor, drift, endedAt: isDone ? clock.now() : undefined });
  const { slices, members, entries, skipped } = cursor;
  return {
    day,
    slices,
    members,
    entries,
    skipped,
    drift,
    ...(!isDone && { next: cursor }),
  };
}
