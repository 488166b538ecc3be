/**
 * One delivery of a flush, as its stages see it.
 *
 * @module
 */
import { type Day, LogReader } from "../../../shared/mod.ts";
import type { FlushCursor } from "./flush_cursor.ts";
import type { DayExpiry } from "./flush_expiry.ts";
import type { FlushBudget } from "./flush_limits.ts";
import type { FeedParts } from "../parts.ts";

export interface FlushSlice {
  parts: FeedParts;
  day: Day;
  /** Moved on by each stage. */
  cursor: FlushCursor;
  budget: FlushBudget;
  expiry: DayExpiry;
  /** The day's stream, and that of the day before. */
  log: LogReader;
  logBefore: LogReader;
}

/** A reader of a day's stream within the budget. */
export function logReader({ redis, keys }: FeedParts, day: Day, budget: FlushBudget): LogReader {
  const { pageCharacters, pageEntries, replyBytes } = budget.limits;
  return new LogReader(redis, keys.eventLog(day), {
    pageCharacters,
    mostEntries: pageEntries,
    mostBytes: replyBytes,
    onRequest: () => budget.spend(),
  });
}
