/**
 * Messages and claims as version 0.1 wrote them, whose attempts were QStash's deliveries.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createWorld, type World } from "./world.ts";

const ID = "0123456789abcdefghijklmnopqrstuv";

interface OldMessage {
  job?: string;
  input?: unknown;
  retries?: number;
  more?: Record<string, unknown>;
}

/** Publishes what an older build would have: the same body, and the job's own retries. */
async function publishOld(
  { deps }: World,
  { job = "work.do", input = {}, retries = 3, more = {} }: OldMessage = {},
): Promise<void> {
  const { publicUrl } = deps.config;
  const envelope = { version: 1, id: ID, job, input, generation: 0, ...more };
  await deps.queue.publish({
    url: `${publicUrl}/qstash/jobs/${job}`,
    body: JSON.stringify({ ...envelope, enqueuedAt: Date.now() }),
    label: ID,
    retries,
    timeoutMs: 60_000,
    failureCallbackUrl: `${publicUrl}/qstash/failures`,
    deduplicationId: `${ID}-${envelope.generation}`,
  });
}

for (const job of ["work.do", "work.untracked"]) {
  Deno.test(`a message from before runs as it is: ${job}`, async () => {
    await using world = await createWorld();
    await publishOld(world, { job });
    await world.cloud.settle();
    const view = await world.jobs.state(ID);
    assert.deepEqual([view.state, view.attempts, view.generation], ["succeeded", 1, 0]);
  });

  Deno.test(`a message from before whose run fails goes on as today's do, and ends when its retries are over: ${job}`, async () => {
    await using world = await createWorld();
    await publishOld(world, { job, input: { failures: 9 } });
    await world.cloud.advance("2h");
    assert.deepEqual(world.seen.map(({ attempt }) => attempt), [0, 1, 2, 3]);
    const view = await world.jobs.state(ID);
    assert.deepEqual([view.state, view.attempts], ["failed", 4]);
    assert.equal((await world.deps.deadLetters.get(ID))?.attempts, 4);
  });

  Deno.test(`deliveries of a message from before are its attempts, as they were when it was sent: ${job}`, async () => {
    await using world = await createWorld();
    await publishOld(world, { job });
    world.cloud.restart(() => ({ fetch: () => new Response("", { status: 502 }) }));
    await world.cloud.advance("1m");
    world.cloud.restart();
    await world.cloud.advance("1h");
    assert.deepEqual(world.seen.map(({ attempt }) => attempt), [2]);
    const view = await world.jobs.state(ID);
    assert.deepEqual([view.state, view.attempts], ["succeeded", 3]);
  });
}

Deno.test("the last delivery of a message from before runs, although its job has fewer retries by now", async () => {
  await using world = await createWorld();
  await publishOld(world, { job: "work.once" });
  world.cloud.restart(() => ({ fetch: () => new Response("", { status: 502 }) }));
  await world.cloud.advance("3m");
  world.cloud.restart();
  await world.cloud.advance("1h");
  assert.equal((await world.jobs.state(ID)).state, "succeeded");
});

Deno.test("the claim of an attempt that failed before the upgrade is gone on with", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  await publishOld(world, { input: { steps: ["charge"], failures: 1 } });
  world.cloud.restart(() => ({ fetch: () => new Response("", { status: 500 }) }));
  await world.cloud.settle();
  const claim = {
    job: "work.do",
    generation: 0,
    attempt: 0,
    nonce: "old",
    state: "retrying",
    leaseUntil: 0,
    enqueuedAt: Date.now(),
    startedAt: Date.now(),
    steps: { charge: "done" },
    error: { message: "told to fail at attempt 0" },
  };
  await redis.run(["SET", keys.jobClaim(ID), JSON.stringify(claim), "EX", 90_000]);
  assert.equal((await world.jobs.state(ID)).attempts, 1);
  world.cloud.restart();
  await world.cloud.advance("1m");
  const view = await world.jobs.state(ID);
  assert.deepEqual([view.state, view.attempts], ["succeeded", 2]);
  assert.deepEqual(world.stepsRun, []);
});

Deno.test("a deferral from before the upgrade finds the claim of the run that made it", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  const claim = {
    job: "work.do",
    generation: 0,
    attempt: 1,
    nonce: "old",
    state: "running",
    leaseUntil: Date.now() + 60_000,
    enqueuedAt: Date.now(),
    startedAt: Date.now(),
  };
  await redis.run(["SET", keys.jobClaim(ID), JSON.stringify(claim), "EX", 90_000]);
  await publishOld(world, { more: { generation: 1, after: "old", steps: { charge: 1 } } });
  await world.cloud.settle();
  const view = await world.jobs.state(ID);
  assert.deepEqual([view.state, view.generation, view.attempts], ["succeeded", 1, 1]);
});

Deno.test("a dead letter from before the upgrade is replayed as today's are", async () => {
  await using world = await createWorld();
  await world.deps.deadLetters.save({
    id: ID,
    job: "work.do",
    generation: 0,
    attempts: 4,
    error: { message: "told to fail", status: 500 },
    envelope: JSON.stringify({
      version: 1,
      id: ID,
      job: "work.do",
      input: { failures: 3 },
      generation: 0,
      enqueuedAt: Date.now(),
    }),
    failedAt: Date.now(),
  });
  await world.jobs.replay(ID);
  await world.cloud.advance("1h");
  const view = await world.jobs.state(ID);
  assert.deepEqual([view.state, view.attempts], ["succeeded", 4]);
});

Deno.test("a schedule's tick from before the upgrade runs, and its schedule is to be replaced", async () => {
  await using world = await createWorld();
  const { publicUrl } = world.deps.config;
  const body = { version: 1, job: "work.do", input: {}, generation: 0, enqueuedAt: 0 };
  await world.deps.queue.putSchedule({
    id: "zeropoll.hourly",
    cron: "0 * * * *",
    url: `${publicUrl}/qstash/jobs/work.do`,
    body: JSON.stringify(body),
    label: "zeropoll.hourly",
    retries: 3,
    timeoutMs: 60_000,
    failureCallbackUrl: `${publicUrl}/qstash/failures`,
  });
  const hourly = { cron: "0 * * * *", job: "work.do" as const, input: {} };
  const plan = await world.jobs.planSchedules({ fixed: { hourly } }, "zeropoll");
  assert.deepEqual(plan.replace.map(({ id }) => id), ["zeropoll.hourly"]);
  await world.cloud.advance("1h");
  assert.equal(world.effects.length, 1);
  await world.jobs.applySchedules(plan);
  assert.equal((await world.jobs.planSchedules({ fixed: { hourly } }, "zeropoll")).keep.length, 1);
});
