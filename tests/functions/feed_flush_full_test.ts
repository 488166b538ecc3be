/**
 * A Redis that is full: it refuses writes, and still answers reads.
 *
 * @module
 */
import assert from "node:assert/strict";
import { WallClock } from "../../dev/clock.ts";
import { createRedisServer } from "../../dev/redis/server.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import { type Redis, UNIQUE_SHARDS } from "../../shared/mod.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import { startDatabase } from "../support/database.ts";
import { createEventsWorld, DAY, keys } from "./feed_events_world.ts";
import { readCounted } from "./feed_flush_world.ts";

const FULL = [
  { what: "the plan's data", limits: { dataBytes: 60_000 } },
  { what: "the largest record", limits: { recordBytes: 60_000 } },
];

/** Adds members of about this length to a set until Redis takes no more. */
async function fill(redis: Redis, shard: number, length: number): Promise<void> {
  const key = keys.uniqueEvents(DAY, shard);
  for (let n = 0;; n++) {
    try {
      await redis.run(["SADD", key, `filling${n}${"x".repeat(length)}`]);
    } catch (error) {
      assert.match((error as Error).message, /exceeded/);
      return;
    }
  }
}

for (const { what, limits } of FULL) {
  Deno.test(`a Redis that is full up to ${what}: a view is kept by QStash, flushes go on, and it counts later`, async () => {
    await using postgres = await startDatabase();
    const redisServer = await createRedisServer({ clock: new WallClock(), limits });
    const redis = createUpstashRedis({
      url: "http://redis.example",
      token: redisServer.token,
      clock: { now: Date.now },
      fetch: (url, init) => redisServer.fetch(new Request(url, init)),
    });
    await using world = await createEventsWorld({
      environment: { DATABASE_URL: postgres.url },
      outside: { redis },
    });
    const database = createPostgres({ url: postgres.url });
    const view = (session: string) =>
      world.post("views", { kind: "events", id: "1", session: `session-${session}` });
    try {
      assert.equal((await view("anna")).body.outcome, "counted");
      // Every set, since either limit is to stop the next view; to the last byte.
      for (let shard = 0; shard < UNIQUE_SHARDS; shard++) {
        for (const length of [1_000, 100, 10, 1]) await fill(redis, shard, length);
      }
      const refused = await view("ben");
      assert.deepEqual([refused.status, refused.body.outcome], [202, "later"]);
      await world.cloud.advance("2h");
      assert.deepEqual(await readCounted(database, DAY), { "events:1": { views: 1 } });
      // What was spooled waits for room.
      for (let shard = 0; shard < UNIQUE_SHARDS; shard++) {
        const all = await redis.run(["SMEMBERS", keys.uniqueEvents(DAY, shard)]) as string[];
        const filling = all.filter((member) => member.startsWith("filling"));
        if (filling.length > 0) {
          await redis.run(["SREM", keys.uniqueEvents(DAY, shard), ...filling]);
        }
      }
      await world.cloud.advance("8h");
      assert.deepEqual(await readCounted(database, DAY), { "events:1": { views: 2 } });
      assert.deepEqual((await world.deps().deadLetters.list()).letters, []);
    } finally {
      await database.close();
      await redisServer.close();
    }
  });
}
