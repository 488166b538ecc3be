/**
 * What the feed's dashboard shows, read from Postgres alone: it costs no Redis command.
 *
 * @module
 */
import * as z from "zod";
import { addDays, type Day, DAY_MS, dayOf, type Sql, startOfDay } from "../../../shared/mod.ts";
import { type Kind, kinds } from "../contracts.ts";
import { type RankDoubt, rankDoubt, type RankMode } from "../ranking/rank_mode.ts";
import { type Page, readFeedPage } from "../reading/feed_pages.ts";

const TOP = 10;
const FLUSHES = 10;
const MOST_SEGMENTS = 100;

/** What is counted; favorites are less those that were taken back. */
export const metrics = ["views", "impressions", "favorites", "bookings"] as const;
export type Metric = typeof metrics[number];
/** Sums may be beyond what a number holds. */
export type Sums = Record<Metric, bigint>;

export interface Flush {
  job: string;
  day: Day;
  startedAt: number;
  endedAt?: number;
  slices: number;
  members: bigint;
  entries: bigint;
  drift: bigint;
}

/** As the audit keeps it: `pending` is what was not flushed yet. */
const Difference = z.object({
  kind: z.string(),
  id: z.string(),
  metric: z.string(),
  redis: z.number(),
  postgres: z.number(),
  is: z.enum(["drift", "pending"]),
});

export interface Audit {
  day: Day;
  auditedAt: number;
  compared: bigint;
  /** Counts that have drifted. */
  differing: bigint;
  /** Some of them, and some that are pending. */
  differences: z.infer<typeof Difference>[];
}

/** A day that has ended: `none` if nothing was counted on it. */
export type Proof = { state: "none" | "unproven" } | { state: "proven"; at: number };

export interface FeedState {
  now: number;
  /** As many as were asked for, oldest first; today is the last. */
  days: { day: Day; kinds: Record<Kind, Sums> }[];
  /** Newest first. */
  flushes: Flush[];
  /** The newest that has ended. */
  flushed?: Flush;
  /** Until when everything is counted, in epoch ms; a flush of a past day knows it up to its end. */
  countedTo?: number;
  yesterday: Proof;
  /** Days of the last week that have ended and are not proven, oldest first. */
  unproven: Day[];
  audit?: Audit;
  segments: string[];
  rankings: { kind: Kind; page: Page }[];
  /** Whether what is ranked may not be what is meant. */
  doubt?: RankDoubt;
}

export interface StateRequest {
  now: number;
  days: number;
  /** As in `berlin`; without it each kind as a whole. */
  segment?: string;
  /** What `FEED_RANK` says. */
  rank?: RankMode;
}

/** Reads all of it; a handful of statements, on one connection where there is one. */
export async function readFeedState(sql: Sql, request: StateRequest): Promise<FeedState> {
  const { now, segment } = request;
  const today = dayOf(now);
  const [doubt, days, flushes, [flushed], proofs, audit, segments, ...pages] = await Promise.all([
    rankDoubt(sql, request.rank),
    readDays(sql, today, request.days),
    readFlushes(sql, "true", FLUSHES),
    readFlushes(sql, "ended_at IS NOT NULL", 1),
    readProofs(sql, today),
    readAudit(sql),
    readSegments(sql),
    ...kinds.map((kind) => {
      const name = segment === undefined ? kind : `${kind}:${segment}`;
      return readFeedPage(sql, { kind, segment: name, limit: TOP });
    }),
  ]);
  return {
    now,
    days,
    flushes,
    flushed,
    countedTo: countedTo(flushes),
    ...proofs,
    audit,
    segments,
    rankings: kinds.map((kind, index) => ({ kind, page: pages[index] })),
    ...(doubt && { doubt }),
  };
}

async function readDays(sql: Sql, today: Day, count: number): Promise<FeedState["days"]> {
  const rows = await sql.query<{ day: Day; kind: string } & Record<Metric, string>>(
    `SELECT day::text, kind, sum(views) AS views, sum(impressions) AS impressions,
       sum(favorites - unfavorites) AS favorites, sum(bookings) AS bookings
     FROM feed_counts WHERE day > $1::date - $2::int AND day <= $1::date GROUP BY day, kind`,
    [today, count],
  );
  const sums = new Map(rows.map((row) => [`${row.day} ${row.kind}`, row]));
  return Array.from({ length: count }, (_, index) => {
    const day = addDays(today, index - count + 1);
    const ofKind = (kind: Kind) => {
      const row = sums.get(`${day} ${kind}`);
      return perMetric((metric) => BigInt(row?.[metric] ?? 0));
    };
    return { day, kinds: perKind(ofKind) };
  });
}

/** `which` is a condition, not a value. */
async function readFlushes(sql: Sql, which: string, limit: number): Promise<Flush[]> {
  const rows = await sql.query<FlushRow>(
    `SELECT job, day::text, started_at, ended_at, slices, members, entries, drift
     FROM feed_flushes WHERE ${which} ORDER BY started_at DESC, job LIMIT $1`,
    [limit],
  );
  return rows.map((row) => ({
    job: row.job,
    day: row.day,
    startedAt: row.started_at.getTime(),
    endedAt: row.ended_at?.getTime(),
    slices: row.slices,
    members: BigInt(row.members),
    entries: BigInt(row.entries),
    drift: BigInt(row.drift),
  }));
}

function countedTo(flushes: readonly Flush[]): number | undefined {
  const moments = flushes.filter(({ endedAt }) => endedAt !== undefined)
    .map(({ day, startedAt }) => Math.min(startedAt, startOfDay(day) + DAY_MS));
  return moments.length === 0 ? undefined : Math.max(...moments);
}

interface FlushRow {
  job: string;
  day: Day;
  started_at: Date;
  ended_at: Date | null;
  slices: number;
  members: string;
  entries: string;
  drift: string;
}

async function readProofs(
  sql: Sql,
  today: Day,
): Promise<Pick<FeedState, "yesterday" | "unproven">> {
  const rows = await sql.query<{ day: Day; proven_at: Date | null }>(
    `SELECT ended.day::text, proven_at
     FROM generate_series($1::date - 7, $1::date - 1, interval '1 day') AS each (day)
     CROSS JOIN LATERAL (SELECT each.day::date AS day) AS ended
     LEFT JOIN feed_days ON feed_days.day = ended.day
     WHERE feed_days.day IS NOT NULL
       OR EXISTS (SELECT FROM feed_counts WHERE feed_counts.day = ended.day)
     ORDER BY ended.day`,
    [today],
  );
  const unproven = rows.filter(({ proven_at }) => proven_at === null).map(({ day }) => day);
  const yesterday = rows.find(({ day }) => day === addDays(today, -1));
  return {
    unproven,
    yesterday: yesterday?.proven_at
      ? { state: "proven", at: yesterday.proven_at.getTime() }
      : { state: yesterday ? "unproven" : "none" },
  };
}

async function readAudit(sql: Sql): Promise<Audit | undefined> {
  const [row] = await sql.query<AuditRow>(
    `SELECT day::text, audited_at, compared, differing, differences
     FROM feed_audits ORDER BY audited_at DESC, job LIMIT 1`,
  );
  return row && {
    day: row.day,
    auditedAt: row.audited_at.getTime(),
    compared: BigInt(row.compared),
    differing: BigInt(row.differing),
    differences: z.array(Difference).parse(row.differences),
  };
}

interface AuditRow {
  day: Day;
  audited_at: Date;
  compared: string;
  differing: string;
  differences: unknown;
}

/** The names behind the kinds, of the newest rankings; each is one step in the index. */
async function readSegments(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ name: string }>(
    `WITH RECURSIVE newest AS (
       SELECT DISTINCT ON (kind) id, kind FROM feed_rankings WHERE complete ORDER BY kind, id DESC
     ), found AS (
       SELECT id, kind, kind || ':' COLLATE "C" AS segment, 0 AS number FROM newest
       UNION ALL
       SELECT id, kind, (
         SELECT min(segment) FROM feed_ranks
         WHERE ranking = found.id AND feed_ranks.segment > found.segment
       ), number + 1
       FROM found WHERE segment IS NOT NULL AND number < $1
     )
     SELECT DISTINCT substr(segment, length(kind) + 2) AS name
     FROM found WHERE number > 0 AND segment IS NOT NULL ORDER BY name`,
    [MOST_SEGMENTS],
  );
  return rows.map(({ name }) => name);
}

/** One value for each metric. */
export function perMetric<T>(value: (metric: Metric) => T): Record<Metric, T> {
  return Object.fromEntries(metrics.map((metric) => [metric, value(metric)])) as Record<Metric, T>;
}

function perKind<T>(value: (kind: Kind) => T): Record<Kind, T> {
  return Object.fromEntries(kinds.map((kind) => [kind, value(kind)])) as Record<Kind, T>;
}

/** How long ago the day ended, in ms. */
export function sinceEndOf(day: Day, now: number): number {
  return now - startOfDay(day) - DAY_MS;
}
