/**
 * A page of the day's stream into Postgres.
 *
 * @module
 */
import { type Day, readLog } from "../../shared/mod.ts";
import type { FlushBudget } from "./flush_limits.ts";
import { applyLog } from "./log_store.ts";
import type { FeedParts } from "./parts.ts";
import { isTooLarge } from "./reply_size.ts";
import { readDay } from "./store.ts";

const FIRST_PAGE = 1_000;
const MOST_ENTRIES = 5_000;

/** Adds what the stream holds after the committed position: pages, as long as the budget lasts. */
export async function flushLog(
  { redis, keys, sql }: FeedParts,
  day: Day,
  budget: FlushBudget,
): Promise<{ entries: number; skipped: number; isLast: boolean }> {
  let count = FIRST_PAGE;
  const added = { entries: 0, skipped: 0, isLast: false };
  do {
    const { logPosition } = await readDay(sql, day);
    budget.spend();
    const page = await readLog(redis, keys, day, { after: logPosition, count })
      .catch((error) => {
        if (!isTooLarge(error) || count === 1) throw error;
      });
    if (!page) {
      count = Math.max(1, Math.floor(count / 4));
      continue;
    }
    const { entries, bytes } = page;
    if (entries.length > 0 && await applyLog(sql, day, logPosition, entries)) {
      added.entries += entries.length;
      added.skipped += entries.filter(({ entry }) => entry === undefined).length;
    }
    added.isLast = entries.length < count;
    if (entries.length > 0) {
      const fitting = Math.floor(budget.pageCharacters / (bytes / entries.length + 1));
      count = Math.max(1, Math.min(MOST_ENTRIES, fitting));
    }
  } while (!added.isLast && !budget.isSpent);
  return added;
}
