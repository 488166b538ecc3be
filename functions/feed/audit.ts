/**
 * Recounts a day from Redis, by other code than the flush's, and says where Postgres differs.
 *
 * Postgres is read first and only grows: where Redis shows more, it is `pending`, not flushed
 * yet; where it shows less, it has drifted. Changes nothing.
 *
 * @module
 */
import { type Day, type Sql, UNIQUE_SHARDS } from "../../shared/mod.ts";
import { eachMember, readWholeLog } from "./audit_redis.ts";
import { keyOf, readStates } from "./favorite_store.ts";
import { wordsOf } from "./log_store.ts";
import type { FeedParts } from "./parts.ts";
import { readDay } from "./store.ts";

export interface Difference {
  kind: string;
  id: string;
  metric: "views" | "bookings" | "impressions" | "favorites";
  redis: number;
  postgres: number;
}

export interface Audit {
  day: Day;
  /** Counts that were compared. */
  compared: number;
  /** Redis has more: a flush will bring it. */
  pending: Difference[];
  /** Postgres has more, or other words of people. */
  drift: Difference[];
  /** Entries of the stream behind the committed position. */
  pendingEntries: number;
  /** Whether the stream still holds the day's impressions and favorites. */
  logCompared: boolean;
}

type Metric = "views" | "bookings" | "impressions";
type Counted = Map<string, Partial<Record<Metric, number>>>;

/** Compares the day. With `views` false its views are estimates, and left out. */
export async function auditDay(
  parts: FeedParts,
  day: Day,
  { views = true }: { views?: boolean } = {},
): Promise<Audit> {
  const { sql } = parts;
  const { logPosition, logTrimmed } = await readDay(sql, day);
  const postgres = await readCounts(sql, day);
  const batches = await readBatches(sql, day);
  const redis: Counted = new Map();
  const add = (name: string, metric: Metric, count: number) => {
    const counts = redis.get(name) ?? {};
    counts[metric] = (counts[metric] ?? 0) + count;
    redis.set(name, counts);
  };
  for (let shard = 0; shard < UNIQUE_SHARDS; shard++) {
    for await (const member of eachMember(parts, day, shard)) {
      const match = /^([vb]).{16}(.+?:.+)$/su.exec(member);
      if (match) add(match[2], match[1] === "v" ? "views" : "bookings", 1);
    }
  }
  const log = logTrimmed ? undefined : await readWholeLog(parts, day, logPosition);
  for (const { entry } of log?.committed ?? []) {
    if (entry?.type !== "impressions" || !batches.delete(entry.batch)) continue;
    for (const [kind, id, count] of entry.counts) add(`${kind}:${id}`, "impressions", count);
  }
  const metrics: Metric[] = [
    ...(views ? ["views" as const] : []),
    "bookings",
    ...(log ? ["impressions" as const] : []),
  ];
  const audit: Audit = {
    day,
    compared: 0,
    pending: [],
    drift: [],
    pendingEntries: log?.pending ?? 0,
    logCompared: log !== undefined,
  };
  for (const name of new Set([...redis.keys(), ...postgres.keys()])) {
    for (const metric of metrics) {
      compare(
        audit,
        name,
        metric,
        redis.get(name)?.[metric] ?? 0,
        postgres.get(name)?.[metric] ?? 0,
      );
    }
  }
  if (log) await compareFavorites(sql, audit, wordsOf(log.committed));
  return audit;
}

function compare(audit: Audit, name: string, metric: Metric, redis: number, postgres: number) {
  audit.compared++;
  if (redis === postgres) return;
  const colon = name.indexOf(":");
  const difference = {
    kind: name.slice(0, colon),
    id: name.slice(colon + 1),
    metric,
    redis,
    postgres,
  };
  // Committed impressions are counted in both, so that less in Postgres is no delay.
  const isPending = redis > postgres && metric !== "impressions";
  (isPending ? audit.pending : audit.drift).push(difference);
}

/** The last word of each person in the stream is the state, unless a later one was said since. */
async function compareFavorites(sql: Sql, audit: Audit, words: ReturnType<typeof wordsOf>) {
  const last = new Map<string, (typeof words)[number]>();
  for (const word of words) {
    const known = last.get(keyOf(word));
    if (!known || word.at >= known.at) last.set(keyOf(word), word);
  }
  const states = await readStates(sql, [...last.values()]);
  for (const [key, { kind, listing, favorited, at }] of last) {
    audit.compared++;
    const state = states.get(key);
    // What was taken back is forgotten after some days.
    if (state ? state.at > at || state.favorited === favorited : !favorited) continue;
    audit.drift.push({
      kind,
      id: listing,
      metric: "favorites",
      redis: Number(favorited),
      postgres: Number(state?.favorited ?? false),
    });
  }
}

async function readCounts(sql: Sql, day: Day): Promise<Counted> {
  const rows = await sql.query<
    { kind: string; listing: string; views: string; bookings: string; impressions: string }
  >(
    `SELECT kind, listing, views, bookings, impressions FROM feed_counts
     WHERE day = $1::date AND (views > 0 OR bookings > 0 OR impressions > 0)`,
    [day],
  );
  return new Map(rows.map(({ kind, listing, views, bookings, impressions }) => [
    `${kind}:${listing}`,
    { views: Number(views), bookings: Number(bookings), impressions: Number(impressions) },
  ]));
}

/** The batches that were counted on this day: one that was sent around midnight may stand in two. */
async function readBatches(sql: Sql, day: Day): Promise<Set<string>> {
  const rows = await sql.query<{ batch: string }>(
    "SELECT batch FROM feed_batches WHERE day = $1::date",
    [day],
  );
  return new Set(rows.map(({ batch }) => batch));
}
