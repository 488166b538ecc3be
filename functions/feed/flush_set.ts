/**
 * One of the day's sets into Postgres, whole: what it holds of a listing is all there is.
 *
 * @module
 */
import { countMembers, type Day, type UniqueCounts } from "../../shared/mod.ts";
import type { FlushBudget } from "./flush_limits.ts";
import type { FeedParts } from "./parts.ts";
import { isTooLarge } from "./reply_size.ts";
import { raiseCounts } from "./store.ts";

/** Members of a reply, for sets that are too large to be sent whole. */
const WALK_COUNT = 20_000;

/** Raises the counts of the set's listings. One command, unless the set is too large for one reply. */
export async function flushSet(
  parts: FeedParts,
  day: Day,
  shard: number,
  budget: FlushBudget,
): Promise<{ members: number; skipped: number }> {
  const { redis, keys, sql } = parts;
  budget.spend();
  const key = keys.uniqueEvents(day, shard);
  const counts = new Map<string, UniqueCounts>();
  const read = { members: 0, skipped: 0 };
  const take = (members: Iterable<string>) => {
    const { unknown } = countMembers(members, counts);
    read.skipped += unknown.length;
  };
  try {
    const members = await redis.run(["SMEMBERS", key], { timeoutMs: 15_000 }) as string[];
    read.members = members.length;
    take(members);
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    for await (const members of walkMembers(parts, key, budget)) {
      read.members += members.size;
      take(members);
    }
  }
  await raiseCounts(sql, day, [...counts.values()]);
  read.members -= read.skipped;
  return read;
}

/**
 * The set's members in parts, each member once: SSCAN may name one twice, so a part is held whole
 * before it is counted, and takes a walk of its own.
 */
async function* walkMembers(
  { redis }: FeedParts,
  key: string,
  budget: FlushBudget,
): AsyncGenerator<Set<string>> {
  budget.spend();
  const size = await redis.run(["SCARD", key]) as number;
  const parts = Math.max(1, Math.ceil(size / budget.heldMembers));
  for (let part = 0; part < parts; part++) {
    const held = new Set<string>();
    let cursor = "0";
    do {
      budget.spend();
      const command = ["SSCAN", key, cursor, "COUNT", WALK_COUNT] as const;
      const [next, members] = await redis.run(command, { timeoutMs: 15_000 }) as [string, string[]];
      for (const member of members) if (partOf(member, parts) === part) held.add(member);
      cursor = String(next);
    } while (cursor !== "0");
    yield held;
  }
}

/** By the 16 characters of its identity, which are as good as random. */
function partOf(member: string, parts: number): number {
  let hash = 0;
  for (let index = 1; index < 9; index++) hash = (hash * 31 + member.charCodeAt(index)) >>> 0;
  return hash % parts;
}
