/**
 * What was counted of listings, from Postgres; Redis is not asked.
 *
 * @module
 */
import { dayOf, type Sql } from "../../../shared/mod.ts";
import type { Counts, CountsAnswer, Kind } from "../contracts.ts";
import { exactCount } from "./exact.ts";

/** How many UTC days each sum is over, today with them. */
const windows = [1, 7, 30] as const;
const metrics = {
  views: "views",
  impressions: "impressions",
  favorites: "favorites - unfavorites",
  bookings: "bookings",
} as const;
type Metric = keyof typeof metrics;

const sums = windows.flatMap((days) =>
  Object.entries(metrics).map(([metric, column]) =>
    `coalesce(sum(${column}) FILTER (WHERE day > $3::date - ${days} AND day <= $3::date), 0)
       AS ${metric}_${days}`
  )
);

type Row = { id: string; favorites: string } & Record<`${Metric}_${number}`, string>;

/** The counts of each id, in this order; zeros for those that nothing was counted of. */
export async function readCounts(
  sql: Sql,
  kind: Kind,
  ids: readonly string[],
  now: number,
): Promise<CountsAnswer[]> {
  const rows = await sql.query<Row>(
    `SELECT id, totals.* FROM jsonb_array_elements_text($2::text::jsonb) AS given (id)
     CROSS JOIN LATERAL (
       SELECT ${sums.join(", ")}, coalesce(sum(favorites - unfavorites), 0) AS favorites
       FROM feed_counts WHERE kind = $1 AND listing = id
     ) AS totals`,
    [kind, JSON.stringify([...new Set(ids)]), dayOf(now)],
  );
  const asOf = await lastFlush(sql);
  const answers = new Map(rows.map((row) => [row.id, {
    kind,
    id: row.id,
    days: { 1: countsOf(row, 1), 7: countsOf(row, 7), 30: countsOf(row, 30) },
    favorites: exactCount("favorites", row.favorites),
    asOf,
  }]));
  return ids.map((id) => answers.get(id)!);
}

function countsOf(row: Row, days: typeof windows[number]): Counts {
  const count = (metric: Metric) => exactCount(metric, row[`${metric}_${days}`]);
  return {
    views: count("views"),
    impressions: count("impressions"),
    favorites: count("favorites"),
    bookings: count("bookings"),
  };
}

/** Until when everything is counted; a flush of a day that has ended knows it up to its end. */
async function lastFlush(sql: Sql): Promise<string | null> {
  const [{ at }] = await sql.query<{ at: Date | null }>(
    `SELECT max(least(started_at, (day + 1)::timestamp AT TIME ZONE 'UTC')) AS at FROM (
       SELECT started_at, day FROM feed_flushes WHERE ended_at IS NOT NULL
       ORDER BY started_at DESC LIMIT 50
     ) AS newest`,
  );
  return at?.toISOString() ?? null;
}
