import assert from "node:assert/strict";
import { createWorld } from "./world.ts";

Deno.test("a job runs once, is settled, and can be read", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", {});
  assert.equal((await world.jobs.state(id)).state, "queued");
  await world.cloud.settle();
  const view = await world.jobs.state(id);
  assert.equal(view.state, "succeeded");
  assert.deepEqual(view.result, { attempt: 0, generation: 0 });
  assert.equal(view.attempts, 1);
});

Deno.test("a job that fails twice is retrying in between, with its error, and then succeeds", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { failures: 2 });
  await world.cloud.settle();
  const between = await world.jobs.state(id);
  assert.equal(between.state, "retrying");
  assert.equal(between.error?.message, "told to fail at attempt 0");
  assert.equal(between.attempts, 1);
  assert.ok(between.nextAttemptAt);
  await world.cloud.advance("5m");
  const view = await world.jobs.state(id);
  assert.equal(view.state, "succeeded");
  assert.equal(view.attempts, 3);
  assert.deepEqual(world.seen.map(({ attempt }) => attempt), [0, 1, 2]);
});

Deno.test("a retry ladder of a day runs as fast as it can", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.ladder", { failures: 5 });
  await world.cloud.advance("32h");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.equal(world.seen.length, 6);
});

Deno.test("a duplicate delivery of a job that has ended does not run it", async () => {
  await using world = await createWorld();
  world.cloud.qstash.faults.add({ kind: "duplicate" });
  const { id } = await world.jobs.enqueue("work.do", {});
  await world.cloud.settle();
  assert.equal(world.seen.length, 1);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("a second delivery while the first still runs is told to wait", async () => {
  await using world = await createWorld();
  world.cloud.qstash.faults.add({ kind: "overlapping" });
  const { id } = await world.jobs.enqueue("work.do", { takesMs: [5_000] });
  await world.cloud.advance("10s");
  assert.equal(world.seen.length, 1);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("an answer that QStash never got is not run again", async () => {
  await using world = await createWorld();
  world.cloud.qstash.faults.add({ kind: "lost" });
  const { id } = await world.jobs.enqueue("work.do", {});
  await world.cloud.advance("10m");
  assert.equal(world.seen.length, 1);
  const view = await world.jobs.state(id);
  assert.equal(view.state, "succeeded");
  assert.equal(world.cloud.qstash.messages()[0].state, "DELIVERED");
});

Deno.test("a delivery that comes twenty minutes late runs the job once", async () => {
  await using world = await createWorld();
  world.cloud.qstash.faults.add({ kind: "late", ms: 20 * 60_000 });
  const { id } = await world.jobs.enqueue("work.do", {});
  await world.cloud.advance("19m");
  assert.equal(world.seen.length, 0);
  await world.cloud.advance("2m");
  assert.equal(world.seen.length, 1);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("an attempt that outlives its lease is taken over, and cannot settle or write after that", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { takesMs: [3_600_000] });
  await world.cloud.advance("10m");
  const view = await world.jobs.state(id);
  assert.equal(view.state, "succeeded");
  assert.deepEqual(view.result, { attempt: 1, generation: 0 });
  await world.cloud.advance("2h");
  assert.deepEqual((await world.jobs.state(id)).result, { attempt: 1, generation: 0 });
  assert.equal(world.seen.length, 2);
});

Deno.test("equal dedupeIds are one job, also after QStash has forgotten the first", async () => {
  await using world = await createWorld();
  const first = await world.jobs.enqueue("work.do", {}, { dedupeId: "order 7: paid" });
  const again = await world.jobs.enqueue("work.do", {}, { dedupeId: "order 7: paid" });
  assert.equal(again.id, first.id);
  assert.equal(again.deduplicated, true);
  await world.cloud.advance("1h");
  const late = await world.jobs.enqueue("work.do", {}, { dedupeId: "order 7: paid" });
  assert.equal(late.id, first.id);
  assert.equal(late.deduplicated, false);
  await world.cloud.settle();
  assert.equal(world.seen.length, 1);
});

Deno.test("a delay and a moment are kept", async () => {
  await using world = await createWorld();
  const now = world.cloud.clock.now();
  await world.jobs.enqueue("work.do", {}, { delayMs: 90_000 });
  await world.jobs.enqueue("work.do", {}, { notBefore: new Date(now + 3_600_000) });
  await world.cloud.advance("89s");
  assert.equal(world.seen.length, 0);
  await world.cloud.advance("3s");
  assert.equal(world.seen.length, 1);
  await world.cloud.advance("1h");
  assert.equal(world.seen.length, 2);
});

Deno.test("a job without tracking makes no Redis command, and is read from QStash's log", async () => {
  await using world = await createWorld();
  world.bill();
  const { id } = await world.jobs.enqueue("work.untracked", { failures: 1 });
  await world.cloud.advance("1m");
  assert.equal(world.bill().commands, 0);
  assert.deepEqual(world.seen.map(({ tracked }) => tracked), [false, false]);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("an input that a newer build no longer takes becomes a dead letter at once", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", {}, { delayMs: 60_000 });
  const taken = world.jobs.registry["work.do"].input;
  Object.assign(world.jobs.registry["work.do"], { input: taken.refine(() => false, "is too old") });
  await world.cloud.advance("2m");
  const view = await world.jobs.state(id);
  assert.equal(view.state, "failed");
  assert.match(view.error!.message, /is too old/);
  assert.equal(world.seen.length, 0);
});

Deno.test("an unknown id is not found", async () => {
  await using world = await createWorld();
  await assert.rejects(world.jobs.state("0".repeat(32)), { code: "job_not_found" });
});

Deno.test("a success that QStash never heard of does not turn into a failure once it is forgotten", async () => {
  await using world = await createWorld();
  world.cloud.qstash.faults.add({ kind: "lost", times: 6 });
  const { id } = await world.jobs.enqueue("work.do", {});
  await world.cloud.advance("23h");
  assert.equal(world.cloud.qstash.logs().some(({ state }) => state === "FAILED"), true);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  await world.cloud.advance("65m");
  await assert.rejects(world.jobs.state(id), { code: "job_not_found" });
});
