/**
 * Activities in Postgres: each once by user and id, all of a request in one statement.
 *
 * Kept for 90 days after they came in, swept a few rows at a time by what comes in.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import type { Activity } from "../contracts.ts";
import { iso } from "../parts.ts";

const KEPT_MS = 90 * 86_400_000;
const SWEPT_ROWS = 200;

/** An activity that has an id and a time. */
export type KnownActivity = Activity & { id: string; at: string };

/** Stores those that are new; resolves to how many that were. */
export async function storeActivities(
  sql: Sql,
  activities: readonly KnownActivity[],
  now: number,
): Promise<number> {
  // In one order everywhere: two callers at once would wait for each other's rows otherwise.
  const [{ stored }] = await sql.query<{ stored: number }>(
    `WITH swept AS (
       DELETE FROM profile_activities WHERE (user_id, id) IN (
         SELECT user_id, id FROM profile_activities WHERE received_at < $3::text::timestamptz
         ORDER BY received_at LIMIT ${SWEPT_ROWS} FOR UPDATE SKIP LOCKED)
     ), stored AS (
       INSERT INTO profile_activities
         (user_id, id, domain, item, minutes, tags, at, received_at)
       SELECT "user", id, domain, item, minutes, tags, at, $2::text::timestamptz
       FROM jsonb_to_recordset($1::text::jsonb) AS given
         ("user" text, id text, domain text, item text, minutes float8, tags text[], at timestamptz)
       ORDER BY "user" COLLATE "C", id COLLATE "C"
       ON CONFLICT (user_id, id) DO NOTHING
       RETURNING 1
     )
     SELECT count(*)::int AS stored FROM stored`,
    [JSON.stringify(activities), iso(now), iso(now - KEPT_MS)],
  );
  return stored;
}
