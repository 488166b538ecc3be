import assert from "node:assert/strict";
import { VirtualClock } from "../../dev/clock.ts";
import { createRedisServer } from "../../dev/redis/server.ts";
import { createBreaker } from "../../shared/core/breaker.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import { newTally } from "../../shared/core/redis_policy.ts";
import { RedisCommandError, RedisSizeError } from "../../shared/errors.ts";

async function openWorld(limits = {}) {
  const clock = new VirtualClock();
  const server = await createRedisServer({ clock, limits });
  const breaker = createBreaker({ dependency: "redis", clock, failures: 1 });
  const redis = createUpstashRedis({
    url: "http://redis.example",
    token: server.token,
    clock,
    breaker,
    fetch: (url, init) => server.fetch(new Request(url, init)),
  });
  await redis.run(["SADD", "set", "é".repeat(100)]);
  await redis.run(["SADD", "set", "b".repeat(100)]);
  return { redis, breaker, [Symbol.asyncDispose]: () => server.close() };
}

Deno.test("an answer of more bytes than the caller takes is a RedisSizeError, asked for once", async () => {
  await using world = await openWorld();
  const tally = newTally();
  const call = world.redis.tallied(tally).run(["SMEMBERS", "set"], { mostBytes: 300 });
  await assert.rejects(call, RedisSizeError);
  assert.equal(tally.requests, 1);
  assert.equal(world.breaker.state, "closed");
});

Deno.test("an answer of just so many bytes arrives whole", async () => {
  await using world = await openWorld();
  const bytes = JSON.stringify({ result: ["", ""] }).length + 200 + 100;
  const members = await world.redis.run(["SMEMBERS", "set"], { mostBytes: bytes }) as string[];
  assert.deepEqual(members.map((member) => member[0]).sort(), ["b", "é"]);
});

Deno.test("a reply that Redis refuses to send for its size is a RedisSizeError, in a pipeline as well", async () => {
  await using world = await openWorld({ requestBytes: 280 });
  await assert.rejects(world.redis.run(["SMEMBERS", "set"]), RedisSizeError);
  await assert.rejects(world.redis.pipeline([["PING"], ["SMEMBERS", "set"]]), RedisSizeError);
  await assert.rejects(world.redis.run(["SMEMBERS", "set"]), RedisCommandError);
  assert.equal(world.breaker.state, "closed");
});
