/**
 * A ranking in the making, one step for each call: its place and its rows are committed together.
 *
 * Whoever comes next goes on where the last one ended, so any step may be repeated, run twice at
 * once, or never end. Nobody reads a ranking before its last step has marked it complete.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import { LISTING_ID } from "../contracts.ts";
import type { RankMode } from "./rank_mode.ts";
import { decaySql, RANKED_DAYS, scoreSql, shownScoreSql, totalsSql } from "./ranking_formula.ts";

/** How much one step takes on; each is one short statement. */
export interface StepSizes {
  /** Rows of counts that are added up, old ones with them. Default: 200,000. */
  counts?: number;
  /** Listings that are scored. Default: 50,000. */
  listings?: number;
  /** Listings that are placed, in all of their segments. Default: 20,000. */
  places?: number;
  /** Rows of an old ranking that are removed. Default: 100,000. */
  removals?: number;
}

interface Ranking {
  id: string;
  kind: string;
  day: string;
  reached: string;
}

type Stage = "counts" | "listings" | "scores" | "places";
/** The stage to go on with, and the listing after which. */
interface Next {
  stage: Stage | "done";
  reached: string;
}
/** What is ranked, and how much of it at a time. */
export interface StepOptions extends StepSizes {
  /** Default: `all`. */
  rank?: RankMode;
}
type Step = (sql: Sql, ranking: Ranking, options: StepOptions) => Promise<Next>;

/** SQL: whether the id is one of today's form; others are counted, and never ranked. */
const isRankable = (id: string) => `${id} ~ '${LISTING_ID.source}'`;

/** Adds up the days of each listing. */
const addCounts: Step = async (sql, { id, kind, day, reached }, options) => {
  const { counts = 200_000, rank = "all" } = options;
  const [bound] = await sql.query<{ listing: string }>(
    `SELECT listing FROM feed_counts WHERE kind = $1 AND listing > $2
     ORDER BY listing OFFSET $3::bigint LIMIT 1`,
    [kind, reached, counts],
  );
  await sql.query(
    `INSERT INTO feed_scores (ranking, listing, points, shown, impressions)
     SELECT $1::bigint, listing, ${totalsSql.points}, ${totalsSql.shown}, ${totalsSql.impressions}
     FROM (
       SELECT *, ${decaySql("$3::date")} AS decay FROM feed_counts
       WHERE kind = $2 AND day > $3::date - ${RANKED_DAYS} AND day <= $3::date
         AND listing > $4 AND ($5::text IS NULL OR listing <= $5)
         AND ${isRankable("listing")} AND ($6 = 'all' OR EXISTS (
           SELECT FROM listings WHERE listings.kind = $2 AND listings.id = listing))
     ) AS counted
     GROUP BY listing`,
    [id, kind, day, reached, bound?.listing ?? null, rank],
  );
  return bound ? { stage: "counts", reached: bound.listing } : { stage: "listings", reached: "" };
};

/** Takes in listings that nothing was counted of, and takes out those that are hidden. */
const addListings: Step = async (sql, { id, kind, reached }, { listings = 50_000 }) => {
  const [{ last, taken }] = await sql.query<{ last: string | null; taken: number }>(
    `WITH next AS (
       SELECT id, hidden FROM listings WHERE kind = $2 AND id > $3 ORDER BY id LIMIT $4::bigint
     ), added AS (
       INSERT INTO feed_scores (ranking, listing, points, shown, impressions)
       SELECT $1::bigint, id, 0, 0, 0 FROM next WHERE NOT hidden AND ${isRankable("id")}
       ON CONFLICT DO NOTHING
     ), hidden AS (
       DELETE FROM feed_scores USING next
       WHERE ranking = $1::bigint AND listing = next.id AND next.hidden
     )
     SELECT max(id) AS last, count(*)::int AS taken FROM next`,
    [id, kind, reached, listings],
  );
  if (taken === listings) return { stage: "listings", reached: last! };
  await sql.query(
    `UPDATE feed_rankings SET
       (listings, points, shown, impressions) = (
         SELECT count(*), coalesce(sum(points), 0), coalesce(sum(shown), 0),
           coalesce(sum(impressions), 0)
         FROM feed_scores WHERE ranking = $1::bigint)
     WHERE id = $1::bigint`,
    [id],
  );
  return { stage: "scores", reached: "" };
};

/** Scores each listing against the totals of its kind. */
const score: Step = async (sql, { id, reached }, { listings = 50_000 }) => {
  const [{ last, taken }] = await sql.query<{ last: string | null; taken: number }>(
    `WITH next AS (
       SELECT listing FROM feed_scores WHERE ranking = $1::bigint AND listing > $2
       ORDER BY listing LIMIT $3::bigint
     ), scored AS (
       UPDATE feed_scores AS one SET score = ${scoreSql("one", "whole")}
       FROM feed_rankings AS whole
       WHERE whole.id = $1::bigint AND one.ranking = $1::bigint
         AND one.listing > $2 AND one.listing <= (SELECT max(listing) FROM next)
     )
     SELECT max(listing) AS last, count(*)::int AS taken FROM next`,
    [id, reached, listings],
  );
  return taken === listings
    ? { stage: "scores", reached: last! }
    : { stage: "places", reached: "" };
};

/** Moves the best that are left to the next places of their segments. */
const place: Step = async (sql, { id, kind }, { places = 20_000 }) => {
  const [{ taken }] = await sql.query<{ taken: number }>(
    `WITH next AS (
       DELETE FROM feed_scores WHERE (ranking, listing) IN (
         SELECT ranking, listing FROM feed_scores
         WHERE ranking = $1::bigint AND score IS NOT NULL
         ORDER BY score DESC, points DESC, listing LIMIT $3::bigint)
       RETURNING listing, score, points
     ), spread AS (
       SELECT next.*, segment FROM next
       LEFT JOIN listings ON kind = $2 AND id = listing
       CROSS JOIN LATERAL (
         SELECT $2::text UNION SELECT $2::text || ':' || name FROM unnest(segments) AS names (name)
       ) AS places (segment)
     ), taken AS MATERIALIZED (
       SELECT segment, coalesce((
         SELECT position FROM feed_ranks AS placed
         WHERE ranking = $1::bigint AND placed.segment = places.segment
         ORDER BY position DESC LIMIT 1), 0) AS position
       FROM (SELECT DISTINCT segment FROM spread) AS places
     ), placed AS (
       INSERT INTO feed_ranks (ranking, segment, position, listing, score)
       SELECT $1::bigint, segment, taken.position + row_number() OVER (
           PARTITION BY segment ORDER BY score DESC, points DESC, listing),
         listing, ${shownScoreSql("score")}
       FROM spread JOIN taken USING (segment)
     )
     SELECT count(*)::int AS taken FROM next`,
    [id, kind, places],
  );
  return { stage: taken === places ? "places" : "done", reached: "" };
};

const steps: Readonly<Record<Stage, Step>> = {
  counts: addCounts,
  listings: addListings,
  scores: score,
  places: place,
};

/** The ranking of the kind that this run makes, begun if it was not. */
export async function beginRanking(
  sql: Sql,
  kind: string,
  { run, day, now }: { run: string; day: string; now: number },
): Promise<string> {
  const [{ id }] = await sql.query<{ id: string }>(
    `INSERT INTO feed_rankings (kind, job, day, ranked_at) VALUES ($1, $2, $3::date, $4)
     ON CONFLICT (kind, job) DO UPDATE SET job = EXCLUDED.job RETURNING id`,
    [kind, run, day, new Date(now).toISOString()],
  );
  return id;
}

/** Takes one step; resolves to false where there is none: it is complete, or a newer one can be read. */
export async function takeStep(
  sql: Sql,
  id: string,
  options: StepOptions = {},
): Promise<boolean> {
  return await sql.transaction(async (sql) => {
    // Whoever works on the same ranking waits here, and then goes on from what this one did.
    const [ranking] = await sql.query<Ranking & { stage: Stage | "done" | "retired" }>(
      `SELECT id, kind, day::text, stage, reached FROM feed_rankings AS mine WHERE id = $1::bigint
         AND NOT EXISTS (SELECT FROM feed_rankings AS newer
           WHERE newer.kind = mine.kind AND newer.complete AND newer.id > mine.id)
       FOR UPDATE`,
      [id],
    );
    if (!ranking || ranking.stage === "done" || ranking.stage === "retired") return false;
    const next = await steps[ranking.stage](sql, ranking, options);
    await sql.query(
      "UPDATE feed_rankings SET stage = $2, reached = $3, complete = $4 WHERE id = $1::bigint",
      [id, next.stage, next.reached, next.stage === "done"],
    );
    return true;
  });
}
