/**
 * What it costs to bring a day's counts to Postgres, and to prove that they are there.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type Day,
  dayOf,
  logCommand,
  memberOf,
  type RedisCommand,
  shardOf,
  UNIQUE_SHARDS,
} from "../../shared/mod.ts";
import type { World } from "../core/jobs/world.ts";
import { eventPrices } from "./event_prices.ts";
import { readPrices } from "./read_prices.ts";
import type { PriceRow } from "./price_list.ts";

const VIEWS = 100_000;
const BOOKINGS = 5_000;
const FAVORITES = 5_000;
const REQUESTS = 5_000;
const LISTINGS = 2_000;
const kinds = ["locations", "events", "services"];

const listingOf = (n: number) => ({ kind: kinds[n % 3], id: String(n % LISTINGS) });
const person = (n: number) => n.toString(36).padStart(16, "_");

/** A day as the sets and the stream hold it, written in as few requests as fit. */
async function fillDay({ deps: { redis, keys }, cloud }: World, share = 1): Promise<Day> {
  const day = dayOf(cloud.clock.now());
  const members: string[][] = Array.from({ length: UNIQUE_SHARDS }, () => []);
  for (let n = 0; n < VIEWS + BOOKINGS; n += 1 / share) {
    const listing = listingOf(n * 7 % (LISTINGS + 1));
    const metric = n < VIEWS ? "views" as const : "bookings" as const;
    members[shardOf(listing)].push(memberOf({ day, metric, by: person(n), ...listing }));
  }
  const commands: RedisCommand[] = members.flatMap((all, shard) =>
    Array.from({ length: Math.ceil(all.length / 5_000) }, (_, part): RedisCommand => [
      "SADD",
      keys.uniqueEvents(day, shard),
      ...all.slice(part * 5_000, (part + 1) * 5_000),
    ])
  );
  for (let n = 0; n < REQUESTS; n += 1 / share) {
    const counts = Array.from({ length: 20 }, (_, index): [string, string, number] => {
      const { kind, id } = listingOf(n * 20 + index);
      return [kind, id, 1];
    });
    commands.push(
      logCommand(keys, day, { type: "impressions", batch: `batch-${person(n)}`, counts }),
    );
  }
  for (let n = 0; n < FAVORITES; n += 1 / share) {
    const favorite = { ...listingOf(n), by: person(n), favorited: true };
    commands.push(logCommand(keys, day, { type: "favorite", ...favorite }));
  }
  for (let start = 0; start < commands.length; start += 500) {
    await redis.pipeline(commands.slice(start, start + 500), { timeoutMs: 30_000 });
  }
  return day;
}

async function run(world: World, job: "feed.flush" | "feed.close", day: Day): Promise<void> {
  await world.jobs.enqueue(job, { day });
  await world.cloud.settle();
}

/** Rows of the price list: the feed's. */
export const feedPrices: readonly PriceRow[] = [
  ...eventPrices,
  ...readPrices,
  {
    operation: "the flush of a day with 100,000 unique views, 10,000 favorites and bookings, " +
      "5,000 impression requests",
    commands: 25,
    messages: 2,
    trips: 16,
    postgres: true,
    prepare: fillDay,
    run: async (world, day) => {
      await run(world, "feed.flush", day as Day);
      const [sums] = await world.deps.database!.query(
        `SELECT sum(views)::int AS views, sum(bookings)::int AS bookings,
           sum(impressions)::int AS impressions, sum(favorites)::int AS favorites FROM feed_counts`,
      );
      assert.deepEqual(sums, {
        views: VIEWS,
        bookings: BOOKINGS,
        impressions: 20 * REQUESTS,
        favorites: FAVORITES,
      });
    },
  },
  {
    operation: "a further flush, with nothing new",
    commands: 13,
    messages: 2,
    trips: 13,
    postgres: true,
    prepare: async (world) => {
      const day = await fillDay(world, 1 / 100);
      await run(world, "feed.flush", day);
      return day;
    },
    run: async (world, day) => {
      await run(world, "feed.flush", day as Day);
      const flushes = await world.deps.database!.query(
        "SELECT FROM feed_flushes WHERE ended_at IS NOT NULL",
      );
      assert.equal(flushes.length, 2);
    },
  },
  {
    operation: "the closing of that day: flushed once more, and proven",
    commands: 34,
    messages: 2,
    trips: 25,
    postgres: true,
    prepare: async (world) => {
      const day = await fillDay(world);
      await run(world, "feed.flush", day);
      await world.cloud.advance("24h");
      return day;
    },
    run: async (world, day) => {
      await run(world, "feed.close", day as Day);
      const [{ proven }] = await world.deps.database!.query<{ proven: boolean }>(
        "SELECT proven_at IS NOT NULL AS proven FROM feed_days WHERE day = $1",
        [day as Day],
      );
      assert.equal(proven, true);
    },
  },
];
