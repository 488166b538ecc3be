/**
 * Sentiments in Postgres: one for each user and hour, the first that was written.
 *
 * Kept for 90 days, swept a few rows at a time by each new one.
 *
 * @module
 */
import { DAY_MS, type Sql } from "../../../shared/mod.ts";
import { HOUR_MS, iso, PAGE_USERS } from "../parts.ts";

const KEPT_MS = 90 * DAY_MS;
const SWEPT_ROWS = 10;
/** What is read of one user: an isolate has little time to compute. */
const MOST_MESSAGES = 200;
const MOST_CHARACTERS = 2_000;

/** How a user sounded in the 24 hours to an hour's end; `score` is null where nothing can be said. */
export interface Sentiment {
  messages: number;
  score: number | null;
  source: string;
}

/** How many users wrote in the hour that began at `slot`. */
export async function countWriters(sql: Sql, slot: number): Promise<number> {
  const [{ users }] = await sql.query<{ users: number }>(
    `SELECT count(DISTINCT user_id)::int AS users FROM chat_messages
     WHERE role = 'user' AND created_at >= $1::text::timestamptz
       AND created_at < $2::text::timestamptz`,
    [iso(slot), iso(slot + HOUR_MS)],
  );
  return users;
}

/**
 * Users after `after`, in their order, who wrote in the 24 hours to the hour's end and have said
 * something since they were last scored: an hour in which too few wrote is made good by the next.
 */
export async function readWriters(sql: Sql, slot: number, after: string): Promise<string[]> {
  const end = slot + HOUR_MS;
  const rows = await sql.query<{ user: string }>(
    `SELECT DISTINCT user_id AS "user" FROM chat_messages AS said
     WHERE role = 'user' AND user_id > $4
       AND created_at >= $1::text::timestamptz AND created_at < $2::text::timestamptz
       AND NOT EXISTS (
         SELECT FROM profile_sentiments AS scored WHERE scored.user_id = said.user_id
           AND scored.slot < $3::text::timestamptz
           AND scored.slot > said.created_at - interval '1 hour')
     ORDER BY user_id LIMIT ${PAGE_USERS}`,
    [iso(end - DAY_MS), iso(end), iso(slot), after],
  );
  return rows.map(({ user }) => user);
}

/** What was written down for this hour before, and what the user wrote, newest first. */
export async function readMessages(
  sql: Sql,
  user: string,
  slot: number,
): Promise<{ known?: Sentiment; texts: string[] }> {
  const end = slot + HOUR_MS;
  const [{ known, texts }] = await sql.query<{ known: Sentiment | null; texts: string[] }>(
    `SELECT
       (SELECT json_build_object('messages', messages, 'score', score, 'source', source)
        FROM profile_sentiments WHERE user_id = $1 AND slot = $2::text::timestamptz) AS known,
       (SELECT coalesce(json_agg(text ORDER BY created_at DESC, position DESC), '[]') FROM (
          SELECT left(text, ${MOST_CHARACTERS}) AS text, created_at, position FROM chat_messages
          WHERE user_id = $1 AND role = 'user'
            AND created_at >= $3::text::timestamptz AND created_at < $4::text::timestamptz
          ORDER BY created_at DESC, position DESC LIMIT ${MOST_MESSAGES}) AS said) AS texts`,
    [user, iso(slot), iso(end - DAY_MS), iso(end)],
  );
  return { known: known ?? undefined, texts };
}

/** Writes it down, unless another was first; resolves to what stands there. */
export async function saveSentiment(
  sql: Sql,
  { user, slot, now, ...sentiment }: Sentiment & { user: string; slot: number; now: number },
): Promise<Sentiment> {
  const { messages, score, source } = sentiment;
  const [stands] = await sql.query<Sentiment>(
    `WITH swept AS (
       DELETE FROM profile_sentiments WHERE (user_id, slot) IN (
         SELECT user_id, slot FROM profile_sentiments WHERE slot < $7::text::timestamptz
         ORDER BY slot LIMIT ${SWEPT_ROWS} FOR UPDATE SKIP LOCKED)
     )
     INSERT INTO profile_sentiments (user_id, slot, messages, score, source, computed_at)
     VALUES ($1, $2::text::timestamptz, $3, $4::float8, $5, $6::text::timestamptz)
     ON CONFLICT (user_id, slot) DO UPDATE SET user_id = EXCLUDED.user_id
     RETURNING messages, score, source`,
    [user, iso(slot), messages, score, source, iso(now), iso(now - KEPT_MS)],
  );
  return stands;
}
