/**
 * What flushes did, in Postgres.
 *
 * @module
 */
import type { Day, Sql } from "../../../shared/mod.ts";
import { dayColumns, type DayRow, type DayState, dayState } from "./day_store.ts";
import { exactCount } from "../reading/exact.ts";
import type { FlushCursor } from "./flush_cursor.ts";

/**
 * Begins a flush, or goes on with it. A day that was proven is so no longer when one begins: something
 * has come. One that goes on, or is delivered again, leaves the proof that followed it.
 */
export async function beginFlush(
  sql: Sql,
  { day, run, now }: { day: Day; run: string; now: number },
): Promise<DayState> {
  const [row] = await sql.query<DayRow>(
    `WITH begun AS (
       INSERT INTO feed_flushes (job, day, started_at) VALUES ($1, $2::date, $3)
       ON CONFLICT (job) DO NOTHING RETURNING job
     ), reopened AS (
       UPDATE feed_days SET proven_at = NULL
       WHERE day = $2::date AND proven_at IS NOT NULL AND EXISTS (SELECT FROM begun)
     )
     SELECT ${dayColumns} FROM feed_days WHERE day = $2::date`,
    [run, day, new Date(now).toISOString()],
  );
  return dayState(row);
}

/** How much Postgres holds of views and bookings above these; without `views`, of bookings alone. */
export async function countExcess(
  sql: Sql,
  day: Day,
  { views, bookings }: { views?: number; bookings: number },
): Promise<number> {
  const counted = views === undefined ? "bookings" : "views + bookings";
  const [{ excess }] = await sql.query<{ excess: string }>(
    `SELECT GREATEST(0, coalesce(sum(${counted}), 0) - $2::bigint) AS excess
     FROM feed_counts WHERE day = $1::date`,
    [day, (views ?? 0) + bookings],
  );
  return exactCount("the drift", excess);
}

export interface FlushProgress {
  day: Day;
  cursor: FlushCursor;
  /** Keys that were given their end. */
  fresh: readonly string[];
  drift: number;
  /** Epoch ms; undefined while the flush goes on. */
  endedAt?: number;
}

/** Writes how far the flush has come; a delivery that was overtaken changes nothing. */
export async function writeFlush(
  sql: Sql,
  { day, cursor, fresh, drift, endedAt }: FlushProgress,
): Promise<{ entries: number; skippedEntries: number }> {
  const { run, slices, views, bookings, skipped } = cursor;
  if (fresh.length > 0) await rememberExpiring(sql, day, fresh);
  await sql.query(
    `UPDATE feed_flushes SET slices = $2::int, members = $3::bigint, skipped_members = $4::bigint,
       drift = $5::bigint, ended_at = $6
     WHERE job = $1 AND slices <= $2::int`,
    [
      run,
      slices,
      views + bookings,
      skipped,
      drift,
      endedAt === undefined ? null : new Date(endedAt).toISOString(),
    ],
  );
  const [row] = await sql.query<{ entries: string; skipped_entries: string }>(
    "SELECT entries, skipped_entries FROM feed_flushes WHERE job = $1",
    [run],
  );
  return {
    entries: exactCount("entries", row.entries),
    skippedEntries: exactCount("entries", row.skipped_entries),
  };
}

async function rememberExpiring(sql: Sql, day: Day, names: readonly string[]) {
  await sql.query(
    `UPDATE feed_days SET expiring_keys = (
       SELECT array_agg(DISTINCT name ORDER BY name) FROM (
         SELECT unnest(expiring_keys) UNION SELECT jsonb_array_elements_text($2::text::jsonb)
       ) AS names (name))
     WHERE day = $1::date`,
    [day, JSON.stringify(names)],
  );
}
