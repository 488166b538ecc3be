/**
 * Holds Postgres, the API and the ranking against what `deno task demo:feed` has counted itself.
 *
 * @module
 */
import type { Database } from "../shared/ports.ts";
import { Expected, type ExpectedCounts, metrics } from "./demo_feed_expected.ts";
import { kinds, type Plan } from "./demo_feed_plan.ts";
import { pause, type System } from "./demo_feed_system.ts";

/** One thing that was compared. */
export interface Finding {
  what: string;
  compared: number;
  /** What differs, the first of it in words. */
  differences: string[];
}

const PATIENCE_MS = 60_000;
const PAGE_LISTINGS = 100;
const nothing: ExpectedCounts = { views: 0, impressions: 0, favorites: 0, bookings: 0 };

/** Resolves once the flushes have ended; to when the last of them did, in epoch ms. */
export async function flushesEnded(sql: Database, jobs: readonly string[]): Promise<number> {
  const [{ at }] = await until(
    `${jobs.length} flushes to end`,
    () =>
      sql.query<{ at: Date; ended: number }>(
        `SELECT count(*)::int AS ended, max(ended_at) AS at FROM feed_flushes
       WHERE ended_at IS NOT NULL
         AND job IN (SELECT jsonb_array_elements_text($1::text::jsonb))`,
        [JSON.stringify(jobs)],
      ),
    ([{ ended }]) => ended === jobs.length,
  );
  return at.getTime();
}

/** Resolves once every kind has a ranking that was begun at `since` (epoch ms) or later. */
export async function ranked(sql: Database, since: number): Promise<void> {
  await until("the ranking", () =>
    sql.query<{ ranked: number }>(
      `SELECT count(DISTINCT kind)::int AS ranked FROM feed_rankings
       WHERE complete AND ranked_at >= $1`,
      [new Date(since).toISOString()],
    ), ([{ ranked }]) => ranked === kinds.length);
}

/** Every listing's counts of each day, as Postgres has them. */
export async function compareCounts(
  sql: Database,
  { listings }: Plan,
  expected: Expected,
): Promise<Finding[]> {
  const findings = metrics.map((metric): Finding => ({
    what: `${metric} of each listing in Postgres`,
    compared: 0,
    differences: [],
  }));
  for (const [day, counts] of expected.days) {
    const rows = await sql.query<Record<string, string>>(
      `SELECT kind, listing, views, impressions, favorites - unfavorites AS favorites, bookings
       FROM feed_counts WHERE day = $1::date`,
      [day],
    );
    const found = new Map(rows.map((row) => [`${row.kind}:${row.listing}`, row]));
    listings.forEach(({ kind, id }, index) => {
      const wanted = counts.get(index) ?? nothing;
      const row = found.get(`${kind}:${id}`);
      metrics.forEach((metric, place) => {
        findings[place].compared++;
        const count = Number(row?.[metric] ?? 0);
        if (count === wanted[metric]) return;
        findings[place].differences.push(
          `${kind}:${id} on ${day}: ${count}, expected ${wanted[metric]}`,
        );
      });
    });
  }
  return findings;
}

/** The counts of some listings as the API answers them: sums over every day of the run. */
export async function compareAnswers(
  system: System,
  { listings }: Plan,
  expected: Expected,
): Promise<Finding> {
  const finding: Finding = { what: "counts through the API", compared: 0, differences: [] };
  const every = Math.max(1, Math.floor(listings.length / 50));
  for (let index = 0; index < listings.length; index += every) {
    const { kind, id } = listings[index];
    const answer = await system.get(`/api/metrics/${kind}/${encodeURIComponent(id)}`);
    for (const metric of metrics) {
      const wanted = [...expected.days.values()]
        .reduce((sum, day) => sum + (day.get(index)?.[metric] ?? 0), 0);
      finding.compared++;
      if (answer.days[7][metric] === wanted) continue;
      finding.differences.push(
        `${metric} of ${kind}:${id}: ${answer.days[7][metric]}, expected ${wanted}`,
      );
    }
  }
  return finding;
}

/** Every page of every kind's feed: each listing that is declared stands there once, in order. */
export async function compareRanking(
  system: System,
  sql: Database,
  { listings }: Plan,
  expected: Expected,
): Promise<Finding> {
  const finding: Finding = { what: "places in the ranking", compared: 0, differences: [] };
  for (const kind of kinds) {
    const places = await readFeed(system, kind);
    const [{ declared }] = await sql.query<{ declared: number }>(
      "SELECT count(*)::int AS declared FROM listings WHERE kind = $1 AND NOT hidden",
      [kind],
    );
    finding.compared += places.length;
    const ids = new Set(places.map(({ id }) => id));
    const say = (text: string) => finding.differences.push(`${kind}: ${text}`);
    if (ids.size !== places.length) say(`${places.length - ids.size} listings stand there twice`);
    if (ids.size !== declared) say(`${ids.size} listings, but ${declared} are declared`);
    places.forEach(({ position, score }, index) => {
      if (position !== index + 1) say(`place ${index + 1} is number ${position}`);
      if (index > 0 && score > places[index - 1].score) say(`place ${index + 1} scores more`);
    });
    const seen = new Set([...expected.days.values()].flatMap((day) => [...day.keys()]));
    for (const index of seen) {
      const listing = listings[index];
      if (listing.kind === kind && !ids.has(String(listing.id))) say(`${listing.id} is missing`);
    }
  }
  return finding;
}

async function readFeed(system: System, kind: string) {
  const places: { position: number; id: string; score: number }[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ limit: String(PAGE_LISTINGS), ...(cursor && { cursor }) });
    const page = await system.get(`/api/feed/${kind}?${query}`);
    places.push(...page.listings);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return places;
}

async function until<T>(what: string, look: () => Promise<T>, isSo: (seen: T) => boolean) {
  const startedAt = performance.now();
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (performance.now() - startedAt > PATIENCE_MS) {
      throw new Error(`Cannot wait longer than ${PATIENCE_MS / 1_000} s for ${what}`);
    }
    await pause(200);
  }
}
