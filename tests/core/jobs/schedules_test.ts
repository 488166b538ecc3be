import assert from "node:assert/strict";
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

Deno.test("an armed schedule runs once for each slot with work, and costs nothing without", async () => {
  await using world = await createWorld();
  const { flush } = tableOf(world).armed;
  const [one, other] = [new ArmedSlots(), new ArmedSlots()];
  world.bill();
  await world.cloud.advance("24h");
  assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
  await world.jobs.arm(one, "flush", flush);
  assert.equal(world.bill().commands, 2);
  await world.jobs.arm(one, "flush", flush);
  assert.equal(world.bill().commands, 0, "this isolate knows");
  await world.jobs.arm(other, "flush", flush);
  assert.equal(world.bill().commands, 1, "another isolate reads the marker");
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 1);
  await world.jobs.arm(one, "flush", flush);
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 2);
});

Deno.test("an arming whose publish fails is made good by the next event", async () => {
  await using world = await createWorld();
  const { flush } = tableOf(world).armed;
  const armed = new ArmedSlots();
  world.cloud.qstash.faults.add({ kind: "publishRefused" });
  await assert.rejects(world.jobs.arm(armed, "flush", flush), { code: "queue_unavailable" });
  await world.jobs.arm(armed, "flush", flush);
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 1);
});

Deno.test("two isolates that arm a slot at once send one message, and its job runs once", async () => {
  await using world = await createWorld();
  const { flush } = tableOf(world).armed;
  world.bill();
  await Promise.all(
    [new ArmedSlots(), new ArmedSlots()].map((isolate) => world.jobs.arm(isolate, "flush", flush)),
  );
  assert.equal(world.bill().commands, 4);
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 1);
  assert.equal(world.bill().messages, 1);
});
