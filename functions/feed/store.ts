/**
 * The feed's counts and flushes in Postgres.
 *
 * Rows are written in one order everywhere: two flushes at once would lock each other's otherwise.
 *
 * @module
 */
import { type Day, LOG_START, type Sql, type UniqueCounts } from "../../shared/mod.ts";
import type { Uniques } from "./events.ts";
import type { FlushCursor } from "./flush.ts";

/** Rows of one statement. */
const ROWS = 5_000;

/** Raises the day's views and bookings to these absolute counts; never lowers one. */
export async function raiseCounts(sql: Sql, day: Day, counts: readonly UniqueCounts[]) {
  for (let start = 0; start < counts.length; start += ROWS) {
    await sql.query(
      `INSERT INTO feed_counts (day, kind, listing, views, bookings)
       SELECT $1::date, kind, id, views, bookings
       FROM jsonb_to_recordset($2::text::jsonb)
         AS given (kind text, id text, views bigint, bookings bigint)
       ORDER BY kind, id COLLATE "C"
       ON CONFLICT (kind, listing, day) DO UPDATE SET
         views = GREATEST(feed_counts.views, EXCLUDED.views),
         bookings = GREATEST(feed_counts.bookings, EXCLUDED.bookings)
       WHERE EXCLUDED.views > feed_counts.views OR EXCLUDED.bookings > feed_counts.bookings`,
      [day, JSON.stringify(counts.slice(start, start + ROWS))],
    );
  }
}

/** What Postgres holds of the day's unique events; estimates are left out. */
export async function countedSoFar(sql: Sql, day: Day, uniques: Uniques): Promise<number> {
  const [{ held }] = await sql.query<{ held: string }>(
    `SELECT coalesce(sum(bookings ${uniques === "exact" ? "+ views" : ""}), 0) AS held
     FROM feed_counts WHERE day = $1::date`,
    [day],
  );
  return Number(held);
}

/** How far a day has come. */
export interface DayState {
  /** The last entry of the stream that Postgres holds. */
  logPosition: string;
  /** Keys that have their TTL: `log`, or a set's number. */
  expiringKeys: string[];
  /** Epoch ms. */
  provenAt?: number;
  /** Whether the stream was emptied up to the position. */
  logTrimmed: boolean;
}

export async function readDay(sql: Sql, day: Day): Promise<DayState> {
  const [row] = await sql.query<
    { log_position: string; expiring_keys: string[]; proven_at: Date | null; log_trimmed: boolean }
  >(
    `SELECT log_position, to_json(expiring_keys) AS expiring_keys, proven_at, log_trimmed
     FROM feed_days WHERE day = $1::date`,
    [day],
  );
  return {
    logPosition: row?.log_position ?? LOG_START,
    expiringKeys: row?.expiring_keys ?? [],
    provenAt: row?.proven_at?.getTime(),
    logTrimmed: row?.log_trimmed ?? false,
  };
}

/** Notes that these keys have their TTL. */
export async function rememberExpiring(sql: Sql, day: Day, names: readonly string[]) {
  await sql.query(
    `INSERT INTO feed_days (day, expiring_keys)
     SELECT $1::date, array_agg(name) FROM jsonb_array_elements_text($2::text::jsonb) AS given (name)
     ON CONFLICT (day) DO UPDATE SET expiring_keys = (
       SELECT array_agg(DISTINCT name)
       FROM unnest(feed_days.expiring_keys || EXCLUDED.expiring_keys) AS names (name))`,
    [day, JSON.stringify(names)],
  );
}

export interface FlushRow {
  day: Day;
  cursor: FlushCursor;
  drift: number;
  /** Epoch ms; undefined while the flush goes on. */
  endedAt?: number;
}

/** Writes how far the flush has come; an older word changes nothing. */
export async function writeFlush(sql: Sql, { day, cursor, drift, endedAt }: FlushRow) {
  const { run, startedAt, slices, members, entries } = cursor;
  await sql.query(
    `INSERT INTO feed_flushes (job, day, started_at, ended_at, slices, members, entries, drift)
     VALUES ($1, $2::date, $3, $4, $5::int, $6::bigint, $7::bigint, $8::bigint)
     ON CONFLICT (job) DO UPDATE SET ended_at = EXCLUDED.ended_at, slices = EXCLUDED.slices,
       members = EXCLUDED.members, entries = GREATEST(feed_flushes.entries, EXCLUDED.entries),
       drift = EXCLUDED.drift
     WHERE feed_flushes.slices <= EXCLUDED.slices AND feed_flushes.ended_at IS NULL`,
    [
      run,
      day,
      new Date(startedAt).toISOString(),
      endedAt === undefined ? null : new Date(endedAt).toISOString(),
      slices,
      members,
      entries,
      drift,
    ],
  );
}
