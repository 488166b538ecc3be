/**
 * Profiles in Postgres: what they are made of, and what was made of it.
 *
 * @module
 */
import { type Day, DAY_MS, type Sql, startOfDay } from "../../../shared/mod.ts";
import { type ProfileView, Scores } from "../contracts.ts";
import { iso, PAGE_USERS } from "../parts.ts";
import type { ActivityRow, MoodRow } from "./scores.ts";

const ACTIVITY_MS = 30 * DAY_MS;
const MOOD_MS = 7 * DAY_MS;
/** The newest; who does more in 30 days is known well enough by them. */
const MOST_ACTIVITIES = 2_000;

/** What the user did in the 30 days to this moment, newest first. */
export async function readActivities(
  sql: Sql,
  user: string,
  until: number,
): Promise<ActivityRow[]> {
  return await sql.query<ActivityRow & Record<string, unknown>>(
    `SELECT id, domain, minutes, to_jsonb(did.tags) AS tags,
       coalesce(to_jsonb(known.tags), '[]') AS "catalogTags"
     FROM profile_activities AS did LEFT JOIN profile_items AS known USING (domain, item)
     WHERE user_id = $1 AND at > $2::text::timestamptz AND at <= $3::text::timestamptz
     ORDER BY at DESC, id LIMIT ${MOST_ACTIVITIES}`,
    [user, iso(until - ACTIVITY_MS), iso(until)],
  );
}

/** How the user sounded: the last score of each of the 7 days to this moment, newest first. */
export async function readMoods(sql: Sql, user: string, until: number): Promise<MoodRow[]> {
  const rows = await sql.query<{ slot: number; messages: number; score: number; source: string }>(
    `SELECT DISTINCT ON ((slot AT TIME ZONE 'UTC')::date)
       (extract(epoch FROM slot) * 1000)::float8 AS slot, messages, score, source
     FROM profile_sentiments
     WHERE user_id = $1 AND score IS NOT NULL
       AND slot > $2::text::timestamptz AND slot <= $3::text::timestamptz
     ORDER BY (slot AT TIME ZONE 'UTC')::date DESC, slot DESC`,
    [user, iso(until - MOOD_MS), iso(until)],
  );
  return rows.map((row) => ({ ...row, slot: iso(row.slot) }));
}

/**
 * Writes the scores unless those of a later moment stand there, and locks the row for the rest of
 * the transaction; resolves to the profile that stands there, if there is one.
 */
export async function saveProfile(
  sql: Sql,
  { user, scores, until, now }: { user: string; scores: Scores; until: number; now: number },
): Promise<ProfileView | undefined> {
  await sql.query(
    `INSERT INTO profiles AS old (user_id, scores, until, updated_at)
     SELECT $1, $2::text::jsonb, $3::text::timestamptz, $4::text::timestamptz
     WHERE $2 <> '{}' OR EXISTS (SELECT FROM profiles WHERE user_id = $1)
     ON CONFLICT (user_id) DO UPDATE SET
       (scores, until, updated_at) = (EXCLUDED.scores, EXCLUDED.until, EXCLUDED.updated_at)
     WHERE old.until < EXCLUDED.until
       OR (old.until = EXCLUDED.until AND old.scores IS DISTINCT FROM EXCLUDED.scores)`,
    [user, JSON.stringify(scores), iso(until), iso(now)],
  );
  return await readProfile(sql, user);
}

/** The profile, every score with when it was computed. */
export async function readProfile(sql: Sql, user: string): Promise<ProfileView | undefined> {
  const [row] = await sql.query<{ scores: unknown; updatedAt: number }>(
    `SELECT scores, (extract(epoch FROM updated_at) * 1000)::float8 AS "updatedAt"
     FROM profiles WHERE user_id = $1`,
    [user],
  );
  if (!row) return undefined;
  const updatedAt = iso(row.updatedAt);
  // jsonb keeps no order.
  const scores = Object.entries(Scores.parse(row.scores)).sort(([one], [other]) =>
    one < other ? -1 : 1
  );
  return {
    user,
    scores: Object.fromEntries(
      scores.map(([name, score]) => [name, { ...score, computedAt: updatedAt }]),
    ),
    updatedAt,
  };
}

/** Users of whom something came in on the day: an activity, or a sentiment. */
const ACTIVE = `
  SELECT user_id FROM profile_activities
  WHERE received_at >= $1::text::timestamptz AND received_at < $2::text::timestamptz
  UNION
  SELECT user_id FROM profile_sentiments
  WHERE slot >= $1::text::timestamptz AND slot < $2::text::timestamptz`;

export async function countActive(sql: Sql, day: Day): Promise<number> {
  const [{ users }] = await sql.query<{ users: number }>(
    `SELECT count(*)::int AS users FROM (${ACTIVE}) AS active`,
    [iso(startOfDay(day)), iso(startOfDay(day) + DAY_MS)],
  );
  return users;
}

/** Those after `after`, in their order. */
export async function readActive(sql: Sql, day: Day, after: string): Promise<string[]> {
  const rows = await sql.query<{ user: string }>(
    `SELECT user_id AS "user" FROM (${ACTIVE}) AS active WHERE user_id > $3
     ORDER BY user_id LIMIT ${PAGE_USERS}`,
    [iso(startOfDay(day)), iso(startOfDay(day) + DAY_MS), after],
  );
  return rows.map(({ user }) => user);
}
