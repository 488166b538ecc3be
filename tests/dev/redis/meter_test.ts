/**
 * What is billed: every scenario whose count was checked against a real server in other ways.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { installClock, VirtualClock } from "../../../dev/clock.ts";
import { type Price, priced } from "../../../dev/redis/meter.ts";
import { long } from "../../support/long.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import { type Rest, withRest } from "./rest.ts";

const limiters = {
  // The window is long, so that no run falls on its edge.
  "fixed window": () => Ratelimit.fixedWindow(2, "365 d"),
  "sliding window": () => Ratelimit.slidingWindow(2, "365 d"),
  "token bucket": () => Ratelimit.tokenBucket(2, "365 d", 2),
};

/**
 * Billed commands of each call. A cold one is a first one and a miss; the rest are the vendor's own
 * table. A reset is one SCAN while there are few keys, and cold as well.
 */
const limiterCosts: [algorithm: keyof typeof limiters, costs: Record<string, number>][] = [
  ["fixed window", { cold: 4, first: 3, later: 2, refused: 2, remaining: 2, reset: 4 }],
  ["sliding window", { cold: 6, first: 5, later: 4, refused: 3, remaining: 3, reset: 4 }],
  ["token bucket", { cold: 5, first: 4, later: 4, refused: 2, remaining: 2, reset: 4 }],
];

type Scenario = [name: string, run: (rest: Rest) => Promise<unknown>, price: Price];

const once = (path: string, body: unknown) => (rest: Rest) => rest.post(path, body);
const none: Price = { commands: 0, reads: 0, writes: 0, requests: 1 };
const failing = "redis.call('SET', KEYS[1], 'text') redis.call('INCR', KEYS[1]) " +
  "redis.call('GET', KEYS[1])";

const scenarios: Scenario[] = [
  ["a read", once("/", ["GET", "k"]), { ...none, commands: 1, reads: 1 }],
  ["a write", once("/", ["SET", "k", "v"]), { ...none, commands: 1, writes: 1 }],
  ["MGET and MSET of many", async (rest) => {
    await rest.run("MSET", "a", 1, "b", 2, "c", 3);
    await rest.run("MGET", "a", "b", "c");
  }, { commands: 2, reads: 1, writes: 1, requests: 2 }],
  ["a pipeline", once("/pipeline", [["SET", "k", 1], ["GET", "k"], ["INCR", "k"]]), {
    commands: 3,
    reads: 1,
    writes: 2,
    requests: 1,
  }],
  ["a transaction", once("/multi-exec", [["SET", "k", 1], ["GET", "k"]]), {
    commands: 2,
    reads: 1,
    writes: 1,
    requests: 1,
  }],
  ["a discarded transaction", once("/multi-exec", [["SET", "k", 1], ["NOPE"]]), none],
  ["a transaction that the engine discards", once("/multi-exec", [["SET", "k", 1], ["GET"]]), none],
  ["an unknown command", once("/", ["NOPE"]), none],
  ["a wrong number of arguments", once("/", ["GET"]), none],
  ["a refused command", once("/", ["BLPOP", "l", 0]), none],
  ["WRONGTYPE", async (rest) => {
    await rest.run("SET", "k", "v");
    await rest.run("LPUSH", "k", "v");
  }, { commands: 2, reads: 0, writes: 2, requests: 2 }],
  ["NOSCRIPT", once("/", ["EVALSHA", "0".repeat(40), 0]), { ...none, commands: 1 }],
  [
    "a script and its calls",
    once("/", [
      "EVAL",
      "redis.call('SET', KEYS[1], 1) redis.call('INCR', KEYS[1]) return redis.call('GET', KEYS[1])",
      1,
      "k",
    ]),
    { commands: 4, reads: 1, writes: 2, requests: 1 },
  ],
  ["a script that fails half way", once("/", ["EVAL", failing, 1, "k"]), {
    commands: 3,
    reads: 0,
    writes: 2,
    requests: 1,
  }],
  [
    "a call that a script may not make, caught",
    once("/", [
      "EVAL",
      "redis.pcall('SUBSCRIBE', 'c') return redis.call('GET', KEYS[1])",
      1,
      "k",
    ]),
    { commands: 2, reads: 1, writes: 0, requests: 1 },
  ],
  [
    "a call with too few arguments, caught",
    once("/", [
      "EVAL",
      "redis.pcall('GET') return 1",
      0,
    ]),
    { ...none, commands: 1 },
  ],
  [
    "a script under the key lock",
    once("/", [
      "EVAL",
      "#!lua flags=allow-key-locking\nreturn redis.call('INCR', KEYS[1])",
      1,
      "k",
    ]),
    { commands: 2, reads: 0, writes: 1, requests: 1 },
  ],
  [
    "scripts in a transaction",
    once("/multi-exec", [
      ["EVAL", "return redis.call('INCR', KEYS[1])", 1, "k"],
      ["GET", "k"],
      ["EVAL", "return {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[1])}", 1, "k"],
    ]),
    { commands: 6, reads: 3, writes: 1, requests: 1 },
  ],
  ["what is free", async (rest) => {
    await rest.post("/pipeline", [["PING"], ["INFO"], ["COMMAND"], ["CONFIG", "GET", "*"]]);
    await rest.run("SELECT", 0);
  }, { commands: 0, reads: 0, writes: 0, requests: 2 }],
  ["PUBLISH", once("/", ["PUBLISH", "c", "m"]), { ...none, commands: 1 }],
  ["a subscription", async ({ fetch }) => {
    const response = await fetch("/subscribe/c", { method: "POST" });
    await response.body!.cancel();
  }, { ...none, commands: 1 }],
  ["a consumer group's read", async (rest) => {
    await rest.run("XADD", "s", "*", "a", 1);
    await rest.run("XGROUP", "CREATE", "s", "g", 0);
    await rest.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  }, { commands: 3, reads: 0, writes: 3, requests: 3 }],
  ["a wrong token", ({ fetch }) =>
    fetch("/get/k", { headers: { authorization: "Bearer no" } })
      .then((response) => response.body?.cancel()), none],
];

const suite: [name: string, test: (rest: Rest) => Promise<void>][] = [
  ...scenarios.map(([name, run, price]): (typeof suite)[number] => [
    `${name} is billed as ${price.commands}`,
    async (rest) => assert.deepEqual(await priced({ redis: rest.server }, () => run(rest)), price),
  ]),
  ...limiterCosts.map(([algorithm, costs]): (typeof suite)[number] => [
    `the calls of a ${algorithm} limiter are billed as ${Object.values(costs).join(", ")}`,
    async ({ server, url }) => {
      const redis = new Redis({ url, token: server.token });
      const limiter = new Ratelimit({
        redis,
        limiter: limiters[algorithm](),
        ephemeralCache: false,
      });
      const commands = async (call: () => Promise<unknown>) =>
        (await priced({ redis: server }, call)).commands;
      assert.deepEqual({
        cold: await commands(() => limiter.limit("a")),
        first: await commands(() => limiter.limit("b")),
        later: await commands(() => limiter.limit("b")),
        refused: await commands(() => limiter.limit("b")),
        // Its script is another, so the first call only loads it.
        remaining: (await limiter.getRemaining("b"),
          await commands(() => limiter.getRemaining("b"))),
        reset: await commands(() => limiter.resetUsedTokens("b")),
      }, costs);
    },
  ]),
];

for (const [name, test] of suite) {
  Deno.test(`embedded: ${name}`, async () => {
    const clock = new VirtualClock(Date.UTC(2030, 5, 1));
    const uninstall = installClock(clock);
    try {
      await withRest(test, { clock });
    } finally {
      uninstall();
    }
  });
}
Deno.test({
  ...long("a real server: the same prices", "redis-server"),
  fn: async (t) => {
    await using redis = await startRedisServer();
    for (const [name, test] of suite) {
      await t.step(name, () =>
        withRest(async (rest) => {
          await rest.run("FLUSHALL");
          await test(rest);
        }, { redisUrl: redis.url }));
    }
  },
});

Deno.test("the meter names every command, and is read and reset over HTTP without a token", () =>
  withRest(async ({ run, url, server }) => {
    await run("SET", "k", "v");
    await run("XADD", "s", "*", "a", 1);
    await run("XGROUP", "CREATE", "s", "g", 0);
    const counted = await (await fetch(`${url}/_meter`)).json();
    assert.deepEqual(counted.byCommand, { SET: 1, XADD: 1, "XGROUP CREATE": 1 });
    assert.equal(counted.requests, 3);
    assert.ok(counted.bytesIn > 0 && counted.bytesOut > 0);
    await (await fetch(`${url}/_meter`, { method: "DELETE" })).body?.cancel();
    assert.deepEqual(server.meter.snapshot().byCommand, {});
    assert.match(String(await run("INFO", "stats")), /total_writes_processed:3/);
  }));

const switched: [name: string, turn: (rest: Rest) => void, run: Scenario[1], commands: number][] = [
  [
    "failed commands",
    ({ server }) => {
      server.meter.switches.failedCommands = false;
    },
    (rest) => rest.run("EVAL", "return redis.error_reply('NO')", 0),
    0,
  ],
  [
    "NOSCRIPT misses",
    ({ server }) => {
      server.meter.switches.scriptMisses = false;
    },
    (rest) => rest.run("EVALSHA", "0".repeat(40), 0),
    0,
  ],
  [
    "transaction frames",
    ({ server }) => {
      server.meter.switches.transactionFrames = true;
    },
    (rest) => rest.post("/multi-exec", [["SET", "k", 1]]),
    2,
  ],
];
for (const [name, turn, run, commands] of switched) {
  Deno.test(`the switch for ${name} changes what is billed`, () =>
    withRest(async (rest) => {
      turn(rest);
      const price = await priced({ redis: rest.server }, () => run(rest));
      assert.equal(price.commands, commands);
    }));
}
