import assert from "node:assert/strict";
import { WallClock } from "../../dev/clock.ts";
import { createRedisServer } from "../../dev/redis/server.ts";
import { listen } from "../../dev/server.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import { newTally } from "../../shared/core/redis_policy.ts";
import { RedisCommandError, RedisUnavailableError } from "../../shared/errors.ts";
import type { RedisCommand } from "../../shared/ports.ts";

/** The adapter on the local server, counting into `tally`. */
async function setUp({ timeoutMs = 1_500 } = {}) {
  const clock = new WallClock();
  const server = await createRedisServer({ clock });
  const listening = listen((request) => server.fetch(request));
  const tally = newTally();
  return {
    server,
    tally,
    redis: createUpstashRedis({ url: listening.url, token: server.token, clock, timeoutMs })
      .tallied(tally),
    async [Symbol.asyncDispose]() {
      await listening.close();
      await server.close();
    },
  };
}

const commands: RedisCommand[] = [
  ["SET", "a", 1, "EX", 60],
  ["GET", "a"],
  ["MGET", "a", "b"],
  ["INCR", "a"],
  ["SADD", "s", "m1", "m2"],
  ["SMEMBERS", "s"],
  ["SETBIT", "bits", 3, 1],
  ["BITCOUNT", "bits"],
  ["HSET", "h", "f", 1],
  ["HGETALL", "h"],
  ["ZADD", "z", 1, "m"],
  ["ZREVRANGE", "z", 0, 9],
  ["XADD", "x", "*", "f", "v"],
  ["XRANGE", "x", "-", "+"],
  ["EXPIRE", "s", 60],
  ["PUBLISH", "c", "m"],
  ["SCAN", 0],
  ["INFO"],
  ["PING"],
];

Deno.test("the tally agrees with the server's meter, command by command and together", async () => {
  await using parts = await setUp();
  const { redis, server, tally } = parts;
  const agree = (what: string) => {
    const { commands, reads, writes, requests } = server.meter.snapshot();
    const { waitedMs: _, ...counted } = tally;
    assert.deepEqual(counted, { commands, reads, writes, requests }, what);
  };
  for (const command of commands) {
    await redis.run(command);
    agree(command.join(" "));
  }
  await redis.pipeline(commands);
  agree("a pipeline");
  await redis.transaction(commands.filter(([name]) => name !== "INFO"));
  agree("a transaction");
  await redis.run([
    "EVAL",
    "redis.call('SET', KEYS[1], 1) return redis.call('GET', KEYS[1])",
    1,
    "a",
  ], {
    innerCommands: 2,
  });
  assert.equal(tally.commands, server.meter.snapshot().commands, "a script");
});

Deno.test("a counter whose reply was lost is counted once, and the caller is told", async () => {
  await using parts = await setUp();
  const { redis, server } = parts;
  server.faults.add({ kind: "dropReply" });
  await assert.rejects(redis.run(["INCR", "visits"]), RedisUnavailableError);
  assert.equal(await redis.run(["GET", "visits"]), "1");
});

Deno.test("an absolute write whose reply was lost is sent again, and leaves the same", async () => {
  await using parts = await setUp();
  const { redis, server, tally } = parts;
  server.faults.add({ kind: "dropReply" });
  assert.equal(await redis.run(["SADD", "views", "a"]), 0, "the first try had added it");
  assert.equal(await redis.run(["SCARD", "views"]), 1);
  assert.equal(tally.requests, 3);
});

Deno.test("a claim with NX is never repeated by itself: it would refuse its own first try", async () => {
  await using parts = await setUp();
  const { redis, server } = parts;
  server.faults.add({ kind: "dropReply" });
  await assert.rejects(redis.run(["SET", "claim", "me", "NX", "EX", 60]), RedisUnavailableError);
  assert.equal(await redis.run(["SET", "claim", "me", "NX", "EX", 60]), null);
});

Deno.test("a connection that breaks twice is tried a third time", async () => {
  await using parts = await setUp();
  parts.server.faults.add({ kind: "disconnect", times: 2 });
  assert.equal(await parts.redis.run(["GET", "nothing"]), null);
});

Deno.test("a slow Redis is given up at the timeout", async () => {
  await using parts = await setUp({ timeoutMs: 60 });
  parts.server.faults.add({ kind: "delay", ms: 300, clock: "real" });
  await assert.rejects(parts.redis.run(["GET", "a"]), /no answer within 60 ms/);
});

Deno.test("a used-up month is unavailable, and not asked again", async () => {
  await using parts = await setUp();
  parts.server.faults.add({ kind: "quota" });
  await assert.rejects(parts.redis.run(["GET", "a"]), RedisUnavailableError);
  assert.equal(parts.tally.requests, 1);
});

Deno.test("a transaction is all or nothing", async () => {
  await using parts = await setUp();
  const { redis } = parts;
  await assert.rejects(redis.transaction([["SET", "a", 1], ["SET", "b"]]), RedisCommandError);
  assert.equal(await redis.run(["GET", "a"]), null);
  assert.deepEqual(await redis.transaction([["SET", "a", 1], ["GET", "a"]]), ["OK", "1"]);
});

Deno.test("text comes back as it was sent, whatever it holds", async () => {
  await using parts = await setUp();
  const { redis } = parts;
  for (const text of ["1", "null", '{"a":1}', '"quoted"', "é😀\n\0", "", "OK", "dGV4dA=="]) {
    await redis.run(["SET", "text", text]);
    assert.equal(await redis.run(["GET", "text"]), text);
  }
});

Deno.test("a wrong token is an error that does not hold it", async () => {
  await using parts = await setUp();
  const listening = listen((request) => parts.server.fetch(request));
  const redis = createUpstashRedis({
    url: listening.url,
    token: "not-the-token",
    clock: new WallClock(),
  });
  const error = await redis.run(["GET", "a"]).catch((error) => error);
  assert(error instanceof RedisCommandError);
  assert.match(error.message, /WRONGPASS/);
  assert(!error.message.includes("not-the-token"));
  await listening.close();
});
