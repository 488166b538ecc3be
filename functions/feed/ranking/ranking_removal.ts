/**
 * Rankings that nobody reads any more, removed in bounded steps.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import { RANKED_DAYS } from "./ranking_formula.ts";
import type { StepSizes } from "./ranking_steps.ts";

/** The newest, and those before it that cursors may still lead to. */
export const KEPT_RANKINGS = 3;
const REMOVED_LISTINGS = 1_000;

/**
 * Removes some rows of the oldest ranking that is not kept: one that is complete and not of the
 * newest three, or one that was left unfinished. Resolves to false when there is none.
 */
export async function removeOldRanking(
  sql: Sql,
  kind: string,
  { removals = 100_000 }: StepSizes = {},
): Promise<boolean> {
  return await sql.transaction(async (sql) => {
    const [old] = await sql.query<{ id: string }>(
      `WITH kept AS (
         SELECT id FROM feed_rankings WHERE kind = $1 AND complete ORDER BY id DESC LIMIT $2::bigint
       )
       SELECT id FROM feed_rankings WHERE kind = $1
         AND id < (SELECT max(id) FROM kept) AND id NOT IN (SELECT id FROM kept)
       ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`,
      [kind, KEPT_RANKINGS],
    );
    if (!old) return false;
    // Together with its first rows, so that a reader finds the whole of it or nothing.
    await sql.query(
      "UPDATE feed_rankings SET complete = false, stage = 'retired' WHERE id = $1::bigint",
      [old.id],
    );
    const [{ scores, ranks }] = await sql.query<{ scores: number; ranks: number }>(
      `WITH scores AS (
         DELETE FROM feed_scores WHERE (ranking, listing) IN (
           SELECT ranking, listing FROM feed_scores WHERE ranking = $1::bigint LIMIT $2::bigint)
         RETURNING 1
       ), ranks AS (
         DELETE FROM feed_ranks WHERE (ranking, segment, position) IN (
           SELECT ranking, segment, position FROM feed_ranks WHERE ranking = $1::bigint LIMIT $2::bigint)
         RETURNING 1
       )
       SELECT (SELECT count(*)::int FROM scores) AS scores, (SELECT count(*)::int FROM ranks) AS ranks`,
      [old.id, removals],
    );
    if (scores < removals && ranks < removals) {
      await sql.query("DELETE FROM feed_rankings WHERE id = $1::bigint", [old.id]);
    }
    return true;
  });
}

/** Forgets listings that were removed, once no day that is ranked has counts of them. */
export async function forgetRemovedListings(sql: Sql, kind: string, day: string): Promise<void> {
  await sql.query(
    `DELETE FROM listings WHERE (kind, id) IN (
       SELECT kind, id FROM listings WHERE kind = $1
         AND removed_at < ($2::date - ${RANKED_DAYS})::timestamp AT TIME ZONE 'UTC'
         AND NOT EXISTS (SELECT FROM feed_counts WHERE feed_counts.kind = listings.kind
           AND listing = listings.id AND feed_counts.day > $2::date - ${RANKED_DAYS})
       ORDER BY id LIMIT ${REMOVED_LISTINGS} FOR UPDATE SKIP LOCKED)
       AND removed_at IS NOT NULL`,
    [kind, day],
  );
}
