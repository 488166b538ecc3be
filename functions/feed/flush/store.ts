/**
 * The feed's counts in Postgres.
 *
 * Rows are written in one order everywhere: two flushes at once would lock each other's otherwise.
 * A count that a bigint cannot hold is refused by Postgres, and fails its flush.
 *
 * @module
 */
import type { Day, Listing, Sql, UniqueCounts } from "../../../shared/mod.ts";

/** Rows of one statement. */
const ROWS = 5_000;

/** Raises the day's views and bookings to these absolute counts; never lowers one. */
export async function raiseCounts(sql: Sql, day: Day, counts: Iterable<UniqueCounts>) {
  for (const rows of inRows(counts)) {
    await sql.query(
      `INSERT INTO feed_counts (day, kind, listing, views, bookings)
       SELECT $1::date, kind, id, views, bookings
       FROM jsonb_to_recordset($2::text::jsonb)
         AS given (kind text, id text, views bigint, bookings bigint)
       ORDER BY kind, id COLLATE "C"
       ON CONFLICT (kind, listing, day) DO UPDATE SET
         views = GREATEST(feed_counts.views, EXCLUDED.views),
         bookings = GREATEST(feed_counts.bookings, EXCLUDED.bookings)
       WHERE EXCLUDED.views > feed_counts.views OR EXCLUDED.bookings > feed_counts.bookings`,
      [day, JSON.stringify(rows)],
    );
  }
}

/** So many at a time as go into one statement. */
export function* inRows<Row>(all: Iterable<Row>): Generator<Row[]> {
  let rows: Row[] = [];
  for (const row of all) {
    if (rows.push(row) < ROWS) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

/** What is to be added to a listing's counts of a day. */
export interface AddedCounts extends Listing {
  impressions: number;
  favorites: number;
  unfavorites: number;
}

/** Sums up what a page of the stream adds, by listing. */
export class Additions {
  readonly #sums = new Map<string, AddedCounts>();

  /** @throws {RangeError} beyond 2^53 − 1 in one page */
  add({ kind, id }: Listing, metric: "impressions" | "favorites" | "unfavorites", count = 1): void {
    const name = `${kind}:${id}`;
    let sum = this.#sums.get(name);
    if (!sum) {
      sum = { kind, id, impressions: 0, favorites: 0, unfavorites: 0 };
      this.#sums.set(name, sum);
    }
    sum[metric] += count;
    if (!Number.isSafeInteger(sum[metric])) {
      throw new RangeError(`Cannot add ${metric}: one page has more than a number holds exactly`);
    }
  }

  get counts(): AddedCounts[] {
    return [...this.#sums.values()];
  }
}

/** Adds to the day's counts. In one statement, so that its rows are locked in the one order. */
export async function addCounts(sql: Sql, day: Day, counts: readonly AddedCounts[]) {
  if (counts.length === 0) return;
  await sql.query(
    `INSERT INTO feed_counts (day, kind, listing, impressions, favorites, unfavorites)
     SELECT $1::date, kind, id, impressions, favorites, unfavorites
     FROM jsonb_to_recordset($2::text::jsonb)
       AS given (kind text, id text, impressions bigint, favorites bigint, unfavorites bigint)
     ORDER BY kind, id COLLATE "C"
     ON CONFLICT (kind, listing, day) DO UPDATE SET
       impressions = feed_counts.impressions + EXCLUDED.impressions,
       favorites = feed_counts.favorites + EXCLUDED.favorites,
       unfavorites = feed_counts.unfavorites + EXCLUDED.unfavorites`,
    [day, JSON.stringify(counts)],
  );
}
