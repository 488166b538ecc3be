/**
 * A day's sets and stream, as an audit reads them.
 *
 * @module
 */
import { type Day, isLater, LOG_START, type LoggedEntry, readLog } from "../../shared/mod.ts";
import type { FeedParts } from "./parts.ts";
import { isTooLarge } from "./reply_size.ts";

const PAGE_ENTRIES = 1_000;
const WALK_COUNT = 20_000;

/** Every member of one of the day's sets, once. */
export async function* eachMember(
  { redis, keys }: FeedParts,
  day: Day,
  shard: number,
): AsyncGenerator<string> {
  const key = keys.uniqueEvents(day, shard);
  const whole = await redis.run(["SMEMBERS", key], { timeoutMs: 15_000 }).catch((error) => {
    if (!isTooLarge(error)) throw error;
  }) as string[] | undefined;
  if (whole) {
    yield* whole;
    return;
  }
  // A walk may name a member twice.
  const seen = new Set<string>();
  let cursor = "0";
  do {
    const command = ["SSCAN", key, cursor, "COUNT", WALK_COUNT] as const;
    const [next, members] = await redis.run(command, { timeoutMs: 15_000 }) as [string, string[]];
    for (const member of members) {
      if (seen.size < seen.add(member).size) yield member;
    }
    cursor = String(next);
  } while (cursor !== "0");
}

/** The stream's entries up to the position, and how many stand behind it. */
export async function readWholeLog(
  { redis, keys }: FeedParts,
  day: Day,
  position: string,
): Promise<{ committed: LoggedEntry[]; pending: number }> {
  const committed: LoggedEntry[] = [];
  let pending = 0;
  let after = LOG_START;
  let count = PAGE_ENTRIES;
  for (;;) {
    const page = await readLog(redis, keys, day, { after, count }).catch((error) => {
      if (!isTooLarge(error) || count === 1) throw error;
    });
    if (!page) {
      count = Math.ceil(count / 4);
      continue;
    }
    const { entries } = page;
    for (const logged of entries) {
      if (isLater(logged.id, position)) pending++;
      else committed.push(logged);
    }
    if (entries.length < count) return { committed, pending };
    after = entries.at(-1)!.id;
  }
}
