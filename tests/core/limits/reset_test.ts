/**
 * What a reset forgets: every window that may weigh, on whosever clock it was begun, and nothing else.
 *
 * @module
 */
import assert from "node:assert/strict";
import { defineLimits, type LimitPolicy } from "../../../shared/mod.ts";
import {
  createLimitsWorld,
  keys,
  type LimitsWorld,
  MINUTE_MS,
} from "../../functions/limits_world.ts";

const { sliding, fixed, bucket, open, other } = defineLimits({
  sliding: { limit: 10, windowMs: MINUTE_MS, whenAway: "closed" },
  fixed: { limit: 10, windowMs: MINUTE_MS, whenAway: "closed", algorithm: "fixed-window" },
  bucket: {
    limit: 10,
    windowMs: MINUTE_MS,
    whenAway: "closed",
    algorithm: "token-bucket",
    refill: 1,
  },
  open: { limit: 10, windowMs: MINUTE_MS, whenAway: "open", open: true },
  other: { limit: 10, windowMs: MINUTE_MS, whenAway: "closed" },
});

async function passed({ deps }: LimitsWorld, policy: LimitPolicy, who = "ann") {
  const { limits } = deps();
  let count = 0;
  while (count < 50 && (await limits.check(policy, who)).allowed) count++;
  return count;
}

for (const policy of [sliding, fixed]) {
  for (const [off, when] of [[-1, "before"], [0, "of now"], [1, "after"]] as const) {
    Deno.test(`${policy.algorithm}: a reset forgets what was taken in the window ${when}`, async () => {
      await using world = await createLimitsWorld();
      const window = Math.floor(world.cloud.clock.now() / MINUTE_MS) + off;
      // Another isolate's, whose clock is that far from ours.
      const key = keys.limitWindow(policy.name, "ann", window);
      await world.redis("SET", key, 10, "EX", 600);
      await world.deps().limits.reset(policy, "ann");
      assert.equal(await world.redis("EXISTS", key), 0);
      if (off === 1) await world.cloud.advance(MINUTE_MS);
      assert.equal(await passed(world, policy), 10);
    });
  }
}

for (const policy of [sliding, fixed, bucket]) {
  Deno.test(`${policy.algorithm}: a reset gives all of it back, at once and here`, async () => {
    await using world = await createLimitsWorld();
    assert.equal(await passed(world, policy), 10);
    await world.deps().limits.reset(policy, "ann");
    assert.equal(await passed(world, policy), 10);
  });

  Deno.test(`${policy.algorithm}: a reset takes the units out of the hand, which Redis no longer knows`, async () => {
    await using world = await createLimitsWorld();
    const { limits } = world.deps();
    for (let unit = 0; unit < 4; unit++) {
      await limits.check(policy, "ann");
      await world.cloud.advance(100);
    }
    await limits.reset(policy, "ann");
    assert.equal((await limits.remaining(policy, "ann")).remaining, 10);
    world.commands();
    assert.equal((await limits.check(policy, "ann")).allowed, true);
    assert.ok(world.commands() > 0, "Redis is asked: the hand is empty");
  });

  Deno.test(`${policy.algorithm}: a reset costs 1 command, and touches nobody and no limit besides`, async () => {
    await using world = await createLimitsWorld();
    assert.equal(await passed(world, policy, "bob"), 10);
    assert.equal(await passed(world, other, "ann"), 10);
    assert.equal(await passed(world, policy, "ann"), 10);
    world.commands();
    await world.deps().limits.reset(policy, "ann");
    assert.equal(world.commands(), 1);
    assert.deepEqual([await passed(world, policy, "bob"), await passed(world, other, "ann")], [
      0,
      0,
    ]);
  });
}

Deno.test("another isolate refuses by what it knows for a sixth of the window, and no longer", async () => {
  await using world = await createLimitsWorld();
  const before = world.deps();
  for (let unit = 0; unit < 11; unit++) await before.limits.check(sliding, "ann");
  world.cloud.restart();
  await world.deps().limits.reset(sliding, "ann");
  assert.equal((await before.limits.check(sliding, "ann")).allowed, false);
  await world.cloud.advance(MINUTE_MS / 6 - 1);
  assert.equal((await before.limits.check(sliding, "ann")).allowed, false);
  await world.cloud.advance(1);
  assert.equal((await before.limits.check(sliding, "ann")).allowed, true);
});

Deno.test("a reset of an open limit gives back what was let through without Redis as well", async () => {
  await using world = await createLimitsWorld();
  const { limits } = world.deps();
  const ask = () => limits.checkOpen(open, "ann", () => "ann");
  for (let unit = 0; unit < 10; unit++) assert.notEqual((await ask())?.allowed, false);
  assert.equal((await ask())!.allowed, false);
  await limits.reset(open, "ann");
  world.commands();
  for (let unit = 0; unit < 5; unit++) assert.equal(await ask(), undefined);
  assert.equal(world.commands(), 0);
  for (let unit = 0; unit < 5; unit++) assert.equal((await ask())!.allowed, true);
  assert.equal((await ask())!.allowed, false);
});

Deno.test("a reset while Redis is away fails, and forgets nothing", async () => {
  await using world = await createLimitsWorld();
  assert.equal(await passed(world, sliding), 10);
  world.cloud.redis.faults.add({ kind: "refuse", times: 1_000 });
  await assert.rejects(world.deps().limits.reset(sliding, "ann"), { code: "redis_unavailable" });
  world.cloud.redis.faults.clear();
  assert.equal(await passed(world, sliding), 0);
});
