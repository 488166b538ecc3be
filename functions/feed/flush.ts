/**
 * From Redis to Postgres: absolute counts of the day's sets, and what its stream holds since.
 *
 * Nothing is taken out of Redis. Any of it may be repeated, run twice at once, or be cut short
 * anywhere: counts only rise to what was read, and the stream's position is committed with them.
 *
 * @module
 */
import * as z from "zod";
import { countMembers, type Day, readLog, UNIQUE_SHARDS } from "../../shared/mod.ts";
import { Uniques } from "./events.ts";
import type { FeedParts } from "./parts.ts";
import { applyLog, logPosition, raiseCounts } from "./store.ts";

export const FlushInput = z.object({
  day: z.iso.date(),
  uniques: Uniques.default("exact"),
});
export type FlushInput = z.infer<typeof FlushInput>;

export interface FlushReport {
  day: Day;
  members: number;
  entries: number;
}

const PAGE_ENTRIES = 1_000;

/** Brings Postgres up to what Redis holds of the day. */
export async function flushDay(parts: FeedParts, { day }: FlushInput): Promise<FlushReport> {
  const entries = await flushLog(parts, day);
  let members = 0;
  for (let shard = 0; shard < UNIQUE_SHARDS; shard++) {
    members += await flushShard(parts, day, shard);
  }
  return { day, members, entries };
}

async function flushShard({ redis, keys, sql }: FeedParts, day: Day, shard: number) {
  const command = ["SMEMBERS", keys.uniqueEvents(day, shard)] as const;
  const members = await redis.run(command, { timeoutMs: 15_000 }) as string[];
  const { counts } = countMembers(members);
  await raiseCounts(sql, day, [...counts.values()]);
  return members.length;
}

async function flushLog({ redis, keys, sql }: FeedParts, day: Day) {
  let applied = 0;
  for (;;) {
    const after = await logPosition(sql, day);
    const { entries } = await readLog(redis, keys, day, { after, count: PAGE_ENTRIES });
    if (entries.length === 0) return applied;
    if (await applyLog(sql, day, after, entries)) applied += entries.length;
    if (entries.length < PAGE_ENTRIES) return applied;
  }
}
