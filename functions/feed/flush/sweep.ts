/**
 * What no event can need any more, removed in bounded steps.
 *
 * @module
 */
import { DAY_MS, dayOf, type Sql } from "../../../shared/mod.ts";

/** Rows that one sweep removes of a table; the next goes on. */
const SWEPT = 50_000;
/** An event may be 8 days late: 7 after the end of its day. */
const KEPT_MS = 9 * DAY_MS;
const HISTORY_MS = 90 * DAY_MS;

/** Forgets batches and undone favorites that no late event can name, and old history. */
export async function sweep(sql: Sql, now: number): Promise<void> {
  const kept = dayOf(now - KEPT_MS);
  const history = dayOf(now - HISTORY_MS);
  const sweeps: [table: string, condition: string, value: string | number][] = [
    ["feed_batches", "day < $1::date", kept],
    ["feed_favorites", "NOT favorited AND changed_at < $1::bigint", now - KEPT_MS],
    ["feed_flushes", "day < $1::date", history],
    ["feed_audits", "day < $1::date", history],
  ];
  for (const [table, condition, value] of sweeps) {
    await sql.query(
      `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${SWEPT} FOR UPDATE SKIP LOCKED))`,
      [value],
    );
  }
}
