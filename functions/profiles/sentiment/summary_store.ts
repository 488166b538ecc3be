/**
 * A day in one row: how its users sounded, by the last hour in which each was scored.
 *
 * It is made anew from what stands in Postgres, so it may be made any number of times.
 *
 * @module
 */
import { type Day, DAY_MS, type Sql, startOfDay } from "../../../shared/mod.ts";
import { iso } from "../parts.ts";

export interface Summary {
  users: number;
  messages: number;
  meanScore: number | null;
}

/** Writes the day's summary; a row that would be the same is left as it is. */
export async function writeSummary(sql: Sql, day: Day, now: number): Promise<Summary> {
  return await sql.transaction(async (sql) => {
    // One after the other, each reading what is committed: an older look never comes last.
    await sql.query(
      "SELECT pg_advisory_xact_lock(hashtext('profile_summaries'), $1::date - 'epoch')",
      [
        day,
      ],
    );
    await sql.query(
      `WITH latest AS (
         SELECT DISTINCT ON (user_id) score, messages, source FROM profile_sentiments
         WHERE slot >= $2::text::timestamptz AND slot < $3::text::timestamptz
         ORDER BY user_id, slot DESC
       )
       INSERT INTO profile_summaries AS old
         (day, users, messages, mean_score, detail, computed_at)
       SELECT $1::date, count(*), coalesce(sum(messages), 0), round(avg(score)::numeric, 6)::float8,
         jsonb_build_object(
           'positive', count(*) FILTER (WHERE score > 0),
           'neutral', count(*) FILTER (WHERE score = 0),
           'negative', count(*) FILTER (WHERE score < 0),
           'unknown', count(*) FILTER (WHERE score IS NULL),
           'sources', coalesce((SELECT jsonb_object_agg(source, users) FROM (
             SELECT source, count(*) AS users FROM latest GROUP BY source) AS by_source), '{}')),
         $4::text::timestamptz
       FROM latest
       ON CONFLICT (day) DO UPDATE SET
         (users, messages, mean_score, detail, computed_at) =
           (EXCLUDED.users, EXCLUDED.messages, EXCLUDED.mean_score, EXCLUDED.detail,
            EXCLUDED.computed_at)
       WHERE (old.users, old.messages, old.mean_score, old.detail) IS DISTINCT FROM
         (EXCLUDED.users, EXCLUDED.messages, EXCLUDED.mean_score, EXCLUDED.detail)`,
      [day, iso(startOfDay(day)), iso(startOfDay(day) + DAY_MS), iso(now)],
    );
    const [summary] = await sql.query<Summary>(
      `SELECT users, messages, mean_score AS "meanScore" FROM profile_summaries
       WHERE day = $1::date`,
      [day],
    );
    return summary;
  });
}
