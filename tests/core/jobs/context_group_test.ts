import assert from "node:assert/strict";
import * as z from "zod";
import { createCloud } from "../../../dev/cloud.ts";
import { createApp } from "../../../functions/app.ts";
import { createDeps } from "../../../functions/deps.ts";
import { defineJob, defineRegistry, readConfig } from "../../../shared/mod.ts";
import { silentLog } from "../../support/silent_log.ts";

const START = Date.parse("2026-11-21T10:00:00Z");

async function createWorld() {
  const ran: number[] = [];
  const sums: { note: string; states: (string | undefined)[] }[] = [];
  const child = defineJob({
    name: "child.run",
    input: z.object({ number: z.number() }),
    run: ({ number }) => void ran.push(number),
  });
  const sum = defineJob({
    name: "children.sum",
    input: z.object({ note: z.string() }),
    run: async ({ note }, { group }) => {
      const outcomes = await group!.outcomes();
      sums.push({ note, states: outcomes.map((outcome) => outcome?.state) });
    },
  });
  const registry = defineRegistry({
    "child.run": child,
    "children.sum": sum,
    "parent.run": defineJob({
      name: "parent.run",
      input: z.object({ numbers: z.array(z.number()), failures: z.number().default(0) }),
      run: async ({ numbers, failures }, context) => {
        const inputs = numbers.map((number) => ({ number }));
        const then = { job: sum, input: { note: "all" } };
        const { jobs } = await context.enqueueGroup(child, inputs, { then });
        if (context.attempt < failures) throw new Error("after the group was sent");
        return jobs.length;
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
    ran,
    sums,
    [Symbol.asyncDispose]: () => cloud.close(),
  };
}

Deno.test("a handler's group runs each child, and then its follow-up, once", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("parent.run", { numbers: [1, 2, 3] });
  await world.cloud.advance("1m");
  assert.deepEqual(world.ran.toSorted(), [1, 2, 3]);
  assert.deepEqual(world.sums, [{ note: "all", states: Array(3).fill("succeeded") }]);
  assert.equal((await world.jobs.state(id)).result, 3);
});

Deno.test("a handler that fails after its group and is run again sends no second one", async () => {
  await using world = await createWorld();
  await world.jobs.enqueue("parent.run", { numbers: [1, 2], failures: 2 });
  await world.cloud.advance("1h");
  assert.deepEqual(world.ran.toSorted(), [1, 2]);
  assert.equal(world.sums.length, 1);
});

Deno.test("a group of nobody has its follow-up all the same", async () => {
  await using world = await createWorld();
  await world.jobs.enqueue("parent.run", { numbers: [] });
  await world.cloud.advance("1m");
  assert.deepEqual(world.sums, [{ note: "all", states: [] }]);
});
