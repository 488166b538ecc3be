/**
 * What counts as an attempt: a run of the handler, and nothing else.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createApp } from "../../../functions/app.ts";
import { createDeps } from "../../../functions/deps.ts";
import {
  PostgresUnavailableError,
  type Queue,
  QueueUnavailableError,
  readConfig,
} from "../../../shared/mod.ts";
import { silentLog } from "../../support/silent_log.ts";
import { createWorld, type World } from "./world.ts";

const HOUR_MS = 3_600_000;
const AWAY = { fetch: () => new Response("bad gateway", { status: 502 }) };

/** Takes the app away for this long. */
async function outage({ cloud }: World, time: string): Promise<void> {
  cloud.restart(() => AWAY);
  await cloud.advance(time);
  cloud.restart();
}

const runs = ({ seen }: World) => seen.map(({ generation, attempt }) => [generation, attempt]);

for (const time of ["30s", "10m", "3h"]) {
  Deno.test(`the app is away for ${time}: every job ends as if nothing had been, on the free plan`, async () => {
    await using world = await createWorld({ plan: "free" });
    const { jobs } = world;
    const hourly = { cron: "0 * * * *", job: "work.do" as const, input: {} };
    await jobs.applySchedules(await jobs.planSchedules({ fixed: { hourly } }, "zeropoll"));
    const fates = [{}, { failures: 2 }, { failures: 3 }, { defersMs: [60_000] }, {
      steps: ["one"],
    }];
    const tracked = await jobs.enqueueMany(
      fates.map((input) => ({ job: "work.do" as const, input })),
    );
    const untracked = await jobs.enqueueMany(
      fates.map((input) => ({ job: "work.untracked" as const, input })),
    );
    const once = await jobs.enqueue("work.once", {});
    const group = await jobs.enqueueGroup(
      [{ job: "work.do", input: { failures: 1 } }, { job: "work.untracked", input: {} }],
      { then: { job: "work.sum", input: { note: "all" } } },
    );
    const doomed = await jobs.enqueue("work.do", { forGood: true });
    await outage(world, time);
    const ticks = world.cloud.qstash.messages().filter(({ scheduleId }) => scheduleId).length;
    await world.cloud.advance("9h");
    for (const [index, { failures = 0 }] of fates.entries()) {
      for (const { id } of [tracked[index], untracked[index]]) {
        const view = await jobs.state(id);
        assert.deepEqual([view.state, view.attempts], ["succeeded", failures + 1], `fate ${index}`);
      }
    }
    assert.equal((await jobs.state(once.id)).attempts, 1);
    assert.equal(world.followUps.length, 1);
    for (const id of [...group.jobs, group.then!]) {
      assert.equal((await jobs.state(id)).state, "succeeded");
    }
    const { letters } = await world.deps.deadLetters.list();
    assert.deepEqual(letters.map(({ id, attempts }) => [id, attempts]), [[doomed.id, 1]]);
    assert.equal((await jobs.state(doomed.id)).state, "failed");
    const known = new Set([...tracked, ...untracked, once, doomed].map(({ id }) => id));
    const ran = new Set(world.effects.map(({ id }) => id).filter((id) => !known.has(id)));
    group.jobs.forEach((id) => ran.delete(id));
    assert.ok(ran.size >= ticks, "every tick that met the outage ran");
  });
}

Deno.test("a failure callback that finds no app for 3 h settles the job all the same", async () => {
  await using world = await createWorld({ plan: "free" });
  world.cloud.qstash.faults.add({ kind: "late", ms: 1_000, matches: ({ url }) => isFailure(url) });
  const { id } = await world.jobs.enqueue("work.do", { forGood: true });
  await world.cloud.settle();
  await outage(world, "3h");
  assert.equal(await world.deps.deadLetters.get(id), undefined);
  await world.cloud.advance("9h");
  assert.equal((await world.jobs.state(id)).state, "failed");
  assert.ok(await world.deps.deadLetters.get(id));
  assert.equal(world.cloud.qstash.deadLetters().length, 0);
});

const isFailure = (url: string) => url.endsWith("/qstash/failures");

Deno.test("a delivery that finds no app is repeated after 5 s, 1 min, 10 min, 1 h and 6 h", async () => {
  await using world = await createWorld({ plan: "free" });
  const { id } = await world.jobs.enqueue("work.do", {});
  await outage(world, "8h");
  const history = await world.deps.queue.history(id);
  const begun = history.filter(({ state }) => state === "ACTIVE").map(({ at }) => at).reverse();
  const waits = begun.slice(1).map((at, index) => (at - begun[index]) / 1_000);
  assert.deepEqual(waits, [5, 60, 600, 3_600, 21_600]);
});

Deno.test("more retries than 5 are 6 h apart, and QSTASH_MAX_RETRIES says how many", async () => {
  await using world = await createWorld({ environment: { QSTASH_MAX_RETRIES: "7" } });
  const { id } = await world.jobs.enqueue("work.do", {});
  await outage(world, "19h");
  assert.equal((await world.jobs.state(id)).attempts, 0);
  await world.cloud.advance("1h");
  const view = await world.jobs.state(id);
  assert.deepEqual([view.state, view.attempts], ["succeeded", 1]);
});

Deno.test("a plan that takes fewer retries than QSTASH_MAX_RETRIES is met with fewer", async () => {
  await using world = await createWorld({
    plan: "free",
    environment: { QSTASH_MAX_RETRIES: "20" },
  });
  const { id } = await world.jobs.enqueue("work.do", {});
  const many = await world.jobs.enqueueMany([{ job: "work.do", input: {} }]);
  const hourly = { cron: "0 * * * *", job: "work.do" as const, input: {} };
  const plan = await world.jobs.planSchedules({ fixed: { hourly } }, "zeropoll");
  await world.jobs.applySchedules(plan);
  await world.cloud.settle();
  for (const { id: one } of [{ id }, ...many]) {
    assert.equal((await world.jobs.state(one)).state, "succeeded");
  }
});

Deno.test("retries bound runs, not deliveries: a job without retries runs after an outage, once", async () => {
  await using world = await createWorld({ plan: "free" });
  const fails = await world.jobs.enqueue("work.once", { failures: 1 });
  await outage(world, "10m");
  await world.cloud.advance("2h");
  const view = await world.jobs.state(fails.id);
  assert.deepEqual([view.state, view.attempts], ["failed", 1]);
  assert.deepEqual(runs(world), [[0, 0]]);
});

Deno.test("runs that killed their isolate are counted, and are the last ones at some time", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { takesMs: [1e12, 1e12, 1e12, 1e12, 1e12] });
  await world.cloud.advance("9h");
  assert.deepEqual(runs(world).map(([, attempt]) => attempt), [0, 1, 2, 3]);
  const view = await world.jobs.state(id);
  assert.deepEqual([view.state, view.attempts], ["failed", 4]);
  assert.match(view.error!.message, /ended without an answer/);
  assert.equal((await world.deps.deadLetters.get(id))?.attempts, 4);
});

Deno.test("a run that killed its isolate counts beside those that failed", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { takesMs: [0, 1e12], failures: 9 });
  await world.cloud.advance("9h");
  assert.deepEqual(runs(world), [[0, 0], [1, 1], [1, 2], [2, 3]]);
  const view = await world.jobs.state(id);
  assert.deepEqual([view.state, view.attempts], ["failed", 4]);
});

Deno.test("without tracking, runs that killed their isolate are bounded by QStash's deliveries, and its letter says so", async () => {
  await using world = await createWorld({ plan: "free" });
  const { id } = await world.jobs.enqueue("work.untracked", { takesMs: Array(9).fill(1e12) });
  await world.cloud.advance("9h");
  assert.equal(world.seen.length, 6);
  assert.equal((await world.deps.deadLetters.get(id))?.attempts, 6);
  const view = await world.jobs.state(id);
  assert.deepEqual([view.state, view.attempts], ["failed", 6]);
});

for (const job of ["work.do", "work.untracked"] as const) {
  Deno.test(`a run that failed, and whose answer is lost, sends the job on once: ${job}`, async () => {
    await using world = await createWorld();
    world.cloud.qstash.faults.add({ kind: "lost", times: 3 });
    const { id } = await world.jobs.enqueue(job, { failures: 2 });
    await world.cloud.advance("5h");
    const view = await world.jobs.state(id);
    assert.deepEqual([view.state, view.attempts], ["succeeded", 3]);
    assert.deepEqual(runs(world), [[0, 0], [1, 1], [2, 2]]);
  });

  Deno.test(`an isolate that dies once it has sent the job on does not have it run twice: ${job}`, async () => {
    let dies = true;
    await using world = await createWorld({
      wrap: (deps) => ({
        ...deps,
        queue: dyingQueue(deps.queue, () => dies && !(dies = false), () => world.sleep(1e13)),
      }),
    });
    const { id } = await world.jobs.enqueue(job, { failures: 1, takesMs: [1_000] });
    await world.cloud.advance("9h");
    assert.equal(dies, false);
    const view = await world.jobs.state(id);
    assert.deepEqual([view.state, view.attempts], ["succeeded", 2]);
    assert.deepEqual(runs(world), [[0, 0], [1, 1]]);
  });

  Deno.test(`where QStash takes nothing its own retry delivers again, and the run counts once: ${job}`, async () => {
    let isAway = true;
    await using world = await createWorld({
      wrap: (deps) => ({
        ...deps,
        queue: {
          ...deps.queue,
          publish: (publication) =>
            isAway
              ? Promise.reject(new QueueUnavailableError("away"))
              : deps.queue.publish(publication),
        },
      }),
    });
    const { id } = await world.jobs.enqueue(job, { failures: 2 });
    await world.cloud.settle();
    const between = await world.jobs.state(id);
    assert.equal(between.state, "retrying");
    assert.equal(between.error?.message, "told to fail at attempt 0");
    assert.equal(between.attempts, 1);
    isAway = false;
    await world.cloud.advance("5h");
    assert.equal((await world.jobs.state(id)).state, "succeeded");
    if (job === "work.do") assert.deepEqual(runs(world), [[0, 0], [0, 1], [1, 2]]);
  });

  Deno.test(`Postgres that is away costs no attempt, and QStash delivers again in no hurry: ${job}`, async () => {
    let isAway = true;
    const startedAt: number[] = [];
    await using world = await createWorld({
      onStart() {
        startedAt.push(Date.now());
        if (isAway) throw new PostgresUnavailableError("Cannot reach Postgres");
        return Promise.resolve();
      },
    });
    const { id } = await world.jobs.enqueue(job, { failures: 3 });
    await world.cloud.advance("9m");
    const away = await world.jobs.state(id);
    assert.deepEqual([away.state, away.attempts], ["retrying", 0]);
    assert.match(away.error!.message, /Cannot reach Postgres/);
    const waits = startedAt.slice(1).map((at, index) => Math.round((at - startedAt[index]) / 1e3));
    assert.deepEqual(waits, [5, 60]);
    isAway = false;
    await world.cloud.advance("2h");
    const view = await world.jobs.state(id);
    assert.deepEqual([view.state, view.attempts], ["succeeded", 4]);
  });

  Deno.test(`attempts and error are told right, between runs and at the end: ${job}`, async () => {
    await using world = await createWorld();
    const { id } = await world.jobs.enqueue(job, { failures: 9 });
    await world.cloud.settle();
    const first = await world.jobs.state(id);
    assert.deepEqual([first.state, first.attempts], ["retrying", 1]);
    assert.equal(first.error?.message, "told to fail at attempt 0");
    assert.equal(Date.parse(first.nextAttemptAt!) - Date.now(), 12_000);
    await world.cloud.advance("1m");
    assert.equal((await world.jobs.state(id)).attempts, 2);
    await world.cloud.advance("1h");
    const last = await world.jobs.state(id);
    assert.deepEqual([last.state, last.attempts], ["failed", 4]);
    assert.equal(last.error?.message, "told to fail at attempt 3");
    const letter = await world.deps.deadLetters.get(id);
    assert.deepEqual([letter?.attempts, letter?.error.message], [4, "told to fail at attempt 3"]);
    const good = await world.jobs.enqueue(job, { forGood: true });
    await world.cloud.settle();
    const dead = await world.jobs.state(good.id);
    assert.deepEqual([dead.attempts, dead.error?.message], [1, "told to fail for good"]);
  });

  Deno.test(`a job that is cancelled between two runs does not run again: ${job}`, async () => {
    await using world = await createWorld();
    const { id } = await world.jobs.enqueue(job, { failures: 2 });
    await world.cloud.advance("1m");
    assert.equal(world.seen.length, 2);
    assert.equal((await world.jobs.cancel(id)).state, "cancelled");
    await world.cloud.advance("30h");
    assert.equal(world.seen.length, 2);
  });

  Deno.test(`a job that is cancelled while it runs, and then fails, does not run again: ${job}`, async () => {
    await using world = await createWorld();
    const orders = { takesMs: [30_000], failures: 2 };
    const { id } = await world.jobs.enqueue(job, orders);
    await world.cloud.advance("10s");
    assert.equal((await world.jobs.cancel(id)).state, "cancelled");
    await world.cloud.advance("30h");
    assert.equal(world.seen.length, 1);
  });

  Deno.test(`a replay starts counting anew: ${job}`, async () => {
    await using world = await createWorld();
    const { id } = await world.jobs.enqueue(job, { failures: 9 });
    await world.cloud.advance("1h");
    await world.jobs.replay(id, { input: { failures: 3 } });
    await world.cloud.advance("1h");
    const view = await world.jobs.state(id);
    assert.deepEqual([view.state, view.attempts], ["succeeded", 4]);
    assert.deepEqual(world.seen.map(({ attempt }) => attempt), [0, 1, 2, 3, 0, 1, 2, 3]);
  });

  Deno.test(`a run that fails when QStash has given up waiting for it sends nothing on: ${job}`, async () => {
    await using world = await createWorld();
    const { id } = await world.jobs.enqueue(job, { takesMs: [75_000], failures: 1 });
    await world.cloud.advance("72s");
    world.cloud.qstash.faults.add({ kind: "late", ms: 600_000 });
    await world.cloud.advance("5m");
    const history = await world.deps.queue.history(id);
    assert.ok(history.every(({ body }) => JSON.parse(body!).generation === 0));
  });
}

/** A queue whose caller dies right after it has published, where `strikes` says so. */
function dyingQueue(queue: Queue, strikes: () => boolean, die: () => Promise<void>): Queue {
  return {
    ...queue,
    async publish(publication) {
      const published = await queue.publish(publication);
      if (publication.body.includes('"runs":1') && strikes()) await die();
      return published;
    },
  };
}

Deno.test("a wait that the failure names is a delivery's own delay, longer than QStash would take", async () => {
  await using world = await createWorld({
    onStart({ attempt }) {
      if (attempt > 0) return Promise.resolve();
      throw Object.assign(new PostponedError("come back in two days"), {});
    },
  });
  const { id } = await world.jobs.enqueue("work.do", {});
  await world.cloud.advance("47h");
  assert.equal(world.seen.length, 1);
  await world.cloud.advance("2h");
  assert.equal(world.seen.length, 2);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

class PostponedError extends QueueUnavailableError {
  override readonly retryAfterMs = 48 * HOUR_MS;
}

Deno.test("with Redis away the runs of a job are counted all the same", async () => {
  await using world = await createWorld();
  world.cloud.redis.faults.add({ kind: "disconnect", times: 1e6 });
  const { id } = await world.jobs.enqueue("work.do", { failures: 2 });
  await world.cloud.advance("10m");
  assert.deepEqual(runs(world), [[0, 0], [1, 1], [2, 2]]);
  world.cloud.redis.faults.clear();
  await world.cloud.advance("1m");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("Redis that is away for 10 min keeps no child of a group from its run", async () => {
  await using world = await createWorld({ plan: "free" });
  const group = await world.jobs.enqueueGroup([{ job: "work.do", input: {} }], {
    then: { job: "work.sum", input: { note: "late" } },
  });
  world.cloud.redis.faults.add({ kind: "disconnect", times: 1e6 });
  await world.cloud.advance("10m");
  world.cloud.redis.faults.clear();
  await world.cloud.advance("2h");
  assert.equal((await world.jobs.state(group.jobs[0])).state, "succeeded");
  assert.equal(world.followUps.length, 1);
});

Deno.test("a failure callback that finds Redis away for 10 min settles the job all the same", async () => {
  await using world = await createWorld({ plan: "free" });
  world.cloud.qstash.faults.add({ kind: "late", ms: 1_000, matches: ({ url }) => isFailure(url) });
  const { id } = await world.jobs.enqueue("work.do", { forGood: true });
  await world.cloud.settle();
  world.cloud.redis.faults.add({ kind: "disconnect", times: 1e6 });
  await world.cloud.advance("10m");
  world.cloud.redis.faults.clear();
  await world.cloud.advance("2h");
  assert.equal((await world.jobs.state(id)).state, "failed");
  assert.ok(await world.deps.deadLetters.get(id));
});

Deno.test("a job that the app does not know yet waits for its deploy, over hours", async () => {
  await using world = await createWorld({ plan: "free" });
  const { id } = await world.jobs.enqueue("work.do", {});
  const { "work.do": job, ...registry } = world.deps.jobs.registry;
  assert.ok(job);
  world.cloud.restart((environment) =>
    createApp(createDeps(readConfig(environment), { log: silentLog }, registry as never))
  );
  await world.cloud.advance("1h");
  assert.equal((await world.jobs.state(id)).attempts, 0);
  world.cloud.restart();
  await world.cloud.advance("1h");
  const view = await world.jobs.state(id);
  assert.deepEqual([view.state, view.attempts], ["succeeded", 1]);
});
