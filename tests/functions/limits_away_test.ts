import assert from "node:assert/strict";
import { defineLimits } from "../../shared/mod.ts";
import { createLimitsWorld, type LimitsWorld, MINUTE_MS, START } from "./limits_world.ts";

const { open, closed, bucket } = defineLimits({
  open: { limit: 5, windowMs: MINUTE_MS, whenAway: "open" },
  closed: { limit: 100, windowMs: MINUTE_MS, whenAway: "closed" },
  bucket: {
    limit: 4,
    windowMs: 10_000,
    algorithm: "token-bucket",
    refill: 1,
    whenAway: "open",
  },
});
const CHECK = "/api/limits/spotify/check";
const ann = { as: "backend", body: { identifier: "ann" } };

const limitLines = ({ lines }: LimitsWorld) =>
  lines.filter(({ event }) => event.startsWith("limits.")).map(({ event }) => event);

const outages = [
  { what: "refuses", fault: { kind: "refuse" } },
  { what: "breaks connections", fault: { kind: "disconnect" } },
  { what: "has used up the plan", fault: { kind: "quota" } },
  { what: "takes the check and loses its answer", fault: { kind: "dropReply" } },
] as const;
for (const { what, fault } of outages) {
  Deno.test(`where Redis ${what} an open limit lets through what it would by itself, a closed one nothing`, async () => {
    await using world = await createLimitsWorld();
    world.cloud.redis.faults.add({ ...fault, times: 1_000 });
    const { limits } = world.deps();
    for (const policy of [open, bucket]) {
      for (let check = 1; check <= policy.limit; check++) {
        const answer = await limits.check(policy, "ann");
        assert.deepEqual([answer.allowed, answer.degraded], [true, true]);
        assert.equal(answer.remaining, policy.limit - check);
      }
      const over = await limits.check(policy, "ann");
      assert.deepEqual([over.allowed, over.because, over.degraded], [false, "exceeded", true]);
      assert.ok(over.retryAt! > START);
    }
    const refused = await limits.check(closed, "ann");
    assert.deepEqual([refused.allowed, refused.because], [false, "unavailable"]);
    assert.deepEqual(limitLines(world), ["limits.degraded"]);
    world.cloud.redis.faults.clear();
    await world.cloud.advance(MINUTE_MS);
    assert.equal((await limits.check(closed, "ann")).degraded, false);
    assert.deepEqual(limitLines(world), ["limits.degraded", "limits.restored"]);
  });
}

Deno.test("a closed limit answers 503 with Retry-After and X-Degraded while Redis is away", async () => {
  await using world = await createLimitsWorld();
  world.cloud.redis.faults.add({ kind: "refuse", times: 1_000 });
  const { status, headers, body } = await world.call("POST", CHECK, ann);
  assert.equal(status, 503);
  assert.equal(body.code, "limit_unavailable");
  assert.deepEqual(body["violated-policies"], ["spotify"]);
  assert.ok(Number(headers.get("retry-after")) >= 1);
  assert.equal(headers.get("x-degraded"), "limits");
});

Deno.test("an open limit on a route lets it through, and says that it was not checked", async () => {
  await using world = await createLimitsWorld();
  world.cloud.redis.faults.add({ kind: "refuse", times: 1_000 });
  const form = { headers: { origin: world.cloud.url }, body: "token=wrong-token-of-nobody" };
  const { status, headers } = await world.call("POST", "/admin/sign-in", form);
  assert.notEqual(status, 503);
  assert.notEqual(status, 429);
  assert.equal(headers.get("x-degraded"), "limits");
  assert.equal(headers.get("x-ratelimit-remaining"), "9");
});

Deno.test("units in the hand are spent while Redis is away, by a closed limit as well", async () => {
  await using world = await createLimitsWorld();
  const { limits, memory } = world.deps();
  for (let second = 0; second < 20; second++) {
    await limits.check(closed, "ann");
    await world.cloud.advance(1_000);
  }
  const hand = memory.hands.of(closed, "ann", world.cloud.clock.now());
  const left = hand.leftAt(world.cloud.clock.now());
  assert.ok(left > 0, "there is something to spend");
  world.cloud.redis.faults.add({ kind: "refuse", times: 1_000 });
  for (let check = 0; check < left; check++) {
    const { allowed, degraded } = await limits.check(closed, "ann");
    assert.deepEqual([allowed, degraded], [true, false]);
  }
  assert.equal((await limits.check(closed, "ann")).because, "unavailable");
});

Deno.test("a Redis that is slow is waited for no longer than 300 ms, by all that ask at once", async () => {
  await using world = await createLimitsWorld({ hurried: true });
  const { limits } = world.deps();
  // An isolate's first ask gets longer.
  await limits.check(open, "somebody else");
  world.cloud.redis.faults.add({ kind: "delay", ms: 1_500, clock: "real", times: 1 });
  const startedAt = performance.now();
  const answers = await Promise.all(Array.from({ length: 5 }, () => limits.check(open, "ann")));
  assert.ok(performance.now() - startedAt > 250);
  // Had anybody waited for the answer, it would be Redis's.
  for (const { allowed, degraded } of answers) assert.deepEqual([allowed, degraded], [true, true]);
});

Deno.test("a Redis that stays slow is not waited for by every check, and jobs go on asking it", async () => {
  await using world = await createLimitsWorld({ hurried: true });
  const { limits, redis } = world.deps();
  await limits.check(open, "somebody else");
  const disarm = world.cloud.redis.faults.add({ kind: "delay", ms: 600, clock: "real", times: 99 });
  for (let check = 0; check < 5; check++) await limits.check(open, `person ${check}`);
  const asked = world.cloud.redis.meter.lifetime().requests;
  for (let check = 0; check < 5; check++) {
    assert.equal((await limits.check(open, `person ${check}`)).degraded, true);
  }
  assert.equal(world.cloud.redis.meter.lifetime().requests, asked, "nothing was waited for");
  assert.equal(await redis.run(["SET", "job", "goes on"], { timeoutMs: 20_000 }), "OK");
  disarm();
  const before = world.cloud.redis.meter.lifetime().requests;
  await limits.check(open, "ann");
  assert.equal(world.cloud.redis.meter.lifetime().requests, before, "it rests");
  await world.cloud.advance(30_000);
  await limits.check(open, "ann");
  // It may have given up before Redis met it.
  while (world.cloud.redis.meter.lifetime().requests === before) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

Deno.test("what passes while Redis is away counts from what this isolate let through before", async () => {
  await using world = await createLimitsWorld();
  const { limits } = world.deps();
  for (let check = 0; check < 3; check++) await limits.check(open, "ann");
  world.deps().memory.hands.of(open, "ann", world.cloud.clock.now()).left = 0;
  world.deps().memory.hands.of(open, "ann", world.cloud.clock.now()).seen = undefined;
  world.cloud.redis.faults.add({ kind: "refuse", times: 1_000 });
  const passed = [];
  for (let check = 0; check < 5; check++) passed.push((await limits.check(open, "ann")).allowed);
  assert.deepEqual(passed, [true, true, false, false, false]);
});

Deno.test("lost script caches, and answers that are none, are no accident", async () => {
  await using world = await createLimitsWorld();
  const { limits } = world.deps();
  world.cloud.redis.faults.loseScripts();
  assert.equal((await limits.check(closed, "ann")).degraded, false);
  const window = Math.floor(world.cloud.clock.now() / MINUTE_MS);
  await world.redis("HSET", `zeropoll:limit:closed:bob:${window}`, "not", "a counter");
  const answer = await limits.check(closed, "bob");
  assert.deepEqual([answer.allowed, answer.because], [false, "unavailable"]);
});
