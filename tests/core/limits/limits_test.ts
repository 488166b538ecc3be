import assert from "node:assert/strict";
import { Ratelimit } from "@upstash/ratelimit";
import { Redis as SdkRedis } from "@upstash/redis";
import { defineLimits, LimitExceededError } from "../../../shared/mod.ts";
import { Hands, MOST_HANDS } from "../../../shared/core/limits/hands.ts";
import { createLimitsWorld, type LimitsWorld, MINUTE_MS } from "../../functions/limits_world.ts";

const limitsTable = defineLimits({
  sliding: { limit: 10, windowMs: MINUTE_MS, whenAway: "closed" },
  fixed: { limit: 10, windowMs: MINUTE_MS, whenAway: "closed", algorithm: "fixed-window" },
  bucket: {
    limit: 10,
    windowMs: 10_000,
    whenAway: "closed",
    algorithm: "token-bucket",
    refill: 2,
  },
  second: { limit: 3, windowMs: MINUTE_MS, whenAway: "closed", lease: false },
});
const { sliding, fixed, bucket, second } = limitsTable;

async function passed(world: LimitsWorld, policy: typeof sliding | typeof fixed | typeof bucket) {
  let count = 0;
  while (count < 1_000 && (await world.deps().limits.check(policy, "ann")).allowed) count++;
  return count;
}

for (const policy of [sliding, fixed, bucket]) {
  const { algorithm } = policy;

  Deno.test(`${algorithm}: a heavy check that is refused takes nothing, and blocks no light one`, async () => {
    await using world = await createLimitsWorld();
    const { limits } = world.deps();
    await limits.check(policy, "ann", { weight: 7 });
    for (let again = 0; again < 5; again++) {
      const heavy = await limits.check(policy, "ann", { weight: 4 });
      assert.deepEqual([heavy.allowed, heavy.because], [false, "exceeded"]);
    }
    assert.equal(await passed(world, policy), 3);
  });

  Deno.test(`${algorithm}: a refusal says the moment at which the same passes, and asks nobody until then`, async () => {
    await using world = await createLimitsWorld();
    const { limits } = world.deps();
    await world.cloud.advance(20_000);
    assert.equal(await passed(world, policy), 10);
    const { retryAt } = await limits.check(policy, "ann");
    world.commands();
    for (let check = 0; check < 20; check++) {
      assert.equal((await limits.check(policy, "ann")).retryAt, retryAt);
    }
    assert.equal(world.commands(), 0);
    await world.cloud.advance(retryAt! - 1 - world.cloud.clock.now());
    assert.equal((await limits.check(policy, "ann")).allowed, false);
    await world.cloud.advance(1);
    assert.equal((await limits.check(policy, "ann")).allowed, true);
  });

  Deno.test(`${algorithm}: remaining takes nothing, and reset touches no neighbour`, async () => {
    await using world = await createLimitsWorld();
    const { limits } = world.deps();
    const names = ["a", "a:b", "*", "a*", "ä/ü?☃", "a%3Ab", "[a]"];
    for (const name of names) await limits.check(policy, name, { weight: 4 });
    for (const name of names) {
      assert.equal((await limits.remaining(policy, name)).remaining, 6, name);
      assert.equal((await limits.remaining(policy, name)).remaining, 6, name);
    }
    for (const name of ["a", "*"]) await limits.reset(policy, name);
    for (const name of names) {
      const left = name === "a" || name === "*" ? 10 : 6;
      assert.equal((await limits.remaining(policy, name)).remaining, left, name);
    }
  });

  Deno.test(`${algorithm}: every key has a TTL`, async () => {
    await using world = await createLimitsWorld();
    const { limits } = world.deps();
    for (const weight of [1, 1, 3]) await limits.check(policy, "ann", { weight });
    await limits.check(policy, "bob", { weight: 2 });
    const found = await world.redis("SCAN", 0, "MATCH", "*limit*", "COUNT", 1_000);
    assert.equal(found[1].length, 2);
    for (const key of found[1]) assert.ok(await world.redis("PTTL", key) > 0, key);
  });

  Deno.test(`${algorithm}: what plain @upstash/ratelimit counts under our prefix counts with us`, async () => {
    await using world = await createLimitsWorld();
    const { environment } = world.cloud;
    const library = new Ratelimit({
      redis: new SdkRedis({
        url: environment.UPSTASH_REDIS_REST_URL,
        token: environment.UPSTASH_REDIS_REST_TOKEN,
      }) as never,
      limiter: policy === bucket
        ? Ratelimit.tokenBucket(2, "10 s", 10)
        : policy === fixed
        ? Ratelimit.fixedWindow(10, "60 s")
        : Ratelimit.slidingWindow(10, "60 s"),
      prefix: `zeropoll:limit:${policy.name}`,
    });
    for (let check = 0; check < 6; check++) await library.limit("ann");
    assert.equal(await passed(world, policy), 4);
    assert.equal((await library.limit("ann")).success, false);
  });
}

Deno.test("a bucket is refilled, and what remains of it is what it holds by now", async () => {
  await using world = await createLimitsWorld();
  const { limits } = world.deps();
  assert.equal(await passed(world, bucket), 10);
  await world.cloud.advance(25_000);
  assert.equal((await limits.remaining(bucket, "ann")).remaining, 4);
  assert.equal(await passed(world, bucket), 4);
});

Deno.test("a reset is heard of by other isolates within a sixth of the window", async () => {
  await using world = await createLimitsWorld();
  const one = world.deps();
  world.cloud.restart();
  const other = world.deps();
  while ((await one.limits.check(sliding, "ann")).allowed);
  await other.limits.reset(sliding, "ann");
  assert.equal((await one.limits.check(sliding, "ann")).allowed, false);
  await world.cloud.advance(MINUTE_MS / 6);
  assert.equal((await one.limits.check(sliding, "ann")).allowed, true);
});

Deno.test("several limits must all let through; what the first took goes back when a later one refuses", async () => {
  await using world = await createLimitsWorld();
  const { limits } = world.deps();
  for (const first of [sliding, fixed, bucket]) {
    await limits.reset(second, "ann");
    const demands = [{ limit: first, identifier: "ann" }, { limit: second, identifier: "ann" }];
    for (let check = 0; check < 8; check++) {
      const answers = await limits.checkAll(demands);
      assert.deepEqual(answers.map(({ allowed }) => allowed), [true, check < 3]);
    }
    assert.equal(await passed(world, first), 7, first.algorithm);
  }
});

Deno.test("a limit without leases gives back by a script, and never below nothing", async () => {
  await using world = await createLimitsWorld();
  const { limits } = world.deps();
  while ((await limits.check(fixed, "ann")).allowed);
  const demands = [{ limit: second, identifier: "ann" }, { limit: fixed, identifier: "ann" }];
  for (let check = 0; check < 6; check++) {
    assert.equal((await limits.checkAll(demands))[1].allowed, false);
  }
  assert.equal((await limits.remaining(second, "ann")).remaining, 3);
});

Deno.test("limited() runs its work, or throws what the caller can act on", async () => {
  await using world = await createLimitsWorld();
  const { limits } = world.deps();
  let runs = 0;
  const call = () => limits.limited(second, "ann", () => ++runs);
  assert.deepEqual([await call(), await call(), await call()], [1, 2, 3]);
  const error = await call().catch((error) => error);
  assert.ok(error instanceof LimitExceededError);
  assert.ok(error.retryAfterMs > 0);
  assert.equal(runs, 3);
});

Deno.test("many checks at once of one isolate share their asks", async () => {
  await using world = await createLimitsWorld();
  const { limits } = world.deps();
  const { openai } = { openai: limits.find("openai")! };
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => limits.check(openai, "ann")),
  );
  assert.ok(answers.every(({ allowed }) => allowed));
  const { requests } = world.cloud.redis.meter.lifetime();
  assert.ok(requests <= 5, `${requests} requests`);
});

Deno.test("an identifier that has gone quiet gives its units back with another's ask", async () => {
  await using world = await createLimitsWorld();
  const { limits, memory } = world.deps();
  const spotify = limits.find("spotify")!;
  const inHand = () => memory.hands.of(spotify, "ann", world.cloud.clock.now()).left;
  let spent = 0;
  for (; inHand() < 10; spent++) {
    await limits.check(spotify, "ann");
    await world.cloud.advance(500);
  }
  assert.ok((await limits.remaining(spotify, "ann")).remaining <= 90 - spent);
  await world.cloud.advance(10_000);
  for (let check = 0; check < 2; check++) await limits.check(spotify, "bob");
  assert.equal((await limits.remaining(spotify, "ann")).remaining, 100 - spent);
});

Deno.test("what an isolate remembers is bounded", () => {
  const hands = new Hands(() => Promise.resolve(), { now: () => 0 });
  for (let user = 0; user < MOST_HANDS + 500; user++) {
    const hand = hands.of(sliding, `user ${user}`, 0);
    hand.put(0, 10);
    hands.holds(hand);
  }
  assert.equal(hands.size, MOST_HANDS);
});

Deno.test("the request's tally counts what the meter counts", async () => {
  await using world = await createLimitsWorld();
  for (let check = 0; check < 40; check++) {
    world.commands();
    const { headers } = await world.call("POST", "/api/limits/spotify/check", {
      as: "backend",
      body: { identifier: "ann", weight: 1 + check % 5 },
    });
    const [, told] = /desc="(\d+) commands"/.exec(headers.get("server-timing")!)!;
    assert.equal(Number(told), world.commands(), `check ${check}`);
    await world.cloud.advance(400);
  }
});

const misuse = [
  { what: "an empty identifier", identifier: "", weight: 1 },
  { what: "an identifier of 257 characters", identifier: "x".repeat(257), weight: 1 },
  { what: "a weight of nothing", identifier: "ann", weight: 0 },
  { what: "a part of a unit", identifier: "ann", weight: 1.5 },
  { what: "more than the limit", identifier: "ann", weight: 11 },
];
for (const { what, identifier, weight } of misuse) {
  Deno.test(`check() rejects ${what}`, async () => {
    await using world = await createLimitsWorld();
    await assert.rejects(world.deps().limits.check(sliding, identifier, { weight }), RangeError);
  });
}
