/**
 * A flush's parts on any pair of engines, with people who make events and an independent count.
 *
 * @module
 */
import assert from "node:assert/strict";
import { installClock, WallClock } from "../../dev/clock.ts";
import { createRedisServer, type RedisServerOptions } from "../../dev/redis/server.ts";
import { listen } from "../../dev/server.ts";
import { flushDay } from "../../functions/feed/flush/flush.ts";
import type { FlushInput } from "../../functions/feed/flush/flush_cursor.ts";
import type { FlushLimits } from "../../functions/feed/flush/flush_limits.ts";
import type { FeedParts } from "../../functions/feed/parts.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import {
  appendToLog,
  createKeys,
  type Database,
  type Day,
  recordUnique,
  type Redis,
  type RedisCommand,
  type Sql,
  uniqueCommand,
} from "../../shared/mod.ts";
import { silentLog } from "../support/silent_log.ts";

export const METRICS = ["views", "bookings", "impressions", "favorites", "unfavorites"] as const;
export type Metric = typeof METRICS[number];
/** `kind:id` to what was counted. */
export type Counted = Record<string, Partial<Record<Metric, number>>>;

export interface RedisUnderTest extends AsyncDisposable {
  redis: Redis;
  server: Awaited<ReturnType<typeof createRedisServer>>;
}

export interface RedisUnderTestOptions {
  /** A real server, which has the machine's time: a test on it takes its days from there. */
  redisUrl?: string;
  /** When the embedded engine's time begins, epoch ms; that of this process's `Date` as well. */
  at?: number;
  limits?: RedisServerOptions["limits"];
}

/** Our adapter on dev/redis, over HTTP; on the embedded engine, or on a real server. */
export async function startRedis(
  { redisUrl, at = Date.parse("2026-11-21T12:00:00Z"), limits }: RedisUnderTestOptions = {},
): Promise<RedisUnderTest> {
  const clock = new WallClock(redisUrl ? 0 : at - Date.now());
  // The embedded engine forgets by `Date`: what a test writes must not be over before it is read.
  const restoreDate = redisUrl ? () => {} : installClock(clock);
  const server = await createRedisServer({ clock, redisUrl, limits });
  const listening = listen(server.fetch);
  // On a machine that is busy with other tests, 1.5 s may pass.
  const timeoutMs = 30_000;
  const redis = createUpstashRedis({
    url: listening.url,
    token: server.token,
    clock,
    timeoutMs,
  });
  return {
    redis,
    server,
    async [Symbol.asyncDispose]() {
      await listening.close();
      await server.close();
      restoreDate();
    },
  };
}

/** What a flush stands on, in a namespace of its own. */
export function partsOf(redis: Redis, sql: Sql, namespace: string, now: number): FeedParts {
  return { redis, sql, keys: createKeys(namespace), clock: { now: () => now }, log: silentLog };
}

/** Flushes the day, delivery after delivery, as the job does. */
export async function flushWhole(
  parts: FeedParts,
  input: FlushInput,
  { run = "flush", limits }: { run?: string; limits?: FlushLimits } = {},
) {
  for (let from = input.from;;) {
    const report = await flushDay(parts, { ...input, from }, { run, limits });
    if (!report.next) return report;
    // As it travels in a message.
    from = JSON.parse(JSON.stringify(report.next));
  }
}

/** Sixteen characters for a number. */
export const person = (n: number | string) => String(n).padStart(16, "p");

/** Makes events of a day and counts them by itself. */
export class People {
  readonly counted: Counted = {};
  readonly #seen = new Set<string>();
  readonly #favorites = new Map<string, boolean>();
  readonly #parts: FeedParts;
  readonly #day: Day;

  constructor(parts: FeedParts, day: Day) {
    this.#parts = parts;
    this.#day = day;
  }

  async view(kind: string, id: string, by: string): Promise<void> {
    const { redis, keys } = this.#parts;
    await recordUnique(redis, keys, { day: this.#day, metric: "views", kind, id, by });
    this.#once(`v ${kind}:${id} ${by}`, kind, id, "views");
  }

  /** Counts a view or a booking that is recorded by other means. */
  note(kind: string, id: string, metric: "views" | "bookings", by: string): void {
    this.#once(`${metric[0]} ${kind}:${id} ${by}`, kind, id, metric);
  }

  /** What records a view. */
  command(kind: string, id: string, by: string): RedisCommand {
    return uniqueCommand(this.#parts.keys, { day: this.#day, metric: "views", kind, id, by });
  }

  async booking(kind: string, id: string, by: string): Promise<void> {
    const { redis, keys } = this.#parts;
    await recordUnique(redis, keys, { day: this.#day, metric: "bookings", kind, id, by });
    this.#once(`b ${kind}:${id} ${by}`, kind, id, "bookings");
  }

  async impressions(batch: string, counts: [string, string, number][]): Promise<void> {
    const { redis, keys } = this.#parts;
    await appendToLog(redis, keys, this.#day, { type: "impressions", batch, counts });
    if (this.#seen.has(`i ${batch}`)) return;
    this.#seen.add(`i ${batch}`);
    for (const [kind, id, count] of counts) this.#add(kind, id, "impressions", count);
  }

  async favorite(kind: string, id: string, by: string, favorited = true): Promise<void> {
    const { redis, keys } = this.#parts;
    await appendToLog(redis, keys, this.#day, { type: "favorite", kind, id, by, favorited });
    const key = `${kind}:${id} ${by}`;
    if ((this.#favorites.get(key) ?? false) === favorited) return;
    this.#favorites.set(key, favorited);
    this.#add(kind, id, favorited ? "favorites" : "unfavorites", 1);
  }

  #once(key: string, kind: string, id: string, metric: Metric) {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#add(kind, id, metric, 1);
  }

  #add(kind: string, id: string, metric: Metric, count: number) {
    const counts = this.counted[`${kind}:${id}`] ??= {};
    counts[metric] = (counts[metric] ?? 0) + count;
  }
}

/** What Postgres holds of the day, without zeros. */
export async function readCounted(database: Database | Sql, day: Day): Promise<Counted> {
  const rows = await database.query<{ kind: string; listing: string } & Record<Metric, string>>(
    "SELECT * FROM feed_counts WHERE day = $1::date",
    [day],
  );
  return Object.fromEntries(
    rows.map((row) => [
      `${row.kind}:${row.listing}`,
      Object.fromEntries(
        METRICS.filter((metric) => Number(row[metric]) > 0)
          .map((metric) => [metric, Number(row[metric])]),
      ),
    ]),
  );
}

/** Holds Postgres against the people's own count. */
export async function assertCounted(sql: Sql, day: Day, people: { counted: Counted }) {
  assert.deepEqual(await readCounted(sql, day), people.counted);
}

/** Empties the feed's tables. */
export async function emptyFeed(sql: Sql): Promise<void> {
  await sql.query(
    "TRUNCATE feed_counts, feed_favorites, feed_batches, feed_days, feed_flushes, feed_audits," +
      " feed_audit_runs, feed_audit_counts, feed_audit_batches, feed_audit_words",
  );
}
