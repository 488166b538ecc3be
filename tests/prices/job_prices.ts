/**
 * What jobs cost, and a day with nothing to do.
 *
 * @module
 */
import { createWorld, type World } from "../core/jobs/world.ts";
import type { Price, PriceRow } from "./price_list.ts";

const tracked: Price = { commands: 2, messages: 1, trips: 2 };
const nothing: Price = { commands: 0, messages: 0, trips: 0 };

async function settledJob(world: World): Promise<string> {
  const { id } = await world.jobs.enqueue("work.do", {});
  await world.cloud.settle();
  return id;
}

async function deadJob(world: World): Promise<string> {
  const { id } = await world.jobs.enqueue("work.do", { forGood: true });
  await world.cloud.settle();
  return id;
}

function postJob(world: World, body: unknown): Promise<Response> {
  return world.cloud.fetch("/api/jobs/work.do", {
    method: "POST",
    headers: { Authorization: `Bearer ${world.cloud.environment.SERVICE_TOKENS}` },
    body: JSON.stringify(body),
  });
}

/** Rows of the price list: the library's. */
export const jobPrices: readonly PriceRow[] = [
  {
    operation: "a day without traffic",
    ...nothing,
    run: (world) => world.cloud.advance("24h"),
  },
  {
    operation: "health",
    ...nothing,
    run: (world) => world.cloud.fetch("/health"),
  },
  {
    operation: "enqueue",
    ...nothing,
    run: (world) => world.jobs.enqueue("work.do", {}),
  },
  {
    operation: "enqueue with a dedupeId, over HTTP",
    commands: 1,
    messages: 0,
    trips: 1,
    run: (world) => postJob(world, { input: {}, dedupeId: "a" }),
  },
  {
    operation: "enqueue with the dedupeId of a job that failed, to run it anew",
    commands: 5,
    messages: 0,
    trips: 4,
    prepare: async (world) => {
      await postJob(world, { input: { forGood: true }, dedupeId: "a" });
      await world.cloud.settle();
    },
    run: (world) => postJob(world, { input: {}, dedupeId: "a", reuse: "failed" }),
  },
  {
    operation: "a job's attempt, untracked",
    commands: 0,
    messages: 1,
    trips: 0,
    run: async (world) => {
      await world.jobs.enqueue("work.untracked", {});
      await world.cloud.settle();
    },
  },
  {
    operation: "a job, tracked, first attempt succeeds",
    ...tracked,
    run: settledJob,
  },
  {
    operation: "each further attempt",
    commands: 2,
    messages: 1,
    trips: 2,
    beyond: tracked,
    run: async (world) => {
      await world.jobs.enqueue("work.do", { failures: 1 });
      await world.cloud.advance("1m");
    },
  },
  {
    operation: "a third attempt, on top of two",
    commands: 2,
    messages: 1,
    trips: 2,
    beyond: { commands: 4, messages: 2, trips: 4 },
    run: async (world) => {
      await world.jobs.enqueue("work.do", { failures: 2 });
      await world.cloud.advance("10m");
    },
  },
  {
    operation: "a step",
    commands: 1,
    messages: 0,
    trips: 1,
    beyond: tracked,
    run: async (world) => {
      await world.jobs.enqueue("work.do", { steps: ["one"] });
      await world.cloud.settle();
    },
  },
  {
    operation: "a transaction in a job",
    ...nothing,
    postgres: true,
    beyond: tracked,
    run: async (world) => {
      await world.jobs.enqueue("work.do", { transaction: true });
      await world.cloud.settle();
      const [{ effects }] = await world.deps.database!.query(
        "SELECT count(*)::int AS effects FROM effects",
      );
      if (effects !== 1) throw new Error("the transaction was not committed");
    },
  },
  {
    operation: "a failure for good, its letter kept in Postgres",
    commands: 3,
    messages: 1,
    trips: 2,
    postgres: true,
    beyond: tracked,
    run: deadJob,
  },
  {
    operation: "a progress report",
    commands: 1,
    messages: 0,
    trips: 1,
    beyond: tracked,
    run: async (world) => {
      await world.jobs.enqueue("work.do", { progress: 0.5 });
      await world.cloud.settle();
    },
  },
  {
    operation: "reading a job's state",
    commands: 1,
    messages: 0,
    trips: 1,
    prepare: settledJob,
    run: (world, id) => world.jobs.state(id as string),
  },
  {
    operation: "reading the state of a job that waits",
    commands: 1,
    messages: 0,
    trips: 1,
    prepare: (world) => world.jobs.enqueue("work.do", {}, { delayMs: 60_000 }),
    run: (world, enqueued) => world.jobs.state((enqueued as { id: string }).id),
  },
  {
    operation: "a child of a group, beyond its own job",
    commands: 2,
    messages: 0,
    trips: 1,
    prepare: async (world) => {
      await world.jobs.enqueueGroup([
        { job: "work.do", input: {} },
        { job: "work.do", input: {}, delayMs: 60_000 },
        { job: "work.do", input: {}, delayMs: 3_600_000 },
      ], { then: { job: "work.sum", input: { note: "" } } });
      await world.cloud.settle();
    },
    beyond: tracked,
    run: (world) => world.cloud.advance("2m"),
  },
  {
    operation: "a group with a follow-up, once",
    commands: 2,
    messages: 1,
    trips: 1,
    beyond: { commands: 4, messages: 1, trips: 3 },
    run: async (world) => {
      await world.jobs.enqueueGroup([{ job: "work.do", input: {} }], {
        then: { job: "work.untracked", input: {} },
      });
      await world.cloud.settle();
    },
  },
  {
    operation: "a group without a follow-up, each child beyond its own job",
    ...nothing,
    beyond: tracked,
    run: async (world) => {
      await world.jobs.enqueueGroup([{ job: "work.do", input: {} }]);
      await world.cloud.settle();
    },
  },
  {
    operation: "a deferral",
    commands: 1,
    messages: 1,
    trips: 1,
    beyond: tracked,
    run: async (world) => {
      await world.jobs.enqueue("work.do", { defersMs: [60_000] });
      await world.cloud.advance("2m");
    },
  },
  {
    operation: "a deferral by more than the job is remembered for",
    commands: 2,
    messages: 1,
    trips: 2,
    beyond: tracked,
    run: async (world) => {
      await world.jobs.enqueue("work.do", { defersMs: [2 * 86_400_000] });
      await world.cloud.advance("50h");
    },
  },
  {
    operation: "a tick of a fixed schedule, beyond its job",
    commands: 1,
    messages: 0,
    trips: 1,
    prepare: async (world) => {
      const plan = await world.jobs.planSchedules({
        fixed: { hourly: { cron: "0 * * * *", job: "work.do", input: {} } },
      }, "zeropoll");
      await world.jobs.applySchedules(plan);
    },
    beyond: tracked,
    run: (world) => world.cloud.advance("1h"),
  },
  {
    operation: "a duplicate delivery",
    commands: 2,
    messages: 0,
    trips: 2,
    beyond: tracked,
    run: async (world) => {
      world.cloud.qstash.faults.add({ kind: "duplicate" });
      await settledJob(world);
    },
  },
  {
    operation: "an hour with work, for what QStash could not tell",
    commands: 0,
    messages: 1,
    trips: 0,
    measure: async () => {
      await using world = await createWorld({
        armsImport: true,
        startAt: Date.UTC(2026, 0, 5, 10, 10),
      });
      for (let minute = 0; minute < 45; minute += 15) {
        await settledJob(world);
        await world.cloud.advance("15m");
      }
      world.bill();
      await world.cloud.advance("24h");
      const { requests: trips } = world.cloud.redis.meter.snapshot();
      return { ...world.bill(), trips };
    },
    run: () => Promise.resolve(),
  },
  {
    operation: "a failure for good, after its attempts",
    commands: 7,
    messages: 1,
    trips: 3,
    beyond: tracked,
    run: deadJob,
  },
  {
    operation: "cancelling a job",
    commands: 3,
    messages: 0,
    trips: 2,
    prepare: (world) => world.jobs.enqueue("work.do", {}, { delayMs: 60_000 }),
    run: (world, enqueued) => world.jobs.cancel((enqueued as { id: string }).id),
  },
  {
    operation: "replaying a dead letter, without the job itself",
    commands: 6,
    messages: 0,
    trips: 4,
    prepare: deadJob,
    run: (world, id) => world.jobs.replay(id as string, { notBefore: Date.now() + 60_000 }),
  },
  {
    operation: "a page of dead letters",
    commands: 2,
    messages: 0,
    trips: 2,
    prepare: deadJob,
    run: (world) => world.deps.deadLetters.list(),
  },
];
