import assert from "node:assert/strict";
import { createWorld } from "./world.ts";

Deno.test("a job that waits is cancelled and never runs", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", {}, { delayMs: 60_000 });
  assert.equal((await world.jobs.cancel(id)).state, "cancelled");
  await world.cloud.advance("1h");
  assert.equal(world.seen.length, 0);
  assert.equal((await world.jobs.state(id)).state, "cancelled");
});

Deno.test("a delivery already on its way finds the job cancelled", async () => {
  await using world = await createWorld();
  // QStash cannot take back what it has handed out already.
  world.cloud.qstash.faults.add({ kind: "late", ms: 1_000 });
  const { id } = await world.jobs.enqueue("work.do", {});
  await world.jobs.cancel(id);
  await world.cloud.advance("1m");
  assert.equal(world.seen.length, 0);
});

Deno.test("a job that runs goes on, but stays cancelled", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { takesMs: [30_000] });
  await world.cloud.advance("10s");
  assert.equal((await world.jobs.cancel(id)).state, "cancelled");
  await world.cloud.advance("1h");
  assert.equal((await world.jobs.state(id)).state, "cancelled");
  assert.equal(world.seen.length, 1);
});

Deno.test("a job between two attempts is not tried again", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { failures: 1 });
  await world.cloud.settle();
  assert.equal((await world.jobs.cancel(id)).state, "cancelled");
  await world.cloud.advance("1h");
  assert.equal(world.seen.length, 1);
});

Deno.test("a job that has ended stays as it ended", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", {});
  await world.cloud.settle();
  assert.equal((await world.jobs.cancel(id)).state, "succeeded");
});

Deno.test("a job without tracking is cancelled at QStash", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.untracked", {}, { delayMs: 60_000 });
  world.bill();
  assert.equal((await world.jobs.cancel(id)).state, "cancelled");
  assert.equal(world.bill().commands, 0);
  await world.cloud.advance("1h");
  assert.equal(world.seen.length, 0);
});

Deno.test("to cancel an unknown job is an error, and leaves nothing behind", async () => {
  await using world = await createWorld();
  world.bill();
  await assert.rejects(world.jobs.cancel("0".repeat(32)), { code: "job_not_found" });
  await assert.rejects(world.jobs.state("0".repeat(32)), { code: "job_not_found" });
});

Deno.test("a job that is cancelled and then defers itself does not run again", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { takesMs: [30_000], defersMs: [60_000] });
  await world.cloud.advance("10s");
  await world.jobs.cancel(id);
  await world.cloud.advance("1h");
  assert.equal(world.seen.length, 1);
  assert.equal((await world.jobs.state(id)).state, "cancelled");
});

Deno.test("a job that is cancelled learns of it at its next step", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", {
    takesMs: [30_000],
    stepsAfter: ["charge", "ship"],
  });
  await world.cloud.advance("10s");
  await world.jobs.cancel(id);
  await world.cloud.advance("1h");
  assert.deepEqual(
    world.stepsRun,
    ["charge"],
    "the step whose result could not be kept is the last",
  );
  assert.equal((await world.jobs.state(id)).state, "cancelled");
});

Deno.test("a job that is cancelled and then defers itself by days does not run again either", async () => {
  await using world = await createWorld();
  await world.jobs.enqueue("work.do", { takesMs: [30_000], defersMs: [3 * 86_400_000] })
    .then(async ({ id }) => {
      await world.cloud.advance("10s");
      await world.jobs.cancel(id);
    });
  await world.cloud.advance("120h");
  assert.equal(world.seen.length, 1);
});
