/**
 * A page of the day's stream into Postgres.
 *
 * @module
 */
import { addDays } from "../../../shared/mod.ts";
import type { FlushSlice } from "./flush_slice.ts";
import { beginDay, readDay } from "./day_store.ts";
import { applyLog } from "./log_store.ts";

/**
 * What the day before still holds, ahead of a day's first flush: words on favorites count in the
 * order in which they are taken in, so no day's are taken in before those of the day before.
 */
export async function flushLogBefore(slice: FlushSlice): Promise<void> {
  const { parts, day, cursor } = slice;
  const before = addDays(day, -1);
  const { logPosition } = await readDay(parts.sql, before);
  const { entries, isLast } = await slice.logBefore.read(logPosition);
  if (entries.length > 0) {
    await applyLog(parts.sql, { day: before, run: cursor.run, after: logPosition, entries });
  }
  if (!isLast) return;
  await beginDay(parts.sql, day);
  cursor.stage = "log";
}

/** Some of what the day's stream holds after the committed position. One command. */
export async function flushLog(slice: FlushSlice): Promise<void> {
  const { parts, day, cursor, expiry } = slice;
  const { logPosition } = await readDay(parts.sql, day);
  const page = await slice.log.read(logPosition, expiry.of("log"));
  expiry.note("log", page);
  const { entries, isLast } = page;
  if (entries.length > 0) {
    await applyLog(parts.sql, { day, run: cursor.run, after: logPosition, entries });
  }
  if (isLast) cursor.stage = "sets";
}
