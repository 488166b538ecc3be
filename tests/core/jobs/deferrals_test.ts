import assert from "node:assert/strict";
import { defineJob } from "../../../shared/mod.ts";
import * as z from "zod";
import { createWorld } from "./world.ts";

const FOUR = { defersMs: [60_000, 60_000, 60_000, 60_000] };

Deno.test("a deferral to a moment that is over waits a second", async () => {
  const startedAt: number[] = [];
  await using world = await createWorld({
    onStart: () => Promise.resolve(void startedAt.push(Date.now())),
  });
  await world.jobs.enqueue("work.do", { defersMs: [-3_600_000, 0, 10] });
  await world.cloud.advance("10s");
  assert.equal(world.effects.length, 1);
  const waits = startedAt.slice(1).map((at, index) => at - startedAt[index]);
  assert.equal(waits.length, 3);
  assert(waits.every((ms) => ms >= 1_000), String(waits));
});

Deno.test("a job that defers more often than its maxDeferrals fails, and its dead letter says why", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.deferring", FOUR);
  await world.cloud.advance("10m");
  const view = await world.jobs.state(id);
  assert.equal(view.state, "failed");
  assert.match(view.error!.message, /deferred itself 3 times/);
  assert.equal(world.seen.length, 4);
  const letter = await world.deps.deadLetters.get(id);
  assert.match(letter!.error.message, /deferred itself 3 times, its maxDeferrals/);
});

Deno.test("a job may defer as often as its maxDeferrals, and as often again once it is replayed", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.deferring", FOUR);
  await world.cloud.advance("10m");
  // Its generation is 4 by now: of these waits three are left.
  await world.jobs.replay(id, {
    input: { defersMs: [...Array(4).fill(0), ...Array(3).fill(60_000)] },
  });
  await world.cloud.advance("10m");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.equal(world.seen.length, 8);
});

for (const maxDeferrals of [-1, 0.5, 1_000_001, NaN]) {
  Deno.test(`defineJob() refuses maxDeferrals ${maxDeferrals}`, () => {
    assert.throws(
      () => defineJob({ name: "a.b", input: z.unknown(), maxDeferrals, run: () => {} }),
      RangeError,
    );
  });
}
