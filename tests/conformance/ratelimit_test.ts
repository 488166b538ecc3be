import assert from "node:assert/strict";
import { IpDenyList, MultiRegionRatelimit, Ratelimit } from "@upstash/ratelimit";
import { installClock } from "../../dev/clock.ts";
import { testOnEachEngine } from "./redis_gateway.ts";

// The library cuts time into windows by Date.now: held still, no test straddles an edge.
const windowMs = 60_000;

// `as never`: the SDK is typed once for each module system, and the two do not mix.

/** Holds `Date.now` at the start of a window; the test moves it. */
function heldClock() {
  const clock = { at: Math.ceil(Date.now() / windowMs) * windowMs };
  const release = installClock({ now: () => clock.at });
  return Object.assign(clock, { [Symbol.dispose]: release });
}

const limiters = {
  fixedWindow: () => Ratelimit.fixedWindow(3, "60 s"),
  slidingWindow: () => Ratelimit.slidingWindow(3, "60 s"),
  tokenBucket: () => Ratelimit.tokenBucket(3, "60 s", 3),
};

for (const [name, limiter] of Object.entries(limiters)) {
  testOnEachEngine(
    `${name} lets three through, then refuses until the next window`,
    async (gateway) => {
      using clock = heldClock();
      const ratelimit = new Ratelimit({
        redis: gateway.redis,
        limiter: limiter(),
        prefix: `limits:${name}`,
        ephemeralCache: false,
      });
      const remaining: number[] = [];
      for (let call = 0; call < 3; call++) {
        const reply = await ratelimit.limit("ann");
        assert.equal(reply.success, true);
        assert.equal(reply.limit, 3);
        remaining.push(reply.remaining);
      }
      assert.deepEqual(remaining, [2, 1, 0]);
      const refused = await ratelimit.limit("ann");
      assert.equal(refused.success, false);
      assert.equal(refused.remaining, 0);
      assert.equal(refused.reset, clock.at + windowMs);
      assert.equal((await ratelimit.limit("bob")).success, true);
      // Two windows on, nothing of the first weighs on a sliding window either.
      clock.at += 2 * windowMs;
      assert.equal((await ratelimit.limit("ann")).success, true);
    },
  );

  testOnEachEngine(
    `${name}: getRemaining, resetUsedTokens, weights and a refund`,
    async (gateway) => {
      using _clock = heldClock();
      const ratelimit = new Ratelimit({
        redis: gateway.redis,
        limiter: limiter(),
        prefix: `limits:more:${name}`,
        ephemeralCache: false,
      });
      assert.equal((await ratelimit.getRemaining("ann")).remaining, 3);
      assert.equal((await ratelimit.limit("ann", { rate: 2 })).remaining, 1);
      assert.equal((await ratelimit.getRemaining("ann")).remaining, 1);
      assert.equal((await ratelimit.limit("ann", { rate: -1 })).remaining, 2);
      await ratelimit.resetUsedTokens("ann");
      assert.equal((await ratelimit.getRemaining("ann")).remaining, 3);
    },
  );

  testOnEachEngine(`${name}: a dynamic limit takes the place of the fixed one`, async (gateway) => {
    using _clock = heldClock();
    const ratelimit = new Ratelimit({
      redis: gateway.redis,
      limiter: limiter(),
      prefix: `limits:dynamic:${name}`,
      ephemeralCache: false,
      dynamicLimits: true,
    });
    await ratelimit.setDynamicLimit({ limit: 1 });
    assert.deepEqual(await ratelimit.getDynamicLimit(), { dynamicLimit: 1 });
    assert.equal((await ratelimit.limit("ann")).success, true);
    const refused = await ratelimit.limit("ann");
    assert.equal(refused.success, false);
    assert.equal(refused.limit, 1);
    await ratelimit.setDynamicLimit({ limit: false });
    assert.deepEqual(await ratelimit.getDynamicLimit(), { dynamicLimit: null });
  });
}

testOnEachEngine("slidingWindow weighs the window before", async (gateway) => {
  using clock = heldClock();
  const ratelimit = new Ratelimit({
    redis: gateway.redis,
    limiter: Ratelimit.slidingWindow(10, "60 s"),
    prefix: "limits:weighing",
    ephemeralCache: false,
  });
  for (let call = 0; call < 10; call++) await ratelimit.limit("ann");
  clock.at += windowMs * 1.5;
  assert.equal((await ratelimit.getRemaining("ann")).remaining, 5);
});

testOnEachEngine("cachedFixedWindow counts at home, and tells the server", async (gateway) => {
  using _clock = heldClock();
  const ratelimit = new Ratelimit({
    redis: gateway.redis,
    limiter: Ratelimit.cachedFixedWindow(2, "60 s"),
    prefix: "limits:cached",
    ephemeralCache: new Map(),
  });
  const replies = [];
  for (let call = 0; call < 4; call++) {
    const reply = await ratelimit.limit("ann");
    await reply.pending;
    replies.push(reply.success);
  }
  assert.deepEqual(replies.slice(0, 2), [true, true]);
  assert.equal(replies[3], false);
  await ratelimit.resetUsedTokens("ann");
  assert.equal((await ratelimit.getRemaining("ann")).remaining, 2);
});

testOnEachEngine("blockUntilReady waits for the window to turn", async (gateway) => {
  const ratelimit = new Ratelimit({
    redis: gateway.redis,
    limiter: Ratelimit.fixedWindow(1, "300 ms"),
    prefix: "limits:waiting",
    ephemeralCache: false,
  });
  while ((await ratelimit.limit("ann")).success);
  assert.equal((await ratelimit.blockUntilReady("ann", 5_000)).success, true);
});

testOnEachEngine("the deny list refuses by address, agent and country", async (gateway) => {
  const prefix = "limits:denied";
  // Switched off, so that nothing is fetched from the internet.
  await IpDenyList.disableIpDenyList(gateway.redis as never, prefix);
  const ratelimit = new Ratelimit({
    redis: gateway.redis,
    limiter: Ratelimit.fixedWindow(10, "60 s"),
    prefix,
    enableProtection: true,
  });
  // What it denies it remembers in its module: each engine has its own address.
  const address = `10.0.0.${gateway.engine.length}`;
  await gateway.redis.sadd(`${prefix}:denyList:all`, address);
  const denied = await ratelimit.limit("ann", { ip: address, userAgent: "curl", country: "DE" });
  assert.deepEqual([denied.success, denied.reason, denied.deniedValue], [
    false,
    "denyList",
    address,
  ]);
  assert.equal((await ratelimit.limit("ann", { ip: "10.1.1.1", userAgent: "curl" })).success, true);
});

testOnEachEngine("analytics are written after the answer", async (gateway) => {
  using _clock = heldClock();
  const ratelimit = new Ratelimit({
    redis: gateway.redis,
    limiter: Ratelimit.fixedWindow(1, "60 s"),
    prefix: "limits:analytics",
    analytics: true,
    ephemeralCache: false,
  });
  for (let call = 0; call < 3; call++) await (await ratelimit.limit("ann")).pending;
  const keys = await gateway.redis.keys("limits:analytics:events:*");
  assert.equal(keys.length, 1);
  const events = await gateway.redis.zrange(keys[0], 0, -1, { withScores: true });
  assert.deepEqual(events.filter((each) => typeof each === "number").sort(), [1, 2]);
});

for (const name of ["fixedWindow", "slidingWindow"] as const) {
  testOnEachEngine(`${name} over several regions agrees between them`, async (gateway) => {
    using _clock = heldClock();
    const ratelimit = new MultiRegionRatelimit({
      redis: [gateway.redis as never],
      limiter: MultiRegionRatelimit[name](2, "60 s"),
      prefix: `limits:regions:${name}`,
    });
    const replies = [];
    for (let call = 0; call < 3; call++) {
      const reply = await ratelimit.limit("ann");
      await reply.pending;
      replies.push(reply.success);
    }
    assert.deepEqual(replies, [true, true, false]);
  });
}

testOnEachEngine("concurrent checks let exactly the limit through", async (gateway) => {
  using _clock = heldClock();
  const ratelimit = new Ratelimit({
    redis: gateway.redis,
    limiter: Ratelimit.slidingWindow(20, "60 s"),
    prefix: "limits:crowd",
    ephemeralCache: false,
  });
  const replies = await Promise.all(Array.from({ length: 60 }, () => ratelimit.limit("ann")));
  assert.equal(replies.filter(({ success }) => success).length, 20);
});
