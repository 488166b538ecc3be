/**
 * The order of listings in each segment, computed in SQL from the days' counts.
 *
 * @module
 */
import type { Day, Sql } from "../../shared/mod.ts";
import type { Kind } from "./contracts.ts";

export interface RankOptions {
  day: Day;
  /** Epoch ms. */
  now: number;
  /** Tells runs apart; one that is repeated changes nothing. */
  job: string;
}

/** Ranks the listings of one kind; readers see the whole of it at once. */
export async function rankKind(sql: Sql, kind: Kind, { day, now, job }: RankOptions) {
  await sql.transaction(async (sql) => {
    const [ranking] = await sql.query<{ id: string }>(
      `INSERT INTO feed_rankings (kind, job, day, ranked_at) VALUES ($1, $2, $3::date, $4)
       ON CONFLICT (kind, job) DO NOTHING RETURNING id`,
      [kind, job, day, new Date(now).toISOString()],
    );
    if (!ranking) return;
    await sql.query(
      `INSERT INTO feed_ranks (ranking, segment, position, listing, score)
       SELECT $1::bigint, kind, row_number() OVER (ORDER BY sum(views) DESC, listing), listing, sum(views)
       FROM feed_counts WHERE kind = $2 AND day > $3::date - 30 GROUP BY kind, listing`,
      [ranking.id, kind, day],
    );
    await sql.query("UPDATE feed_rankings SET complete = true WHERE id = $1::bigint", [ranking.id]);
  });
}
