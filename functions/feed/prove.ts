/**
 * What may go once a day is proven.
 *
 * @module
 */
import { type Day, DAY_MS, dayOf, type Sql } from "../../shared/mod.ts";
import type { FeedParts } from "./parts.ts";
import { readDay } from "./store.ts";

/** Rows that one sweep removes of a table: the next goes on. */
const SWEPT = 50_000;
/** Longer than an event may be late: 7 days after its day's end. */
const KEPT_DAYS = 9;
const HISTORY_DAYS = 90;

/** Notes that the day is proven, or that it is not. */
export async function markProven(sql: Sql, day: Day, at: number | undefined): Promise<void> {
  await sql.query(
    `INSERT INTO feed_days (day, proven_at) VALUES ($1::date, $2)
     ON CONFLICT (day) DO UPDATE SET proven_at = EXCLUDED.proven_at`,
    [day, at === undefined ? null : new Date(at).toISOString()],
  );
}

/** Empties the day's stream up to what Postgres holds; a late entry stays. One command. */
export async function trimLog({ redis, keys, sql }: FeedParts, day: Day): Promise<void> {
  const { logPosition, logTrimmed } = await readDay(sql, day);
  if (logTrimmed) return;
  // Said before it is done: an audit must not take a stream that is half gone for a whole one.
  await sql.query("UPDATE feed_days SET log_trimmed = true WHERE day = $1::date", [day]);
  const [ms, number] = logPosition.split("-");
  await redis.run(["XTRIM", keys.eventLog(day), "MINID", "=", `${ms}-${Number(number) + 1}`]);
}

/** Forgets batches and undone favorites that no late event can name, and old history. */
export async function sweep(sql: Sql, now: number): Promise<void> {
  const before = dayOf(now - KEPT_DAYS * DAY_MS);
  const sweeps: [table: string, condition: string, value: string | number][] = [
    ["feed_batches", "day < $1::date", before],
    ["feed_favorites", "NOT favorited AND changed_at < $1::bigint", now - KEPT_DAYS * DAY_MS],
    ["feed_flushes", "day < $1::date", dayOf(now - HISTORY_DAYS * DAY_MS)],
    ["feed_audits", "day < $1::date", dayOf(now - HISTORY_DAYS * DAY_MS)],
  ];
  for (const [table, condition, value] of sweeps) {
    await sql.query(
      `DELETE FROM ${table} WHERE ctid IN (
         SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${SWEPT} FOR UPDATE SKIP LOCKED)`,
      [value],
    );
  }
}
