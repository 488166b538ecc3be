/**
 * What an isolate let through by itself, and when Redis hears of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { defineLimits } from "../../../shared/mod.ts";
import {
  createLimitsWorld,
  keys,
  type LimitsWorld,
  MINUTE_MS,
} from "../../functions/limits_world.ts";

const { open } = defineLimits({
  open: { limit: 10, windowMs: MINUTE_MS, whenAway: "open", open: true },
});

const ask = ({ deps }: LimitsWorld) => deps().limits.checkOpen(open, "ann", () => "ann");

async function passed(world: LimitsWorld) {
  let count = 0;
  while (count < 50 && (await ask(world))?.allowed !== false) count++;
  return count;
}
const windowOf = (world: LimitsWorld) => Math.floor(world.cloud.clock.now() / MINUTE_MS);

Deno.test("what Redis let through weighs on the next window's free half as well", async () => {
  await using world = await createLimitsWorld();
  assert.equal(await passed(world), 10);
  await world.cloud.advance(MINUTE_MS * 1.5);
  world.commands();
  assert.equal((await ask(world))?.allowed, true);
  assert.ok(world.commands() > 0, "half of 10 weighs as much as what is free");
});

Deno.test("what could not be told, since others had taken the rest, is told later", async () => {
  await using world = await createLimitsWorld();
  for (let unit = 0; unit < 5; unit++) assert.equal(await ask(world), undefined);
  const key = keys.limitWindow("open", "ann", windowOf(world));
  await world.redis("SET", key, 8, "EX", 600);
  assert.equal((await ask(world))!.allowed, true, "there are two left");
  assert.equal((await ask(world))!.allowed, false);
  await world.redis("DEL", key);
  await world.cloud.advance(MINUTE_MS / 6);
  assert.equal(await passed(world), 6, "10, less the 4 that were not told");
});

Deno.test("what was let through in a window that is over is told to no other", async () => {
  await using world = await createLimitsWorld();
  for (let unit = 0; unit < 5; unit++) assert.equal(await ask(world), undefined);
  world.cloud.redis.faults.add({ kind: "refuse", times: 1_000 });
  assert.equal((await ask(world))!.degraded, true);
  world.cloud.redis.faults.clear();
  await world.cloud.advance(3 * MINUTE_MS);
  assert.equal(await passed(world), 10);
  assert.equal(
    Number(await world.redis("GET", keys.limitWindow("open", "ann", windowOf(world)))),
    10,
  );
});

Deno.test("what remains of an open limit is less by what this isolate let through by itself", async () => {
  await using world = await createLimitsWorld();
  const remaining = async () => (await world.deps().limits.remaining(open, "ann")).remaining;
  for (let unit = 1; unit <= 5; unit++) {
    await ask(world);
    assert.equal(await remaining(), 10 - unit);
  }
  while ((await ask(world))?.allowed !== false);
  assert.equal(await remaining(), 0);
});
