import assert from "node:assert/strict";
import { systemSleep } from "../../../shared/adapters/system.ts";
import { ArmedSlots, defineSchedules } from "../../../shared/mod.ts";
import { createWorld, type World } from "./world.ts";

const tableOf = (world: World, cron = "0 * * * *") =>
  defineSchedules(world.jobs.registry, {
    fixed: { hourly: { cron, job: "work.do", input: { steps: ["tick"] } } },
    armed: {
      flush: { slotMs: 3_600_000, job: "work.do", input: (slot) => ({ progress: slot }) },
    },
  });

Deno.test("schedules are created, kept, replaced and removed as the table says", async () => {
  await using world = await createWorld();
  const ids = (list: { id: string }[]) => list.map(({ id }) => id);
  const first = await world.jobs.planSchedules(tableOf(world), "zeropoll");
  assert.deepEqual(ids(first.create), ["zeropoll.hourly"]);
  await world.jobs.applySchedules(first);
  const second = await world.jobs.planSchedules(tableOf(world), "zeropoll");
  assert.deepEqual([ids(second.create), ids(second.replace), ids(second.keep)], [
    [],
    [],
    ["zeropoll.hourly"],
  ]);
  const changed = await world.jobs.planSchedules(tableOf(world, "30 * * * *"), "zeropoll");
  assert.deepEqual(ids(changed.replace), ["zeropoll.hourly"]);
  await world.jobs.applySchedules(changed);
  const other = await world.jobs.planSchedules({ fixed: {} }, "another");
  assert.deepEqual(ids(other.remove), [], "another namespace's schedules are left alone");
  const emptied = await world.jobs.planSchedules({ fixed: {} }, "zeropoll");
  assert.deepEqual(ids(emptied.remove), ["zeropoll.hourly"]);
  await world.jobs.applySchedules(emptied);
  assert.equal(world.cloud.qstash.schedules().length, 0);
});

Deno.test("each tick is a job of its own, and a tick delivered twice is one", async () => {
  await using world = await createWorld();
  await world.jobs.applySchedules(await world.jobs.planSchedules(tableOf(world), "zeropoll"));
  world.cloud.qstash.faults.add({ kind: "duplicate" });
  await world.cloud.advance("3h");
  assert.equal(world.seen.length, 3);
  assert.equal(new Set(world.seen.map(({ id }) => id)).size, 3);
  assert.equal((await world.jobs.state(world.seen[0].id)).state, "succeeded");
});

const newIsolate = () => new ArmedSlots(systemSleep);

Deno.test("an armed schedule runs once for each slot with work, and costs nothing without", async () => {
  await using world = await createWorld();
  const { armed } = tableOf(world);
  const [one, other] = [newIsolate(), newIsolate()];
  world.bill();
  await world.cloud.advance("24h");
  assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
  await world.jobs.arm(one, armed);
  assert.equal(world.bill().commands, 2);
  await world.jobs.arm(one, armed);
  assert.equal(world.bill().commands, 0, "this isolate knows");
  await world.jobs.arm(other, armed);
  assert.equal(world.bill().commands, 1, "another isolate reads the marker");
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 1);
  await world.jobs.arm(one, armed);
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 2);
});

Deno.test("an arming whose publish fails is made good by the next event", async () => {
  await using world = await createWorld();
  const { armed } = tableOf(world);
  const isolate = newIsolate();
  world.cloud.qstash.faults.add({ kind: "publishRefused" });
  await assert.rejects(world.jobs.arm(isolate, armed), { code: "queue_unavailable" });
  await world.jobs.arm(isolate, armed);
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 1);
});

Deno.test("an arming whose marker is not written is made good by the next event, with one job", async () => {
  await using world = await createWorld();
  const { armed } = tableOf(world);
  const isolate = newIsolate();
  world.cloud.redis.faults.add({ kind: "refuse", commands: ["SET"], times: 3 });
  await assert.rejects(world.jobs.arm(isolate, armed), { code: "redis_unavailable" });
  await world.jobs.arm(isolate, armed);
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 1);
});

Deno.test("two isolates that arm a slot at once send one message, and its job runs once", async () => {
  await using world = await createWorld();
  const { armed } = tableOf(world);
  world.bill();
  await Promise.all([newIsolate(), newIsolate()].map((isolate) => world.jobs.arm(isolate, armed)));
  assert.equal(world.bill().commands, 4);
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 1);
  assert.equal(world.bill().messages, 1);
});

Deno.test("requests of one isolate that arm a slot at once pay for one", async () => {
  await using world = await createWorld();
  const { armed } = tableOf(world);
  const isolate = newIsolate();
  world.bill();
  await Promise.all(Array.from({ length: 50 }, () => world.jobs.arm(isolate, armed)));
  assert.equal(world.bill().commands, 2);
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 1);
});

Deno.test("requests that wait for one whose arming fails are told so, and each may be tried again", async () => {
  await using world = await createWorld();
  const { armed } = tableOf(world);
  const isolate = newIsolate();
  world.cloud.qstash.faults.add({ kind: "publishRefused" });
  const arm = () => world.jobs.arm(isolate, armed);
  const ended = await Promise.allSettled(Array.from({ length: 10 }, arm));
  for (const { status } of ended) assert.equal(status, "rejected");
  await arm();
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 1);
});

const twoOf = (world: World) =>
  defineSchedules(world.jobs.registry, {
    fixed: {},
    armed: {
      close: { slotMs: 86_400_000, job: "work.do", input: () => ({ steps: ["close"] }) },
      flush: { slotMs: 3_600_000, job: "work.do", input: () => ({ steps: ["flush"] }) },
    },
  }).armed;

Deno.test("the markers of several schedules are read by one command", async () => {
  await using world = await createWorld();
  world.bill();
  await world.jobs.arm(newIsolate(), twoOf(world));
  assert.equal(world.bill().commands, 3, "and each that was missing is written by one");
  await world.jobs.arm(newIsolate(), twoOf(world));
  assert.equal(world.bill().commands, 1);
});

Deno.test("a further schedule that QStash does not take rests for 5 s, and the first is armed", async () => {
  await using world = await createWorld();
  const isolate = newIsolate();
  const arm = () => world.jobs.arm(isolate, twoOf(world));
  world.cloud.qstash.faults.add({ kind: "publishRefused", matches: secondOf() });
  await arm();
  world.bill();
  await arm();
  assert.equal(world.bill().commands, 0, "it rests");
  await world.cloud.advance("5s");
  await arm();
  assert.equal(world.bill().commands, 2);
  await world.cloud.advance("25h");
  assert.deepEqual(world.stepsRun.toSorted(), ["close", "flush"]);
});

/** Matches the second publish. */
function secondOf() {
  let publishes = 0;
  return () => ++publishes === 2;
}

Deno.test("what is armed for a moment of the day that has just ended runs for that day", async () => {
  const midnight = Date.parse("2026-11-22T00:00:00Z");
  await using world = await createWorld({ startAt: midnight + 5 });
  const isolate = newIsolate();
  const slots: number[] = [];
  const armed = defineSchedules(world.jobs.registry, {
    fixed: {},
    armed: {
      close: {
        slotMs: 86_400_000,
        dueMs: 86_400_000 + 600_000,
        job: "work.do",
        input: (slot) => {
          slots.push(slot);
          return {};
        },
      },
    },
  }).armed;
  await world.jobs.arm(isolate, armed, midnight - 5);
  await world.jobs.arm(isolate, armed);
  assert.deepEqual(slots, [midnight - 86_400_000, midnight]);
  await world.cloud.advance("9m");
  assert.equal(world.seen.length, 0);
  await world.cloud.advance("1m");
  assert.equal(world.seen.length, 1);
});
