import assert from "node:assert/strict";
import type { FeedParts } from "../../functions/feed/parts.ts";
import { addDays, dayOf, type Sql, startOfDay, UNIQUE_SHARDS } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { long } from "../support/long.ts";
import { startRedisServer } from "../support/redis_server.ts";
import {
  assertCounted,
  emptyFeed,
  flushWhole,
  partsOf,
  People,
  person,
  readCounted,
  type RedisUnderTest,
  startRedis,
} from "./feed_flush_world.ts";
import { chance, Died, mortal } from "./feed_mortal.ts";

// A real server forgets by the machine's clock, eight days after the day.
const DAY = addDays(dayOf(Date.now()), -1);
const LATER = startOfDay(DAY) + 36 * 3_600_000;
const input = { day: DAY, uniques: "exact" as const };

const redisEngines = [
  { name: "embedded Redis", ignore: false, start: () => startRedis({ at: LATER }) },
  {
    ...long("redis-server", "redis-server"),
    async start(): Promise<RedisUnderTest> {
      const server = await startRedisServer();
      const redis = await startRedis({ redisUrl: server.url });
      return {
        ...redis,
        async [Symbol.asyncDispose]() {
          await redis[Symbol.asyncDispose]();
          await server[Symbol.asyncDispose]();
        },
      };
    },
  },
];

/** Some of everything, of three kinds, with ids that are integers and ids that are not. */
async function makeEvents(people: People, seed: number) {
  const random = chance(seed);
  const listings: [string, string][] = [
    ["locations", "42"],
    ["events", "b3f1:/ü"],
    ["services", "x".repeat(128)],
    ["locations", "0"],
  ];
  const pick = () => listings[Math.floor(random() * listings.length)];
  for (let n = 0; n < 40; n++) {
    await people.view(...pick(), person(Math.floor(random() * 8)));
    if (n % 4 === 0) await people.booking(...pick(), person(`booking${n % 12}`));
    if (n % 3 === 0) await people.favorite(...pick(), person(n % 5), random() < 0.6);
    if (n % 3 === 1) {
      await people.impressions(`batch-${seed}-${n % 9}`, [[...pick(), 1 + n % 3], [...pick(), 2]]);
    }
  }
}

/** A flush's row says what it did, however often it was begun. */
async function assertReported(sql: Sql, { redis, keys }: FeedParts) {
  const [row] = await sql.query(
    `SELECT entries::int, members::int, slices, drift::int, ended_at IS NOT NULL AS ended
     FROM feed_flushes`,
  );
  const sets = Array.from(
    { length: UNIQUE_SHARDS },
    (_, shard) => ["SCARD", keys.uniqueEvents(DAY, shard)] as const,
  );
  const [entries, ...sizes] = await redis.pipeline([["XLEN", keys.eventLog(DAY)], ...sets]);
  const members = (sizes as number[]).reduce((sum, size) => sum + size, 0);
  assert.deepEqual(row, { entries, members, slices: 1, drift: 0, ended: true });
}

for (const postgres of postgresEngines({ isPaired: true })) {
  for (const engine of redisEngines) {
    const ignore = postgres.ignore || engine.ignore;
    const test = (what: string, fn: (redis: RedisUnderTest) => Promise<void>) =>
      Deno.test({
        name: `${engine.name}, ${postgres.name}: ${what}`,
        ignore,
        fn: async () => {
          await using redis = await engine.start();
          await emptyFeed(postgres.database());
          await fn(redis);
        },
      });

    test("a flush brings every count, and once more changes nothing", async ({ redis }) => {
      const sql = postgres.database();
      const parts = partsOf(redis, sql, crypto.randomUUID().slice(0, 8), LATER);
      const people = new People(parts, DAY);
      for (let round = 0; round < 3; round++) {
        await makeEvents(people, round);
        await flushWhole(parts, input, { run: `flush ${round}` });
        await assertCounted(sql, DAY, people);
        const again = await flushWhole(parts, input, { run: `again ${round}` });
        assert.equal(again.entries, 0);
        assert.equal(again.drift, 0);
        await assertCounted(sql, DAY, people);
      }
    });

    test("a flush in the smallest of slices counts the same", async ({ redis }) => {
      const sql = postgres.database();
      const parts = partsOf(redis, sql, crypto.randomUUID().slice(0, 8), LATER);
      const people = new People(parts, DAY);
      await makeEvents(people, 7);
      const report = await flushWhole(parts, input, { limits: { requests: 1, pageCharacters: 1 } });
      assert.ok(report.slices >= 9, `${report.slices} slices`);
      await assertCounted(sql, DAY, people);
      const [row] = await sql.query<{ slices: number; ended: boolean }>(
        "SELECT slices, ended_at IS NOT NULL AS ended FROM feed_flushes",
      );
      assert.deepEqual(row, { slices: report.slices, ended: true });
    });

    test("killed at any await, before or after its effect, and begun again, a flush counts once", async ({ redis }) => {
      const sql = postgres.database();
      let died = 0;
      for (const moment of ["before", "after"] as const) {
        let at = 1;
        for (let isWhole = false; !isWhole; at++) {
          const parts = partsOf(redis, sql, crypto.randomUUID().slice(0, 8), LATER);
          await emptyFeed(sql);
          const people = new People(parts, DAY);
          await makeEvents(people, at);
          const killed = mortal(parts, { at, moment });
          isWhole = await flushWhole(killed, input).then(() => true, (error) => {
            if (!(error instanceof Died)) throw error;
            return false;
          });
          await flushWhole(parts, input);
          await assertCounted(sql, DAY, people);
          await assertReported(sql, parts);
          await makeEvents(people, at + 1_000);
          await flushWhole(parts, input, { run: "again" });
          await assertCounted(sql, DAY, people);
        }
        died += at - 2;
      }
      assert.ok(died > 30, `a flush has ${died / 2} awaits`);
    });

    test("8 writers write while 2 flushes run: nothing is lost or doubled", async ({ redis }) => {
      const sql = postgres.database();
      const parts = partsOf(redis, sql, crypto.randomUUID().slice(0, 8), LATER);
      let writing = 8;
      const ended = new Map([["one", 0], ["other", 0]]);
      const isBusy = () => Math.min(...ended.values()) < 3;
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        const people = new People(parts, DAY);
        // Each has people of its own, so that the counts can be added up.
        for (let n = 0; n < 60 || isBusy(); n++) {
          await people.view("locations", String(n % 7), person(`${writer}w${n % 20}`));
          await people.favorite("events", `e${n % 3}`, person(`${writer}f${n % 4}`), n % 5 < 3);
          await people.impressions(`batch-of-writer-${writer}-${n % 50}`, [["locations", "3", 2]]);
          await people.booking("services", "s", person(`${writer}b${n % 30}`));
        }
        writing--;
        return people.counted;
      });
      const flushers = [...ended.keys()].map(async (name) => {
        while (writing > 0) {
          const report = await flushWhole(parts, input, { run: `${name} ${ended.get(name)}` });
          assert.equal(report.drift, 0);
          ended.set(name, ended.get(name)! + 1);
        }
      });
      const [counted] = await Promise.all([Promise.all(writers), Promise.all(flushers)]);
      await flushWhole(parts, input, { run: "last" });
      const sums: Record<string, Record<string, number>> = {};
      for (const [listing, counts] of counted.flatMap((each) => Object.entries(each))) {
        for (const [metric, count] of Object.entries(counts)) {
          const sum = sums[listing] ??= {};
          sum[metric] = (sum[metric] ?? 0) + count;
        }
      }
      assert.deepEqual(await readCounted(sql, DAY), sums);
    });
  }
}
