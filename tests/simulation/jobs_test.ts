/**
 * Jobs under seeded faults: duplicate, late, reordered and lost deliveries, lost replies of Redis
 * and QStash, isolates that die at any await, clocks that differ, a deploy in between, an app that
 * is away for 30 s, 10 min and 3 h; callers who cancel and replay meanwhile, groups whose children
 * defer or are cancelled, a schedule that ticks.
 *
 * `ZEROPOLL_SEED=7 deno task test tests/simulation` replays one seed, `ZEROPOLL_SEED=1-200` runs many.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  AppError,
  IMPORT_JOB,
  type JobContext,
  type Jobs,
  type JobView,
} from "../../shared/mod.ts";
import { parse } from "../../shared/core/jobs/claim.ts";
import { JobOutcome } from "../../shared/contracts/job.ts";
import { createApp } from "../../functions/app.ts";
import { long, longIf } from "../support/long.ts";
import { createWorld, type World, type WorldRegistry } from "../core/jobs/world.ts";
import { type Chaos, createChaos } from "./chaos.ts";
import { createRandom, type Random } from "./random.ts";

const SEEDS = 9;
const JOBS = 60;
const UNTRACKED = 8;
const GROUPS = 6;
const STORM_HOURS = 30;
const MINUTE_MS = 60_000;
/** For how many minutes nobody finds the app, each once, some hours after the one before. */
const OUTAGES = [0.5, 10, 180];
const OUTAGES_HOURS = 5;
const AWAY = { fetch: () => new Response("bad gateway", { status: 502 }) };

const [first, last = first] = (Deno.env.get("ZEROPOLL_SEED") ?? `1-${SEEDS}`).split("-").map(
  Number,
);
const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** A world in a storm, and those who call it. */
interface Storm {
  world: World;
  random: Random;
  /** What callers have: calls fail and replies are lost, but nobody dies of it. */
  jobs: Jobs<WorldRegistry>;
  /** Ids of jobs that were accepted and are tracked. */
  accepted: string[];
  /** How each ended, until it was replayed. */
  ended: Map<string, JobView>;
}

for (const [index, seed] of seeds.entries()) {
  const name = `seed ${seed}: every accepted job ends, runs alone, and stays as it ended`;
  Deno.test({ ...longIf(index > 1, name), fn: async () => void await weather(seed) });
}

// A seed in which dead letters of one moment are replayed: their order must not be chance.
Deno.test({
  ...long("a seed repeats itself: every run, every end, every random number"),
  fn: async () => assert.deepEqual(await weather(106), await weather(106)),
});

/** Goes through the storm of one seed; resolves to what happened in it. */
async function weather(seed: number) {
  const random = createRandom(seed);
  let chaos: Chaos | undefined;
  const afterTheEnd: string[] = [];
  await using world = await createWorld({
    startAt: Date.UTC(2026, 0, 1, 0, 0, 1),
    armsImport: true,
    ids: {
      random: () => Array.from({ length: 26 }, () => random.below(32).toString(32)).join(""),
    },
    onStart: async (context) => {
      if (await hasSucceeded(world, context)) afterTheEnd.push(context.id);
    },
    wrap: (deps) => {
      chaos ??= createChaos({
        random,
        sleep: (ms) => world.cloud.clock.sleep(ms),
        probability: 0.04,
        skewMs: 4_000,
      });
      return chaos.wrap(deps);
    },
  });
  const callers = createChaos({
    random,
    sleep: world.sleep,
    probability: 0.04,
    skewMs: 4_000,
    strikes: ["fails before", "fails after"],
  });
  addDeliveryFaults(world, random);
  const jobs = callers.jobs(world.deps);
  const storm: Storm = { world, random, jobs, accepted: [], ended: new Map() };
  await enqueueAll(storm);
  const untracked = await enqueueUntracked(storm);
  const groups = await enqueueGroups(storm);
  const children = groups.flatMap((group) => group.jobs);
  await tickHourly(storm, true);
  const app = () => createApp(chaos!.wrap(world.deps));
  const outages = new Map(OUTAGES.map((minutes, index) => {
    return [4 + index * OUTAGES_HOURS + random.below(OUTAGES_HOURS), minutes];
  }));
  let backAt = 0;
  for (let hour = 0; hour < STORM_HOURS; hour++) {
    // A deploy, and what takes the app away for a while.
    if (hour === 3) world.cloud.restart(app);
    const minutes = outages.get(hour);
    if (minutes !== undefined) {
      world.cloud.restart(() => AWAY);
      backAt = Date.now() + minutes * MINUTE_MS;
    }
    await cancelSome(storm, [...storm.accepted, ...children]);
    await replaySome(storm);
    const end = Date.now() + 60 * MINUTE_MS;
    if (backAt > Date.now() && backAt <= end) {
      await world.cloud.advance(backAt - Date.now());
      world.cloud.restart(app);
    }
    await world.cloud.advance(end - Date.now());
    await watch(storm);
  }
  await tickHourly(storm, false);
  chaos!.enabled = false;
  callers.enabled = false;
  world.cloud.qstash.faults.clear();
  await world.cloud.advance("24h");
  // What could not be told is taken in by the library, where there is work, or by whoever asks for it.
  while ((await world.jobs.importDeadLetters()).left > 0);
  await world.cloud.advance("24h");
  await watch(storm);
  const applied = new Set(world.effects.map(({ key }) => key));
  for (const id of storm.accepted) {
    const end = storm.ended.get(id)?.state;
    assert.ok(end, `job ${id} has not ended`);
    const letter = await world.deps.deadLetters.get(id);
    assert.equal(
      letter !== undefined,
      end === "failed",
      `job ${id}: ${end}, letter ${letter?.id}`,
    );
    if (end === "succeeded") assert.ok(applied.has(id), `job ${id} succeeded with no effect`);
  }
  for (const id of children) await assertEnded(world, id);
  for (const id of untracked) {
    const given = await world.deps.deadLetters.get(id);
    assert.ok(applied.has(id) || given, `job ${id} without tracking was lost`);
  }
  const notes = world.followUps.map(({ note }) => note);
  assert.equal(new Set(notes).size, GROUPS, "every group has its follow-up");
  assert.deepEqual(world.overlaps, [], "no two attempts of a job ran at once");
  assert.deepEqual(afterTheEnd, [], "no job ran again once it had succeeded");
  assert.ok(
    world.effects.every(({ key, id }) => key === id),
    "an effect's key is its job's, in every attempt and generation",
  );
  const known = new Set([...storm.accepted, ...children, ...untracked]);
  const { letters } = await world.deps.deadLetters.list({ limit: 1_000 });
  const ours = letters.filter(({ job }) => job !== IMPORT_JOB);
  const ticks = new Set([...world.seen, ...ours].map(({ id }) => id));
  known.forEach((id) => ticks.delete(id));
  assert.equal(ticks.size, STORM_HOURS, "every tick ran as a job of its own, or left its letter");
  assert.ok(Object.values(chaos!.struck).some((count) => count > 1));
  return {
    seen: world.seen,
    struck: chaos!.struck,
    ends: [...storm.ended].map(([id, { state, attempts }]) => [id, state, attempts]),
    next: random.next(),
  };
}

/** Whether Redis says that the job had succeeded before this run of it, which may then not be. */
async function hasSucceeded({ deps }: World, { id, tracked }: JobContext): Promise<boolean> {
  if (!tracked) return false;
  const text = await deps.redis.run(["GET", deps.keys.jobOutcome(id)]);
  return parse(JobOutcome, text)?.state === "succeeded";
}

/** Creates or removes a schedule whose every tick is a job. */
async function tickHourly({ world }: Storm, isOn: boolean): Promise<void> {
  const hourly = { cron: "0 * * * *", job: "work.do" as const, input: { steps: ["tick"] } };
  const plan = await world.jobs.planSchedules({ fixed: isOn ? { hourly } : {} }, "zeropoll");
  await world.jobs.applySchedules(plan);
}

function addDeliveryFaults({ cloud }: World, random: Random): void {
  const { faults } = cloud.qstash;
  const strikes = (probability: number) => ({
    times: 1e9,
    matches: () => random.chance(probability),
  });
  faults.add({ kind: "duplicate", ...strikes(0.05) });
  faults.add({ kind: "late", ms: 600_000, ...strikes(0.05) });
  faults.add({ kind: "reordered", count: 3, ...strikes(0.05) });
  faults.add({ kind: "lost", ...strikes(0.05) });
  faults.add({ kind: "overlapping", from: "wait", ...strikes(0.05) });
}

/** Enqueues jobs of every fate; what is refused is sent again under its dedupeId, as a caller would. */
async function enqueueAll({ jobs, random, accepted }: Storm): Promise<void> {
  for (let index = 0; index < JOBS; index++) {
    const orders = {
      steps: random.chance(0.3) ? ["one", "two"] : [],
      takesMs: random.chance(0.3) ? [random.below(90_000), random.below(90_000)] : [],
      failures: random.chance(0.3) ? random.below(6) : 0,
      forGood: random.chance(0.05),
      defersMs: random.chance(0.2) ? [random.below(7_200_000)] : [],
    };
    const options = { dedupeId: `job ${index}`, delayMs: random.below(3_600_000) };
    accepted.push((await insist(() => jobs.enqueue("work.do", orders, options))).id);
  }
}

async function enqueueUntracked({ jobs, random }: Storm): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < UNTRACKED; index++) {
    const orders = { failures: random.below(3), forGood: random.chance(0.1) };
    const options = { dedupeId: `untracked ${index}` };
    ids.push((await insist(() => jobs.enqueue("work.untracked", orders, options))).id);
  }
  return ids;
}

async function enqueueGroups({ jobs, random }: Storm) {
  const groups = [];
  for (let index = 0; index < GROUPS; index++) {
    const children = Array.from({ length: 1 + random.below(6) }, () => ({
      job: random.chance(0.2) ? "work.untracked" as const : "work.do" as const,
      input: {
        failures: random.below(3),
        forGood: random.chance(0.1),
        defersMs: random.chance(0.3) ? [random.below(7_200_000)] : [],
      },
      delayMs: random.below(36_000_000),
    }));
    const then = { job: "work.sum" as const, input: { note: `group ${index}` } };
    groups.push(await insist(() => jobs.enqueueGroup(children, { then, dedupeId: `g ${index}` })));
  }
  return groups;
}

async function cancelSome({ world, jobs, random }: Storm, ids: string[]): Promise<void> {
  const id = random.pick(ids);
  if (!random.chance(0.3) || !await stateOf(world, id)) return;
  try {
    await insist(() => jobs.cancel(id));
  } catch (error) {
    // An ended job is forgotten after a day, and by some clocks a little sooner.
    if ((error as AppError).code !== "job_not_found") throw error;
  }
}

/** Replays a dead letter; its job has then not ended, until it ends again. */
async function replaySome({ world, jobs, random, ended }: Storm): Promise<void> {
  const { letters } = await world.deps.deadLetters.list();
  if (letters.length === 0 || !random.chance(0.5)) return;
  const { id } = random.pick(letters);
  const isMended = random.chance(0.5);
  try {
    await insist(() => jobs.replay(id, isMended ? { input: {} } : {}));
    ended.delete(id);
  } catch (error) {
    const { code } = error as AppError;
    // A reply that was lost: the first try had done it.
    if (code === "not_found") ended.delete(id);
    else if (code !== "replay_refused") throw error;
  }
}

/** Once a job has ended it stays so, until it is replayed or its outcome is forgotten. */
async function watch({ world, accepted, ended }: Storm): Promise<void> {
  for (const id of accepted) {
    const before = ended.get(id);
    const view = await stateOf(world, id);
    if (before) {
      if (view) assert.equal(view.state, before.state, `job ${id} changed its end`);
      continue;
    }
    assert.ok(view, `job ${id} was lost`);
    if (isEnded(view)) ended.set(id, view);
  }
}

/** Undefined once the outcome has been forgotten. */
async function stateOf(world: World, id: string): Promise<JobView | undefined> {
  try {
    return await insist(() => world.jobs.state(id));
  } catch (error) {
    if (error instanceof AppError && error.code === "job_not_found") return undefined;
    throw error;
  }
}

async function assertEnded(world: World, id: string): Promise<void> {
  const view = await stateOf(world, id);
  assert.ok(!view || isEnded(view), `child ${id} is ${view?.state}`);
}

function isEnded({ state }: JobView): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled";
}

async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 20;; tries--) {
    try {
      return await work();
    } catch (error) {
      if (tries === 0 || !(error instanceof AppError) || !error.retryable) throw error;
    }
  }
}
