import assert from "node:assert/strict";
import { Ratelimit } from "@upstash/ratelimit";
import { WallClock } from "../../dev/clock.ts";
import { createRedisServer } from "../../dev/redis/server.ts";
import { listen } from "../../dev/server.ts";
import { createSdkRedis } from "../../shared/adapters/upstash_sdk.ts";
import { createUpstashTransport } from "../../shared/adapters/upstash_transport.ts";

/** The vendor's client on our transport, against the local server. */
async function setUp() {
  const clock = new WallClock();
  const server = await createRedisServer({ clock });
  const listening = listen((request) => server.fetch(request));
  return {
    server,
    sdk: createSdkRedis(
      createUpstashTransport({ url: listening.url, token: server.token, clock }),
    ),
    async [Symbol.asyncDispose]() {
      await listening.close();
      await server.close();
    },
  };
}

Deno.test("the vendor's client does with our transport what it does with its own", async () => {
  await using parts = await setUp();
  const { sdk } = parts;
  await sdk.set("user", { name: "Ada", tags: ["a"] }, { ex: 60 });
  assert.deepEqual(await sdk.get("user"), { name: "Ada", tags: ["a"] });
  await sdk.hset("h", { one: 1, two: "zwei" });
  assert.deepEqual(await sdk.hgetall("h"), { one: 1, two: "zwei" });
  const transaction = sdk.multi();
  transaction.incr("n");
  transaction.incrby("n", 9);
  assert.deepEqual(await transaction.exec(), [1, 10]);
  const id = await sdk.xadd("stream", "*", { a: "b" });
  assert.deepEqual(await sdk.xrange("stream", "-", "+"), { [id]: { a: "b" } });
  assert.deepEqual((await sdk.scan(0, { match: "h" }))[1], ["h"]);
});

Deno.test("the vendor's client hands no caller another's value, even when one call is malformed", async () => {
  await using parts = await setUp();
  const { sdk } = parts;
  await sdk.mset({ a: "A", b: "B" });
  const malformed = () => sdk.set("c", 1n as unknown as string);
  const answers = await Promise.allSettled([
    (async () => await malformed())(),
    sdk.get("a"),
    sdk.get("b"),
  ]);
  assert.deepEqual(
    answers.map((answer) => answer.status === "fulfilled" ? answer.value : "failed"),
    ["failed", "A", "B"],
  );
});

Deno.test("a sliding window lets through what it should, at the library's price", async () => {
  await using parts = await setUp();
  const { sdk, server } = parts;
  const limiter = new Ratelimit({
    redis: sdk,
    limiter: Ratelimit.slidingWindow(2, "1 h"),
    ephemeralCache: false,
  });
  const outcomes = [];
  // The first call loads the script; its failed EVALSHA is billed as well.
  for (let call = 0; call < 3; call++) {
    server.meter.reset();
    const { success } = await limiter.limit("someone");
    outcomes.push([success, server.meter.snapshot().commands]);
  }
  assert.deepEqual(outcomes, [[true, 6], [true, 4], [false, 3]]);
});
