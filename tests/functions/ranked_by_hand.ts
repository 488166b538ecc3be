/**
 * Rankings computed apart from SQL, in whole numbers, and what Postgres has of them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { addDays, type Sql } from "../../shared/mod.ts";
import type { Random } from "../simulation/random.ts";

export const NOW = Date.UTC(2026, 10, 21, 12);
export const TODAY = "2026-11-21";

/** What was counted of a listing on a day that is `age` days old. */
export interface DayOfListing {
  age: number;
  id: string;
  views?: number;
  impressions?: number;
  favorites?: number;
  unfavorites?: number;
  bookings?: number;
}

export interface KnownListing {
  id: string;
  segments?: string[];
  hidden?: boolean;
}

/** Empties every table that a ranking is made of. */
export async function forgetAll(sql: Sql): Promise<void> {
  await sql.query(
    "TRUNCATE listings, feed_counts, feed_rankings, feed_scores, feed_ranks, feed_flushes, feed_rank",
  );
}

/** Writes the days and the listings of one kind. */
export async function write(
  sql: Sql,
  { days = [], listings = [], kind = "locations" }: {
    days?: readonly DayOfListing[];
    listings?: readonly KnownListing[];
    kind?: string;
  },
): Promise<void> {
  const rows = days.map(({ age, ...counts }) => ({ ...counts, day: addDays(TODAY, -age) }));
  await sql.query(
    `INSERT INTO feed_counts (kind, listing, day, views, impressions, favorites, unfavorites, bookings)
     SELECT $1, id, day, coalesce(views, 0), coalesce(impressions, 0), coalesce(favorites, 0),
       coalesce(unfavorites, 0), coalesce(bookings, 0)
     FROM jsonb_to_recordset($2::text::jsonb) AS given (id text, day date, views bigint,
       impressions bigint, favorites bigint, unfavorites bigint, bookings bigint)`,
    [kind, JSON.stringify(rows)],
  );
  await sql.query(
    `INSERT INTO listings (kind, id, segments, hidden)
     SELECT $1, id, coalesce(segments, '{}'), coalesce(hidden, false)
     FROM jsonb_to_recordset($2::text::jsonb) AS given (id text, segments text[], hidden boolean)`,
    [kind, JSON.stringify(listings)],
  );
}

/** Each segment's listings in order, as `id score`. */
export type Ranked = Record<string, string[]>;

/** What the newest complete ranking of the kind holds; positions are checked to be 1, 2, 3. */
export async function ranked(sql: Sql, kind = "locations"): Promise<Ranked> {
  const rows = await sql.query<{ segment: string; position: number; line: string }>(
    `SELECT segment, position, listing || ' ' || score AS line FROM feed_ranks
     WHERE ranking = (SELECT max(id) FROM feed_rankings WHERE kind = $1 AND complete)
     ORDER BY segment, position`,
    [kind],
  );
  const segments: Ranked = {};
  for (const { segment, position, line } of rows) {
    const lines = segments[segment] ??= [];
    if (lines.push(line) !== position) throw new Error(`${segment}: ${line} is at ${position}`);
  }
  return segments;
}

const MILLION = 1_000_000n;
const DAMPING = 200n * MILLION;

/** The whole number nearest to 1,000,000 × 2^(−age / 7), found without a float. */
export function decayOf(age: number): bigint {
  // 2^age × decay^7 ≤ 10^42, compared at half steps, so that it rounds.
  const isAtMost = (halves: bigint) => 2n ** BigInt(age) * halves ** 7n <= 2n ** 7n * MILLION ** 7n;
  let [low, high] = [0n, MILLION];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (isAtMost(2n * middle - 1n)) low = middle;
    else high = middle - 1n;
  }
  return low;
}

/** The ranking as the formula has it, by whole numbers alone. */
export function rankByHand(
  days: readonly DayOfListing[],
  listings: readonly KnownListing[] = [],
  kind = "locations",
): Ranked {
  const known = new Map(listings.map((listing) => [listing.id, listing]));
  const ids = new Set([...days.filter(({ age }) => age >= 0 && age < 30).map(({ id }) => id)]);
  for (const { id } of listings) ids.add(id);
  // Ids of the time before any other form was refused are counted, and not ranked.
  const isRanked = (id: string) => /^[\w.~-]{1,128}$/.test(id) && !known.get(id)?.hidden;
  const totals = [...ids].filter(isRanked).map((id) => {
    const sum = (of: (day: DayOfListing) => number) =>
      days.filter((day) => day.id === id && day.age >= 0 && day.age < 30)
        .reduce((total, day) => total + decayOf(day.age) * BigInt(of(day)), 0n);
    const views = sum(({ views = 0 }) => views);
    const impressions = sum(({ impressions = 0 }) => impressions);
    const favorites = sum(({ favorites = 0, unfavorites = 0 }) => favorites - unfavorites);
    const bookings = sum(({ bookings = 0 }) => bookings);
    return {
      id,
      points: views + 4n * (favorites > 0n ? favorites : 0n) + 12n * bookings,
      shown: impressions > views ? impressions : views,
      impressions,
    };
  });
  const whole = { points: 0n, shown: 0n, impressions: 0n };
  for (const { points, shown, impressions } of totals) {
    whole.points += points;
    whole.shown += shown;
    whole.impressions += impressions;
  }
  const scored = totals.map(({ id, points, shown }) => {
    const above = points * whole.shown + DAMPING * whole.points;
    const below = (shown + DAMPING) * whole.shown;
    const score = whole.impressions === 0n
      ? points * 1_000n
      : (2n * 10n ** 9n * above + below) / (2n * below);
    return { id, points, score };
  });
  scored.sort((one, other) =>
    compare(other.score, one.score) || compare(other.points, one.points) ||
    Buffer.compare(Buffer.from(one.id), Buffer.from(other.id))
  );
  const segments: Ranked = {};
  for (const { id, score } of scored) {
    const line = `${id} ${score / 10n ** 9n}.${String(score % 10n ** 9n).padStart(9, "0")}`;
    const names = [kind, ...(known.get(id)?.segments ?? []).map((name) => `${kind}:${name}`)];
    for (const name of names) (segments[name] ??= []).push(line);
  }
  return segments;
}

function compare(one: bigint, other: bigint): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Days and listings of every shape: ties, old days, hidden ones, ids of a form that is not ranked. */
export function randomListings(random: Random, count: number) {
  const days: DayOfListing[] = [];
  const listings: KnownListing[] = [];
  for (let number = 0; number < count; number++) {
    const id = random.pick([
      `${number}`,
      `listing-${number}`,
      `~${number}.zimmer`,
      `Spaeti_${number}`,
      `sp\u00e4ti ${number}`,
    ]);
    // Few values, so that many scores are equal.
    for (let age = 0; age < 33; age++) {
      if (!random.chance(0.3)) continue;
      days.push({
        age,
        id,
        views: random.below(4),
        impressions: random.chance(0.8) ? random.below(5) * 100 : 0,
        favorites: random.below(3),
        unfavorites: random.below(3),
        bookings: random.chance(0.2) ? 1 : 0,
      });
    }
    if (random.chance(0.6)) {
      const segments = ["berlin", "paris", "rome.centre"].filter(() => random.chance(0.4));
      listings.push({ id, segments, hidden: random.chance(0.15) });
    }
  }
  return { days, listings };
}
