/**
 * Which listings are ranked: those that a backend has declared, or every one that was counted.
 *
 * Where `FEED_RANK` says nothing, the database does, for good: by what it held when it was asked
 * for the first time. So an install from before goes on as it was, and a new one ranks no id that
 * anybody made up.
 *
 * @module
 */
import type { Config, Sql } from "../../../shared/mod.ts";

export type RankMode = NonNullable<Config["feed"]["rank"]>;

/** What the database says; decided now where it was not. Asked before the first of anything is written. */
export async function installedRank(sql: Sql): Promise<RankMode> {
  const [known] = await sql.query<{ rank: RankMode }>("SELECT rank FROM feed_rank");
  if (known) return known.rank;
  const [{ rank }] = await sql.query<{ rank: RankMode }>(
    `INSERT INTO feed_rank (rank)
     SELECT CASE WHEN EXISTS (SELECT FROM feed_counts) AND NOT EXISTS (SELECT FROM listings)
       THEN 'all' ELSE 'declared' END
     ON CONFLICT (is_only) DO UPDATE SET rank = feed_rank.rank RETURNING rank`,
  );
  return rank;
}

/** What deserves a word to the operator, of a database whose `FEED_RANK` is not set. */
export type RankDoubt = "ranks-all" | "nothing-declared";

/** Looks for it; one statement. */
export async function rankDoubt(
  sql: Sql,
  set: RankMode | undefined,
): Promise<RankDoubt | undefined> {
  if (set === "all") return undefined;
  const [{ rank, is_counted, is_declared }] = await sql.query<
    { rank: RankMode | null; is_counted: boolean; is_declared: boolean }
  >(
    `SELECT (SELECT rank FROM feed_rank) AS rank,
       EXISTS (SELECT FROM feed_counts) AS is_counted,
       EXISTS (SELECT FROM listings) AS is_declared`,
  );
  if (set === undefined && rank === "all") return "ranks-all";
  return is_counted && !is_declared ? "nothing-declared" : undefined;
}

/** The same in words, for the log and for pages. */
export const rankDoubts: Readonly<Record<RankDoubt, string>> = {
  "ranks-all": "FEED_RANK is not set, so every id that anybody names is ranked, as before the " +
    "upgrade. Declare your listings (POST /api/listings) and set FEED_RANK=declared; or set " +
    "FEED_RANK=all, if that is meant.",
  "nothing-declared": "Listings are counted, but no listing is declared, so the feed is empty: " +
    "declare them (POST /api/listings), or set FEED_RANK=all to rank every id that anybody names.",
};
