import assert from "node:assert/strict";
import { createWorld } from "./world.ts";

Deno.test("with Redis away a job runs without tracking, and QStash's log says that it did", async () => {
  await using world = await createWorld();
  const undo = world.cloud.redis.faults.add({ kind: "refuse", times: 100 });
  const { id } = await world.jobs.enqueue("work.do", {});
  await world.cloud.settle();
  assert.deepEqual(world.seen.map(({ tracked }) => tracked), [false]);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  undo();
});

Deno.test("a reply lost after the claim was applied does not lose the job", async () => {
  await using world = await createWorld();
  world.cloud.redis.faults.add({ kind: "dropReply" });
  const { id } = await world.jobs.enqueue("work.do", {});
  await world.cloud.settle();
  assert.deepEqual(world.seen.map(({ tracked }) => tracked), [true]);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("a job whose outcome Redis would not take is not run again, and reads as succeeded", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { takesMs: [10_000] });
  await world.cloud.settle();
  const undo = world.cloud.redis.faults.add({ kind: "refuse", times: 100 });
  await world.cloud.advance("30s");
  undo();
  await world.cloud.advance("1h");
  assert.equal(world.seen.length, 1);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("with the plan's commands used up, jobs go on without tracking", async () => {
  await using world = await createWorld();
  world.cloud.redis.faults.add({ kind: "quota", times: 100 });
  await world.jobs.enqueue("work.do", {});
  await world.cloud.settle();
  assert.deepEqual(world.seen.map(({ tracked }) => tracked), [false]);
});

Deno.test("a job that ran while Redis was away and was settled after it is not run again", async () => {
  await using world = await createWorld();
  const undo = world.cloud.redis.faults.add({ kind: "refuse", times: 100 });
  const { id } = await world.jobs.enqueue("work.do", { takesMs: [50_000] }, { dedupeId: "order" });
  await world.cloud.settle();
  undo();
  await world.cloud.advance("1m");
  assert.deepEqual(world.seen.map(({ tracked }) => tracked), [false]);
  await world.cloud.advance("1h");
  await world.jobs.enqueue("work.do", {}, { dedupeId: "order" });
  await world.cloud.settle();
  assert.equal(world.seen.length, 1);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("nor is one that had deferred before that, when its delivery comes twice", async () => {
  await using world = await createWorld();
  const orders = { defersMs: [300_000], takesMs: [50_000] };
  const { id } = await world.jobs.enqueue("work.do", orders);
  await world.cloud.advance("340s");
  world.cloud.qstash.faults.add({ kind: "duplicate" });
  const undo = world.cloud.redis.faults.add({ kind: "refuse", times: 100 });
  await world.cloud.advance("15s");
  undo();
  await world.cloud.advance("1h");
  assert.deepEqual(world.seen.map(({ generation, tracked }) => [generation, tracked]), [
    [0, true],
    [1, false],
  ]);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});
