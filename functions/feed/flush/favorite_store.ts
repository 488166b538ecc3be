/**
 * Whose favorite a listing is: the last word of each person counts, by its time.
 *
 * A change of mind adds to the day on which it was said: to `favorites` where it became one, to
 * `unfavorites` where it was taken back. The sum of both over all days is the number of people.
 * One at a time takes words in, whichever day it flushes, so that none misses another's state.
 *
 * @module
 */
import type { Listing, Sql } from "../../../shared/mod.ts";
import type { Additions } from "./store.ts";

/** A person's word on a listing. */
export interface FavoriteWord extends Listing {
  person: string;
  favorited: boolean;
  /** Epoch ms. */
  at: number;
}

/** Any number that nothing else locks. */
const LOCK = "5497853135693813";

/**
 * Takes the words in, in the stream's order, however it is cut into pages: one that is older than
 * the state is ignored, and of one time the later in the stream is the last.
 */
export async function applyFavorites(
  sql: Sql,
  words: readonly FavoriteWord[],
  additions: Additions,
): Promise<void> {
  if (words.length === 0) return;
  await sql.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
  const changes = await sql.query<Listing & { favorites: number; unfavorites: number }>(
    `WITH given AS (
       SELECT word.kind, word.id, word.person, word.favorited, word.at, number
       FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY AS words (item, number)
       CROSS JOIN LATERAL jsonb_to_record(item)
         AS word (kind text, id text, person text, favorited boolean, at bigint)
     ), timely AS (
       SELECT given.*, coalesce(held.favorited, false) AS held,
         given.at >= coalesce(greatest(held.changed_at, max(given.at) OVER earlier), given.at)
           AS is_timely
       FROM given LEFT JOIN feed_favorites AS held
         ON held.kind = given.kind AND held.listing = given.id AND held.person = given.person
       WINDOW earlier AS (
         PARTITION BY given.kind, given.id, given.person ORDER BY number
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
     ), ordered AS (
       SELECT *, lag(favorited, 1, held) OVER said AS was, lead(number) OVER said IS NULL AS is_last
       FROM timely WHERE is_timely
       WINDOW said AS (PARTITION BY kind, id, person ORDER BY number)
     ), kept AS (
       INSERT INTO feed_favorites (kind, listing, person, favorited, changed_at)
       SELECT kind, id, person, favorited, at FROM ordered WHERE is_last
       ON CONFLICT (kind, listing, person) DO UPDATE SET
         favorited = EXCLUDED.favorited, changed_at = EXCLUDED.changed_at
     )
     SELECT kind, id, (count(*) FILTER (WHERE favorited))::int AS favorites,
       (count(*) FILTER (WHERE NOT favorited))::int AS unfavorites
     FROM ordered WHERE favorited <> was GROUP BY kind, id`,
    [JSON.stringify(words)],
  );
  for (const { favorites, unfavorites, ...listing } of changes) {
    additions.add(listing, "favorites", favorites);
    additions.add(listing, "unfavorites", unfavorites);
  }
}
