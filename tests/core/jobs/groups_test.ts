import assert from "node:assert/strict";
import { createWorld } from "./world.ts";

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
