/**
 * What profiles hold of people: what they did, how they sounded, and what follows from it.
 *
 * @module
 */
import type { PeopleContribution } from "../../shared/mod.ts";

const tables = ["profile_activities", "profile_sentiments", "profiles"] as const;

export const profilesPeople: PeopleContribution = {
  tables: {
    profile_activities: ["user_id", "item"],
    profile_sentiments: ["user_id", "score"],
    profiles: ["user_id", "scores"],
  },
  keys: ["profile"],

  async export({ sql }, { user }) {
    if (!sql) return {};
    const [activities, sentiments, profile] = await Promise.all([
      sql.query(
        `SELECT id, domain, item, minutes, tags, at FROM profile_activities
         WHERE user_id = $1 ORDER BY at, id`,
        [user],
      ),
      sql.query(
        `SELECT slot, messages, score, source FROM profile_sentiments
         WHERE user_id = $1 ORDER BY slot`,
        [user],
      ),
      sql.query(`SELECT scores, until FROM profiles WHERE user_id = $1`, [user]),
    ]);
    return { activities, sentiments, profile: profile[0] ?? null };
  },

  async erase({ sql, redis, keys }, { user }) {
    const erased: Record<string, number> = {};
    for (const table of tables) {
      const [gone] = await sql?.query<{ rows: number }>(
        `WITH gone AS (DELETE FROM ${table} WHERE user_id = $1 RETURNING 1)
         SELECT count(*)::int AS rows FROM gone`,
        [user],
      ) ?? [];
      erased[table] = gone?.rows ?? 0;
    }
    await redis.run(["DEL", keys.profile(user)]);
    return erased;
  },
};
