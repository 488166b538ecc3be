import assert from "node:assert/strict";
import * as z from "zod";
import { createCloud } from "../../../dev/cloud.ts";
import { createApp } from "../../../functions/app.ts";
import { createDeps } from "../../../functions/deps.ts";
import {
  defineJob,
  defineLimits,
  defineRegistry,
  type JobContext,
  readConfig,
} from "../../../shared/mod.ts";
import { silentLog } from "../../support/silent_log.ts";
import { START } from "./fleet.ts";

const { calls, few, heavy, away } = defineLimits({
  calls: { limit: 5, windowMs: 60_000, whenAway: "closed", algorithm: "fixed-window" },
  few: { limit: 2, windowMs: 60_000, whenAway: "open" },
  heavy: { limit: 10, windowMs: 60_000, whenAway: "open", algorithm: "fixed-window" },
  away: { limit: 5, windowMs: 60_000, whenAway: "closed" },
});

async function createWorld() {
  const runs: { user: string; at: number; attempt: number; generation: number }[] = [];
  const noted = ({ user }: { user: string }, { attempt, generation }: JobContext) => {
    runs.push({ user, at: Date.now() - START, attempt, generation });
  };
  const input = z.object({ user: z.string() });
  const by = ({ user }: { user: string }) => user;
  const registry = defineRegistry({
    "call.make": defineJob({ name: "call.make", input, limit: { policy: calls, by }, run: noted }),
    "call.heavy": defineJob({
      name: "call.heavy",
      input,
      limit: { policy: heavy, by, weight: 4 },
      run: noted,
    }),
    "call.untracked": defineJob({
      name: "call.untracked",
      input,
      tracked: false,
      limit: { policy: calls, by },
      run: noted,
    }),
    "call.away": defineJob({ name: "call.away", input, limit: { policy: away, by }, run: noted }),
    "call.inside": defineJob({
      name: "call.inside",
      input,
      run: async (input, context) => {
        const step = await context.step("before", () => "kept");
        await context.limited(few, input.user, () => noted(input, context));
        return step;
      },
    }),
  });
  let deps: ReturnType<typeof createDeps<typeof registry>> | undefined;
  const cloud = await createCloud({
    startAt: START,
    app: (environment) => {
      deps = createDeps(readConfig(environment), { log: silentLog }, registry);
      return createApp(deps);
    },
  });
  return {
    cloud,
    jobs: deps!.jobs,
    runs,
    [Symbol.asyncDispose]: () => cloud.close(),
  };
}

Deno.test("a job over its limit is put off to the moment the window opens, and spends no attempt", async () => {
  await using world = await createWorld();
  const ids = [];
  for (let job = 0; job < 7; job++) {
    ids.push((await world.jobs.enqueue("call.make", { user: "ann" })).id);
  }
  await world.cloud.settle();
  assert.equal(world.runs.length, 5);
  await world.cloud.advance("59s");
  assert.equal(world.runs.length, 5);
  await world.cloud.advance("1s");
  assert.equal(world.runs.length, 7);
  for (const { at, attempt, generation } of world.runs.slice(5)) {
    assert.deepEqual({ at, attempt, generation }, { at: 60_000, attempt: 0, generation: 1 });
  }
  for (const id of ids) assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("a job without tracking is put off as well, and others' limits are their own", async () => {
  await using world = await createWorld();
  for (let job = 0; job < 6; job++) await world.jobs.enqueue("call.untracked", { user: "ann" });
  await world.jobs.enqueue("call.untracked", { user: "bob" });
  await world.cloud.settle();
  assert.equal(world.runs.filter(({ user }) => user === "ann").length, 5);
  assert.equal(world.runs.filter(({ user }) => user === "bob").length, 1);
  await world.cloud.advance("1m");
  assert.equal(world.runs.length, 7);
});

Deno.test("many jobs put off at once run in the end, never more than the limit in a window, in few deliveries each", async () => {
  await using world = await createWorld();
  for (let job = 0; job < 40; job++) await world.jobs.enqueue("call.make", { user: "ann" });
  await world.cloud.advance("40m");
  assert.equal(world.runs.length, 40);
  const byMinute = Object.groupBy(world.runs, ({ at }) => Math.floor(at / 60_000));
  for (const runs of Object.values(byMinute)) assert.ok(runs!.length <= 5);
  const deferrals = world.runs.reduce((sum, { generation }) => sum + generation, 0);
  // All at every minute would be 35 + 30 + … = 140.
  assert.ok(deferrals < 130, `${deferrals} deferrals`);
});

Deno.test("a limit that a handler lets pass defers it, with its steps", async () => {
  await using world = await createWorld();
  for (let job = 0; job < 3; job++) await world.jobs.enqueue("call.inside", { user: "ann" });
  await world.cloud.settle();
  assert.equal(world.runs.length, 2);
  await world.cloud.advance("2m");
  assert.equal(world.runs.length, 3);
  assert.deepEqual([world.runs[2].attempt, world.runs[2].generation], [0, 1]);
});

Deno.test("a job's weight counts, and one beyond the limit is refused where it is defined", async () => {
  await using world = await createWorld();
  for (let job = 0; job < 3; job++) await world.jobs.enqueue("call.heavy", { user: "ann" });
  await world.cloud.settle();
  assert.equal(world.runs.length, 2, "a third of 4 does not fit into 10");
  await world.cloud.advance("1m");
  assert.equal(world.runs.length, 3);
  const input = z.object({ user: z.string() });
  assert.throws(
    () =>
      defineJob({
        name: "call.never",
        input,
        limit: { policy: few, by: ({ user }) => user, weight: 3 },
        run: () => {},
      }),
    RangeError,
  );
});

Deno.test("with Redis away a job of a closed limit waits for it, and spends no attempt", async () => {
  await using world = await createWorld();
  const undo = world.cloud.redis.faults.add({ kind: "refuse", times: 1_000 });
  const { id } = await world.jobs.enqueue("call.away", { user: "ann" });
  await world.cloud.advance("5m");
  assert.equal(world.runs.length, 0);
  undo();
  await world.cloud.advance("10m");
  assert.equal(world.runs.length, 1);
  assert.equal(world.runs[0].attempt, 0);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});
