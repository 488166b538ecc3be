import assert from "node:assert/strict";
import { createWorld } from "./world.ts";

Deno.test("a step that has ended is not run again by a later attempt", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { steps: ["charge", "ship"], failures: 2 });
  await world.cloud.advance("10m");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.deepEqual(world.stepsRun, ["charge", "ship"]);
  assert.equal(world.seen.length, 3);
});

Deno.test("steps survive an attempt that dies", async () => {
  await using world = await createWorld();
  await world.jobs.enqueue("work.do", { steps: ["charge"], takesMs: [1e12, 1e12] });
  await world.cloud.advance("1h");
  assert.equal(world.seen.length, 3);
  assert.deepEqual(world.stepsRun, ["charge"]);
});

Deno.test("progress is shown while the job runs", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { progress: { done: 3 }, takesMs: [30_000] });
  await world.cloud.advance("10s");
  const view = await world.jobs.state(id);
  assert.equal(view.state, "running");
  assert.deepEqual(view.progress, { done: 3 });
  await world.cloud.advance("1m");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("a deferral costs no attempt, keeps the steps, and runs the job once in the end", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", {
    steps: ["charge"],
    defersMs: [3_600_000, 7_200_000],
  });
  await world.cloud.advance("30m");
  assert.equal((await world.jobs.state(id)).state, "queued");
  await world.cloud.advance("4h");
  const view = await world.jobs.state(id);
  assert.equal(view.state, "succeeded");
  assert.deepEqual(view.result, { attempt: 0, generation: 2 });
  assert.deepEqual(world.stepsRun, ["charge"]);
  assert.deepEqual(world.seen.map(({ generation }) => generation), [0, 1, 2]);
});

Deno.test("a deferral whose answer is lost does not make the job run twice", async () => {
  await using world = await createWorld();
  world.cloud.qstash.faults.add({ kind: "lost" });
  const { id } = await world.jobs.enqueue("work.do", { defersMs: [60_000] });
  await world.cloud.advance("1h");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.equal(world.seen.filter(({ generation }) => generation === 1).length, 1);
});

Deno.test("a duplicate of the delivery that follows a deferral is told to wait, and loses no step", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", {
    steps: ["charge"],
    defersMs: [60_000],
    takesMs: [5_000],
  });
  await world.cloud.advance("30s");
  world.cloud.qstash.faults.add({ kind: "overlapping" });
  await world.cloud.advance("10m");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.deepEqual(world.stepsRun, ["charge"]);
  assert.deepEqual(world.seen.map(({ generation }) => generation), [0, 1]);
});

Deno.test("a transaction without a Postgres is one clear error, for good", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { transaction: true });
  await world.cloud.advance("1h");
  const view = await world.jobs.state(id);
  assert.equal(view.state, "failed");
  assert.equal(view.error?.message, "Cannot use context.transaction: set DATABASE_URL");
  assert.equal(world.seen.length, 1, "to try again would be of no use");
});

Deno.test("a deferral that QStash does not take costs no attempt, and the next delivery need not wait", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { takesMs: [1_000], defersMs: [60_000] });
  await world.cloud.settle();
  world.cloud.qstash.faults.add({ kind: "publishRefused" });
  await world.cloud.advance("2s");
  const view = await world.jobs.state(id);
  assert.equal(view.state, "retrying");
  assert.match(view.error!.message, /publish/);
  await world.cloud.advance("10m");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.deepEqual(world.seen.map(({ attempt, generation }) => [generation, attempt]), [
    [0, 0],
    [0, 0],
    [1, 0],
  ]);
});

Deno.test("a late duplicate of the delivery that deferred runs nothing, whatever the next has come to", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { defersMs: [60_000], failures: 1 });
  await world.cloud.advance("61s");
  const between = await world.jobs.state(id);
  assert.deepEqual([between.state, between.generation], ["retrying", 2]);
  const [first] = (await world.deps.queue.history(id)).slice(-1);
  const duplicate = { job: "work.do", body: first.body!, attempt: 0, messageId: first.messageId };
  assert.deepEqual(await world.jobs.deliver(duplicate), {
    kind: "done",
    id,
    state: "superseded",
    tracked: true,
  });
  await world.cloud.advance("1h");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.deepEqual(world.seen.map(({ generation, attempt }) => [generation, attempt]), [
    [0, 0],
    [1, 0],
    [2, 1],
  ]);
});

Deno.test("a step of a name that could not be kept is refused, and one named like a built-in is kept", async () => {
  await using world = await createWorld();
  const refused = await world.jobs.enqueue("work.do", { steps: ["__proto__"] });
  await world.cloud.advance("1h");
  assert.match((await world.jobs.state(refused.id)).error!.message, /Cannot name a step/);
  assert.deepEqual(world.stepsRun, []);
  await world.jobs.enqueue("work.do", { steps: ["constructor", "toString"], failures: 1 });
  await world.cloud.advance("1h");
  assert.deepEqual(world.stepsRun, ["constructor", "toString"]);
});
