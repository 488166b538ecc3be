import assert from "node:assert/strict";
import { createJobs, QueueUnavailableError } from "../../../shared/mod.ts";
import { createWorld, type World } from "./world.ts";

const then = { job: "work.sum", input: { note: "all done" } } as const;

Deno.test("the follow-up runs once, when every child has ended, and sees how", async () => {
  await using world = await createWorld();
  const group = await world.jobs.enqueueGroup([
    { job: "work.do", input: {} },
    { job: "work.do", input: { failures: 2 } },
    { job: "work.do", input: { forGood: true } },
    { job: "work.do", input: {}, delayMs: 7_200_000 },
  ], { then });
  await world.cloud.advance("1h");
  assert.equal(world.followUps.length, 0);
  await world.jobs.cancel(group.jobs[3]);
  await world.cloud.settle();
  assert.deepEqual(world.followUps, [{
    note: "all done",
    states: ["succeeded", "succeeded", "failed", "cancelled"],
  }]);
  await world.cloud.advance("24h");
  assert.equal(world.followUps.length, 1);
});

Deno.test("children delivered twice count once", async () => {
  await using world = await createWorld();
  world.cloud.qstash.faults.add({ kind: "duplicate", times: 3 });
  await world.jobs.enqueueGroup([
    { job: "work.do", input: {} },
    { job: "work.do", input: {}, delayMs: 60_000 },
  ], { then });
  await world.cloud.advance("30s");
  assert.equal(world.followUps.length, 0);
  await world.cloud.advance("2m");
  assert.equal(world.followUps.length, 1);
});

Deno.test("an empty group has its follow-up at once", async () => {
  await using world = await createWorld();
  await world.jobs.enqueueGroup([], { then });
  await world.cloud.settle();
  assert.deepEqual(world.followUps, [{ note: "all done", states: [] }]);
});

Deno.test("a group with an input that does not fit is refused as a whole, naming the child", async () => {
  await using world = await createWorld();
  await assert.rejects(
    world.jobs.enqueueGroup([
      { job: "work.do", input: {} },
      { job: "work.do", input: { failures: "x" } as never },
    ], { then }),
    /jobs\[1\]\.input\.failures/,
  );
  await world.cloud.settle();
  assert.equal(world.seen.length, 0);
});

Deno.test("a group enqueued twice under one dedupeId is one group", async () => {
  await using world = await createWorld();
  const children = [{ job: "work.do", input: {} }, { job: "work.do", input: {} }] as const;
  const first = await world.jobs.enqueueGroup(children, { then, dedupeId: "import 3" });
  const again = await world.jobs.enqueueGroup(children, { then, dedupeId: "import 3" });
  assert.deepEqual(again, first);
  await world.cloud.settle();
  assert.equal(world.seen.length, 2);
  assert.equal(world.followUps.length, 1);
});

Deno.test("a child waits for Redis instead of running uncounted", async () => {
  await using world = await createWorld();
  await world.jobs.enqueueGroup([{ job: "work.do", input: {} }], { then });
  const undo = world.cloud.redis.faults.add({ kind: "refuse", times: 100 });
  await world.cloud.settle();
  assert.equal(world.seen.length, 0);
  undo();
  await world.cloud.advance("1h");
  assert.equal(world.seen.length, 1);
  assert.equal(world.followUps.length, 1);
});

Deno.test("a child replayed days later sends no second follow-up", async () => {
  await using world = await createWorld();
  const { jobs: [id] } = await world.jobs.enqueueGroup(
    [{ job: "work.do", input: { forGood: true } }, { job: "work.do", input: {} }],
    { then },
  );
  await world.cloud.advance("1h");
  assert.equal(world.followUps.length, 1);
  await world.cloud.advance("72h");
  await world.jobs.replay(id, { input: {} });
  await world.cloud.advance("1h");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.equal(world.followUps.length, 1);
});

/** The same jobs, on a QStash whose next `cancel` is cut short `when` it happens. */
function cutShort({ deps }: World, when: "before" | "after") {
  let cut = false;
  const cancel = async (label: string) => {
    if (cut) return await deps.queue.cancel(label);
    cut = true;
    if (when === "after") await deps.queue.cancel(label);
    throw new QueueUnavailableError("cut short");
  };
  const { publicUrl } = deps.config;
  const { registry } = deps.jobs;
  return createJobs({ ...deps, registry, publicUrl, queue: { ...deps.queue, cancel } });
}

Deno.test("a cancellation that dies with its message taken back leaves no group waiting", async () => {
  await using world = await createWorld();
  const group = await world.jobs.enqueueGroup(
    [{ job: "work.do", input: {}, delayMs: 3_600_000 }],
    { then },
  );
  await assert.rejects(cutShort(world, "after").cancel(group.jobs[0]));
  await world.cloud.advance("2h");
  assert.deepEqual(world.followUps, [{ note: "all done", states: ["cancelled"] }]);
});

Deno.test("to cancel a child without tracking again makes good what was cut short", async () => {
  await using world = await createWorld();
  const group = await world.jobs.enqueueGroup(
    [{ job: "work.untracked", input: {}, delayMs: 3_600_000 }],
    { then },
  );
  const jobs = cutShort(world, "after");
  await assert.rejects(jobs.cancel(group.jobs[0]));
  assert.equal((await jobs.cancel(group.jobs[0])).state, "cancelled");
  await world.cloud.advance("2h");
  assert.equal(world.followUps.length, 1);
  assert.equal(world.seen.length, 0);
});

Deno.test("a group of more than a batch has its follow-up once, and children may defer or be untracked", async () => {
  await using world = await createWorld();
  const children = Array.from({ length: 620 }, (_, index) => ({
    job: index % 7 === 0 ? "work.untracked" as const : "work.do" as const,
    input: { defersMs: index % 100 === 0 ? [60_000] : [] },
  }));
  const group = await world.jobs.enqueueGroup(children, { then, dedupeId: "all" });
  assert.equal(new Set(group.jobs).size, 620);
  assert.deepEqual(await world.jobs.enqueueGroup(children, { then, dedupeId: "all" }), group);
  await world.cloud.advance("30s");
  assert.equal(world.followUps.length, 0);
  await world.cloud.advance("5m");
  assert.equal(world.followUps.length, 1);
  assert.equal(world.followUps[0].states.filter((state) => state === "succeeded").length, 620 - 89);
  assert.equal(new Set(world.seen.map(({ id }) => id)).size, 620);
});

Deno.test("a child that could not be counted when it had ended is counted when it comes again", async () => {
  await using world = await createWorld();
  await world.jobs.enqueueGroup([{ job: "work.do", input: {} }], { then });
  world.cloud.redis.faults.add({ kind: "refuse", commands: ["SETBIT"], times: 3 });
  await world.cloud.settle();
  assert.equal(world.followUps.length, 0);
  await world.cloud.advance("1h");
  assert.equal(world.seen.length, 1, "it had succeeded");
  assert.equal(world.followUps.length, 1);
});
