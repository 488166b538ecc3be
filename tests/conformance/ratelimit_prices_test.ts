import assert from "node:assert/strict";
import { IpDenyList, Ratelimit } from "@upstash/ratelimit";
import { installClock } from "../../dev/clock.ts";
import { type Gateway, testOnEachEngine } from "./redis_gateway.ts";

type Name = "fixedWindow" | "slidingWindow" | "tokenBucket";

const limiters = {
  fixedWindow: () => Ratelimit.fixedWindow(2, "60 s"),
  slidingWindow: () => Ratelimit.slidingWindow(2, "60 s"),
  tokenBucket: () => Ratelimit.tokenBucket(2, "60 s", 2),
};

/** Billed commands of each call, as Upstash lists them; scripts are loaded, no key matches but its own. */
const prices: Record<
  Name,
  { first: number; next: number; denied: number; remaining: number; reset: number }
> = {
  fixedWindow: { first: 3, next: 2, denied: 2, remaining: 2, reset: 3 },
  slidingWindow: { first: 5, next: 4, denied: 3, remaining: 3, reset: 4 },
  tokenBucket: { first: 4, next: 4, denied: 2, remaining: 2, reset: 3 },
};

for (const name of Object.keys(limiters) as Name[]) {
  const price = prices[name];
  testOnEachEngine(`${name} costs what Upstash's table says`, async (gateway) => {
    using clock = heldClock();
    const { redis } = gateway;
    const ratelimit = new Ratelimit({ redis, limiter: limiters[name](), prefix: `price:${name}` });
    const cost = pricer(gateway);
    await warmUp(ratelimit);
    assert.equal(await cost(() => ratelimit.limit("ann")), price.first, "first in a window");
    assert.equal(await cost(() => ratelimit.limit("ann")), price.next, "next in the window");
    assert.equal(await cost(() => ratelimit.getRemaining("ann")), price.remaining, "getRemaining");
    assert.equal(await cost(() => ratelimit.limit("ann")), price.denied, "denied");
    assert.equal(await cost(() => ratelimit.limit("ann")), 0, "known to be over");
    if (name === "slidingWindow") {
      // The reset deletes the keys of both windows, each by its own DEL.
      clock.at += 90_000;
      await ratelimit.limit("ann");
    }
    assert.equal(await cost(() => ratelimit.resetUsedTokens("ann")), price.reset, "reset");
  });

  testOnEachEngine(
    `${name}: a script that is not loaded costs one command more`,
    async (gateway) => {
      using _clock = heldClock();
      const { redis } = gateway;
      const ratelimit = new Ratelimit({ redis, limiter: limiters[name](), prefix: `cold:${name}` });
      await redis.scriptFlush();
      const cost = pricer(gateway);
      assert.equal(await cost(() => ratelimit.limit("ann")), price.first + 1);
    },
  );

  testOnEachEngine(`${name}: dynamic limits and analytics cost one more each`, async (gateway) => {
    using _clock = heldClock();
    const { redis } = gateway;
    const cost = pricer(gateway);
    const dynamic = new Ratelimit({
      redis,
      limiter: limiters[name](),
      prefix: `dynamic:${name}`,
      dynamicLimits: true,
    });
    await warmUp(dynamic);
    await dynamic.limit("ann");
    assert.equal(await cost(() => dynamic.limit("ann")), price.next + 1, "dynamic limit");
    const analysed = new Ratelimit({
      redis,
      limiter: limiters[name](),
      prefix: `analytics:${name}`,
      analytics: true,
    });
    await (await analysed.limit("ann")).pending;
    assert.equal(
      await cost(async () => await (await analysed.limit("ann")).pending),
      price.next + 1,
      "analytics",
    );
  });
}

testOnEachEngine(
  "the deny list is a script of its own with two commands inside",
  async (gateway) => {
    using _clock = heldClock();
    const { redis } = gateway;
    // Never: the SDK is typed once for each module system, and the two do not mix.
    await IpDenyList.disableIpDenyList(redis as never, "price:deny");
    const ratelimit = new Ratelimit({
      redis,
      limiter: Ratelimit.fixedWindow(5, "60 s"),
      prefix: "price:deny",
      enableProtection: true,
    });
    const cost = pricer(gateway);
    await ratelimit.limit("ann", { ip: "192.0.2.1" });
    assert.equal(
      await cost(() => ratelimit.limit("ann", { ip: "192.0.2.1" })),
      prices.fixedWindow.next + 3,
    );
  },
);

testOnEachEngine(
  "one check is one HTTP request, and its writes are counted apart",
  async (gateway) => {
    using _clock = heldClock();
    const ratelimit = new Ratelimit({
      redis: gateway.redis,
      limiter: Ratelimit.fixedWindow(5, "60 s"),
      prefix: "price:apart",
    });
    await warmUp(ratelimit);
    const price = await gateway.priced(() => ratelimit.limit("ann"));
    // EVALSHA, INCRBY and PEXPIRE; the script itself neither reads nor writes.
    assert.deepEqual(price, { commands: 3, reads: 0, writes: 2, requests: 1 });
  },
);

const plainPrices: [string, string[][], { commands: number; reads: number; writes: number }][] = [
  ["a write", [["SET", "price:a", "1"]], { commands: 1, reads: 0, writes: 1 }],
  ["a read", [["GET", "price:a"]], { commands: 1, reads: 1, writes: 0 }],
  ["MGET of three", [["MGET", "a", "b", "c"]], { commands: 1, reads: 1, writes: 0 }],
  ["each command of a batch", [["INCR", "price:b"], ["GET", "price:b"], ["PUBLISH", "c", "x"]], {
    commands: 3,
    reads: 1,
    writes: 1,
  }],
  ["PING and INFO", [["PING"], ["INFO"]], { commands: 0, reads: 0, writes: 0 }],
  ["a script and what it calls", [
    ["EVAL", "for i = 1, 5 do redis.call('incr', KEYS[1]) end return redis.call('get', KEYS[1])"]
      .concat("1", "price:c"),
  ], { commands: 7, reads: 1, writes: 5 }],
  ["a script that catches an error", [
    [
      "EVAL",
      "redis.pcall('lpush', KEYS[1], 'x') return redis.call('get', KEYS[1])",
      "1",
      "price:a",
    ],
  ], { commands: 3, reads: 1, writes: 1 }],
];

for (const [name, commands, expected] of plainPrices) {
  testOnEachEngine(`the price of ${name}`, async (gateway) => {
    await gateway.redis.set("price:a", "1");
    const send = async () => {
      for (const [first, ...rest] of commands) await gateway.redis.exec([first, ...rest]);
    };
    assert.deepEqual(await gateway.priced(send), { ...expected, requests: commands.length });
  });
}

function pricer(gateway: Gateway) {
  return async (work: () => Promise<unknown>) => (await gateway.priced(work)).commands;
}

/** Loads the scripts, on a key of its own. */
async function warmUp(ratelimit: Ratelimit): Promise<void> {
  await ratelimit.limit("warm");
  await ratelimit.getRemaining("warm");
  await ratelimit.resetUsedTokens("warm");
}

/** Holds `Date.now` at the start of a window; the test moves it. */
function heldClock() {
  const clock = { at: Math.ceil(Date.now() / 60_000) * 60_000 };
  const release = installClock({ now: () => clock.at });
  return Object.assign(clock, { [Symbol.dispose]: release });
}
