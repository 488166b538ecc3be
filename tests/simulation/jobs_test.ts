/**
 * Jobs under seeded faults: duplicate, late, reordered and lost deliveries, lost replies of Redis
 * and QStash, isolates that die at any await, clocks that differ, a deploy in between.
 *
 * `ZEROPOLL_SEED=7 deno task test tests/simulation` replays one seed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { AppError, type JobView } from "../../shared/mod.ts";
import { createApp } from "../../functions/app.ts";
import { createWorld, type World } from "../core/jobs/world.ts";
import { type Chaos, createChaos } from "./chaos.ts";
import { createRandom, type Random } from "./random.ts";

const SEEDS = 20;
const JOBS = 60;
const GROUPS = 4;

const replayed = Deno.env.get("ZEROPOLL_SEED");
const seeds = replayed
  ? [Number(replayed)]
  : Array.from({ length: SEEDS }, (_, index) => index + 1);

for (const seed of seeds) {
  Deno.test(`seed ${seed}: every accepted job ends, runs alone, and stays as it ended`, async () => {
    const random = createRandom(seed);
    let chaos: Chaos | undefined;
    await using world = await createWorld({
      startAt: Date.UTC(2026, 0, 1),
      ids: {
        random: () => Array.from({ length: 26 }, () => random.below(32).toString(32)).join(""),
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
    addDeliveryFaults(world, random);
    const accepted = await enqueueAll(world, random);
    const groups = await enqueueGroups(world, random);
    const ended = new Map<string, JobView>();
    for (let hour = 0; hour < 30; hour++) {
      if (hour === 3) world.cloud.restart((_) => createApp(chaos!.wrap(world.deps)));
      await cancelSome(world, random, accepted);
      await world.cloud.advance("1h");
      await watch(world, accepted, ended);
    }
    chaos!.enabled = false;
    world.cloud.qstash.faults.clear();
    await world.cloud.advance("24h");
    // What could not be told is taken in by the page that lists dead letters.
    await world.jobs.importDeadLetters();
    await world.cloud.advance("24h");
    await watch(world, accepted, ended);
    for (const id of accepted) {
      const end = ended.get(id)?.state;
      assert.ok(end, `job ${id} has not ended`);
      const letter = await world.deps.deadLetters.get(id);
      assert.equal(
        letter !== undefined,
        end === "failed",
        `job ${id}: ${end}, letter ${letter?.id}`,
      );
    }
    for (const id of groups.flatMap(({ jobs }) => jobs)) await assertEnded(world, id);
    const notes = world.followUps.map(({ note }) => note);
    assert.equal(new Set(notes).size, GROUPS, "every group has its follow-up");
    assert.deepEqual(world.overlaps, [], "no two attempts of a job ran at once");
    assert.ok(Object.values(chaos!.struck).some((count) => count > 1));
  });
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
async function enqueueAll(world: World, random: Random): Promise<string[]> {
  const accepted: string[] = [];
  for (let index = 0; index < JOBS; index++) {
    const orders = {
      steps: random.chance(0.3) ? ["one", "two"] : [],
      takesMs: random.chance(0.3) ? [random.below(90_000), random.below(90_000)] : [],
      failures: random.chance(0.3) ? random.below(6) : 0,
      forGood: random.chance(0.05),
      defersMs: random.chance(0.2) ? [random.below(7_200_000)] : [],
    };
    const options = { dedupeId: `job ${index}`, delayMs: random.below(3_600_000) };
    accepted.push((await insist(() => world.jobs.enqueue("work.do", orders, options))).id);
  }
  return accepted;
}

async function enqueueGroups(world: World, random: Random) {
  const groups = [];
  for (let index = 0; index < GROUPS; index++) {
    const children = Array.from({ length: 1 + random.below(6) }, () => ({
      job: "work.do" as const,
      input: { failures: random.below(3), forGood: random.chance(0.1) },
    }));
    const then = { job: "work.sum" as const, input: { note: `group ${index}` } };
    const group = await insist(() =>
      world.jobs.enqueueGroup(children, { then, dedupeId: `group ${index}` })
    );
    groups.push({ jobs: group.jobs, then: group.then! });
  }
  return groups;
}

async function cancelSome(world: World, random: Random, accepted: string[]): Promise<void> {
  const id = random.pick(accepted);
  // A caller cancels what it knows of; an ended job is forgotten after a day.
  if (random.chance(0.3) && await stateOf(world, id)) await insist(() => world.jobs.cancel(id));
}

/** Once a job has ended it stays so, until its outcome is forgotten. */
async function watch(
  world: World,
  accepted: string[],
  ended: Map<string, JobView>,
): Promise<void> {
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
