/**
 * How far each day has come, in Postgres.
 *
 * @module
 */
import { type Day, LOG_START, type Sql } from "../../../shared/mod.ts";

export interface DayState {
  /** Whether a flush has begun on it. */
  isBegun: boolean;
  /** The last entry of the stream that Postgres holds. */
  logPosition: string;
  /** Keys that were given their end: `log`, or a set's number. */
  expiringKeys: string[];
  /** Epoch ms; absent while it is not known to be complete. */
  provenAt?: number;
  /** Whether the stream was emptied up to the position. */
  logTrimmed: boolean;
}

export interface DayRow {
  log_position: string;
  expiring_keys: string[];
  proven_at: Date | null;
  log_trimmed: boolean;
}

/** What a `SELECT` of a day has. */
export const dayColumns =
  "log_position, to_json(expiring_keys) AS expiring_keys, proven_at, log_trimmed";

export function dayState(row: DayRow | undefined): DayState {
  return {
    isBegun: row !== undefined,
    logPosition: row?.log_position ?? LOG_START,
    expiringKeys: row?.expiring_keys ?? [],
    provenAt: row?.proven_at?.getTime(),
    logTrimmed: row?.log_trimmed ?? false,
  };
}

export async function readDay(sql: Sql, day: Day): Promise<DayState> {
  const [row] = await sql.query<DayRow>(
    `SELECT ${dayColumns} FROM feed_days WHERE day = $1::date`,
    [day],
  );
  return dayState(row);
}

/** Notes that the day before was read to its end. */
export async function beginDay(sql: Sql, day: Day): Promise<void> {
  await sql.query("INSERT INTO feed_days (day) VALUES ($1::date) ON CONFLICT DO NOTHING", [day]);
}

/**
 * Notes that the day is complete, and that its stream may go. Said before it goes: an audit must not
 * take a stream that is half gone for a whole one.
 */
export async function markProven(sql: Sql, day: Day, now: number): Promise<void> {
  await sql.query(
    `INSERT INTO feed_days (day, proven_at, log_trimmed) VALUES ($1::date, $2, true)
     ON CONFLICT (day) DO UPDATE SET proven_at = EXCLUDED.proven_at, log_trimmed = true`,
    [day, new Date(now).toISOString()],
  );
}
