/**
 * Pages of a ranking: the newest that is complete, or the one that a cursor leads to.
 *
 * One statement for a page, so it is of one ranking whatever is written or removed meanwhile.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import type { FeedAnswer, Kind } from "../contracts.ts";
import { exactScore } from "./exact.ts";

/** A place in one ranking. */
export interface Place {
  ranking: string;
  position: number;
}

export interface PageRequest {
  kind: Kind;
  /** The kind itself, or one of its segments: `locations:berlin`. */
  segment: string;
  limit: number;
  /** Default: the top of the newest ranking. */
  after?: Place;
}

export interface Page {
  /** When the ranking was begun; null when there is none. */
  rankedAt: string | null;
  listings: FeedAnswer["listings"];
  /** Where the next page begins, if there is one. */
  cursor?: Place;
}

interface Row {
  ranking: string;
  ranked_at: Date;
  position: number | null;
  listing: string;
  score: string;
}

/** Reads a page; of a ranking that is gone, undefined. Listings hidden since it was made are left out. */
export async function readFeedPage(
  sql: Sql,
  request: PageRequest & { after: Place },
): Promise<Page | undefined>;
export async function readFeedPage(sql: Sql, request: PageRequest): Promise<Page>;
export async function readFeedPage(
  sql: Sql,
  { kind, segment, limit, after }: PageRequest,
): Promise<Page | undefined> {
  const rows = await sql.query<Row>(
    `SELECT chosen.id AS ranking, ranked_at, page.* FROM (
       SELECT id, ranked_at FROM feed_rankings
       WHERE kind = $1 AND complete AND ($2::bigint IS NULL OR id = $2::bigint)
       ORDER BY id DESC LIMIT 1
     ) AS chosen
     LEFT JOIN LATERAL (
       SELECT position, listing, score FROM feed_ranks
       WHERE ranking = chosen.id AND segment = $3 AND position > $4::bigint
         AND NOT EXISTS (SELECT FROM listings WHERE kind = $1 AND listings.id = listing AND hidden)
       ORDER BY position LIMIT $5::bigint
     ) AS page ON true
     ORDER BY position`,
    [kind, after?.ranking ?? null, segment, after?.position ?? 0, limit + 1],
  );
  if (rows.length === 0) return after ? undefined : { rankedAt: null, listings: [] };
  const [{ ranking, ranked_at }] = rows;
  const placed = rows.filter((row) => row.position !== null);
  const listings = placed.slice(0, limit).map(({ position, listing, score }) => ({
    position: position!,
    kind,
    id: listing,
    score: exactScore(score),
  }));
  return {
    rankedAt: ranked_at.toISOString(),
    listings,
    ...(placed.length > limit && { cursor: { ranking, position: listings.at(-1)!.position } }),
  };
}
