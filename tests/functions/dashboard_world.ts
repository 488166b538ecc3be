/**
 * The feed's dashboard in a cloud of its own, on a Postgres that a test fills.
 *
 * @module
 */
import { type Cloud, createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import {
  addDays,
  type Database,
  ImportWatch,
  type LogFields,
  readConfig,
} from "../../shared/mod.ts";

export const TODAY = "2026-11-21";
export const NOW = Date.parse(`${TODAY}T14:30:00Z`);
export const TOKEN = "dev-operator-token";
export const PATH = "/admin/analytics/feed";

export interface DashboardWorld extends AsyncDisposable {
  cloud: Cloud;
  sql: Database;
  lines: (LogFields & { event: string })[];
  /** The page as a browser gets it. */
  page(query?: string): Promise<{ response: Response; text: string }>;
  /** Presses a button. */
  press(action: string, fields?: Record<string, string>): Promise<Response>;
}

/** Empties the tables, and starts the app on them; `url` is what the app connects to. */
export async function createDashboardWorld(sql: Database, url: string): Promise<DashboardWorld> {
  await sql.query(
    `TRUNCATE feed_counts, feed_flushes, feed_days, feed_audits, feed_rankings, feed_ranks, feed_rank, listings, effects`,
  );
  const lines: DashboardWorld["lines"] = [];
  const keep = (event: string, fields: LogFields = {}) => void lines.push({ ...fields, event });
  let deps: Deps | undefined;
  const cloud = await createCloud({
    startAt: NOW,
    environment: { DATABASE_URL: url },
    app: (settings) => {
      deps = createDeps(readConfig(settings), {
        importWatch: ImportWatch.off(),
        log: { info: keep, warn: keep, error: keep },
      });
      return createApp(deps);
    },
  });
  const headers = { Authorization: `Bearer ${TOKEN}`, Accept: "text/html" };
  return {
    cloud,
    sql,
    lines,
    async page(query = "") {
      const response = await cloud.fetch(PATH + query, { headers });
      return { response, text: await response.text() };
    },
    press: (action, fields = {}) =>
      cloud.fetch(`${PATH}/${action}`, {
        method: "POST",
        headers,
        body: new URLSearchParams(fields),
        redirect: "manual",
      }),
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps?.database?.close();
    },
  };
}

/** Counts, flushes, a proof, an audit and rankings, as a system that runs well has them. */
export async function fill(sql: Database): Promise<void> {
  await sql.query(
    `INSERT INTO feed_counts (day, kind, listing, views, impressions, favorites, unfavorites, bookings)
     SELECT $1::date - age, kind, kind || '-' || number, base * 7, base * 90, base, base / 4, base / 3
     FROM generate_series(0, 29) AS ages (age),
       unnest(ARRAY['locations', 'events', 'services']) WITH ORDINALITY AS kinds (kind, place),
       generate_series(1, 12) AS numbers (number),
       LATERAL (SELECT (400 + 173 * ((age * 5 + place * 3) % 11)) / (number * place) AS base) AS bases`,
    [TODAY],
  );
  await sql.query(
    `INSERT INTO feed_flushes (job, day, started_at, ended_at, slices, members, entries)
     SELECT 'flush-' || number, ($2::timestamptz - number * interval '2 hours')::date,
       $2::timestamptz - number * interval '2 hours' - interval '25 minutes',
       $2::timestamptz - number * interval '2 hours' - interval '25 minutes' + interval '4210 ms',
       1 + number % 3, 98120 - 1711 * number, 4870 - 99 * number
     FROM generate_series(0, 13) AS numbers (number) WHERE $1::date IS NOT NULL`,
    [TODAY, new Date(NOW).toISOString()],
  );
  await sql.query(
    `INSERT INTO feed_days (day, proven_at)
     SELECT $1::date - age, CASE WHEN age > 0
       THEN ($1::date - age + 1)::timestamp AT TIME ZONE 'UTC' + interval '10 minutes 31 seconds' END
     FROM generate_series(0, 29) AS ages (age)`,
    [TODAY],
  );
  await sql.query(
    `INSERT INTO feed_audits (job, day, audited_at, compared, differing, differences)
     VALUES ('audit', $1::date, $2, 41210, 0, '[]')`,
    [addDays(TODAY, -1), new Date(NOW - 14 * 3_600_000).toISOString()],
  );
  await rank(sql);
}

/** A complete ranking of each kind, with a segment that only locations have. */
export async function rank(sql: Database): Promise<void> {
  await sql.query(
    `WITH made AS (
       INSERT INTO feed_rankings (kind, job, day, ranked_at, stage, complete)
       SELECT kind, 'rank', $1::date, $2, 'done', true
       FROM unnest(ARRAY['locations', 'events', 'services']) AS kinds (kind)
       RETURNING id, kind
     )
     INSERT INTO feed_ranks (ranking, segment, position, listing, score)
     SELECT id, segment, number, kind || '-' || number, round(0.42 / number, 9)
     FROM made, generate_series(1, 12) AS numbers (number),
       LATERAL (SELECT kind UNION ALL SELECT 'locations:berlin' WHERE kind = 'locations'
         UNION ALL SELECT 'locations:paris' WHERE kind = 'locations' AND number < 4) AS segments (segment)`,
    [TODAY, new Date(NOW - 24 * 60_000).toISOString()],
  );
}
