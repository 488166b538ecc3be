import assert from "node:assert/strict";
import { createJobs, QueueUnavailableError } from "../../../shared/mod.ts";
import { createWorld, type World } from "./world.ts";

/** Enqueues a job that fails for good, and delivers it. */
async function failedJob(world: World): Promise<string> {
  const { id } = await world.jobs.enqueue("work.do", { forGood: true });
  await world.cloud.settle();
  return id;
}

Deno.test("a failure that cannot be retried is settled and kept at once", async () => {
  await using world = await createWorld();
  const id = await failedJob(world);
  const view = await world.jobs.state(id);
  assert.equal(view.state, "failed");
  assert.equal(view.error?.message, "told to fail for good");
  assert.equal(world.seen.length, 1);
  const letter = await world.deps.deadLetters.get(id);
  assert.equal(letter?.job, "work.do");
  assert.equal(letter?.error.status, 489);
  assert.equal(world.cloud.qstash.deadLetters().length, 0, "QStash's own entry is removed");
});

Deno.test("a job that uses up its retries is settled and kept", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { failures: 9 });
  await world.cloud.advance("1h");
  const view = await world.jobs.state(id);
  assert.equal(view.state, "failed");
  assert.equal(view.attempts, 4);
  assert.equal((await world.deps.deadLetters.list()).letters.length, 1);
});

Deno.test("a failure callback brings its own letter, and no other's", async () => {
  await using world = await createWorld();
  const isCallback = ({ url }: { url: string }) => url.endsWith("/qstash/failures");
  world.cloud.qstash.faults.add({ kind: "dropped", matches: isCallback });
  const lost = await failedJob(world);
  await world.cloud.advance("2m");
  const told = await failedJob(world);
  const { letters } = await world.deps.deadLetters.list();
  assert.deepEqual(letters.map(({ id }) => id), [told]);
  assert.equal((await world.jobs.importDeadLetters()).imported, 1);
  assert.equal((await world.jobs.state(lost)).state, "failed");
});

Deno.test("a failure callback that is still on its way is not overtaken", async () => {
  await using world = await createWorld();
  await failedJob(world);
  world.bill();
  assert.equal((await world.jobs.importDeadLetters()).imported, 0);
  for (let index = 0; index < 5; index++) {
    await world.jobs.enqueue("work.do", { forGood: true });
  }
  await world.cloud.settle();
  assert.equal(world.bill().commands, 5 * (2 + 7));
});

Deno.test("a failure callback that comes twice keeps one letter", async () => {
  await using world = await createWorld();
  const isCallback = ({ url }: { url: string }) => url.endsWith("/qstash/failures");
  world.cloud.qstash.faults.add({ kind: "duplicate", matches: isCallback });
  await failedJob(world);
  assert.equal((await world.deps.deadLetters.list()).letters.length, 1);
});

Deno.test("a replay runs the job again as its next generation, and the letter is gone", async () => {
  await using world = await createWorld();
  const id = await failedJob(world);
  await world.jobs.replay(id, { input: {} });
  assert.equal((await world.jobs.state(id)).state, "queued");
  await world.cloud.settle();
  const view = await world.jobs.state(id);
  assert.equal(view.state, "succeeded");
  assert.deepEqual(view.result, { attempt: 0, generation: 1 });
  assert.equal((await world.deps.deadLetters.list()).letters.length, 0);
});

Deno.test("a replay that fails again leaves a letter of the new generation", async () => {
  await using world = await createWorld();
  const id = await failedJob(world);
  await world.jobs.replay(id);
  await world.cloud.settle();
  assert.equal((await world.jobs.state(id)).state, "failed");
  assert.equal((await world.deps.deadLetters.get(id))?.generation, 1);
});

Deno.test("a late callback of the first generation does not fail the replay", async () => {
  await using world = await createWorld();
  const isCallback = ({ url }: { url: string }) => url.endsWith("/qstash/failures");
  world.cloud.qstash.faults.add({ kind: "duplicate", matches: isCallback });
  world.cloud.qstash.faults.add({ kind: "late", ms: 300_000, matches: isCallback });
  const { id } = await world.jobs.enqueue("work.do", { forGood: true });
  await world.cloud.advance("270s");
  assert.equal((await world.jobs.importDeadLetters()).imported, 1);
  await world.jobs.replay(id, { input: { takesMs: [50_000] } });
  await world.cloud.advance("10m");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("a letter whose job has moved on is refused, and swept", async () => {
  await using world = await createWorld();
  const id = await failedJob(world);
  const letter = await world.deps.deadLetters.get(id);
  await world.jobs.replay(id, { input: {} });
  await world.cloud.settle();
  await world.deps.deadLetters.save(letter!);
  await assert.rejects(world.jobs.replay(id), { code: "replay_refused" });
  assert.equal(world.seen.length, 2);
});

Deno.test("an edited input that does not fit is refused, naming the field", async () => {
  await using world = await createWorld();
  const id = await failedJob(world);
  await assert.rejects(world.jobs.replay(id, { input: { failures: "x" } }), (error: Error) => {
    assert.match(error.message, /input\.failures/);
    return true;
  });
  assert.ok(await world.deps.deadLetters.get(id));
});

Deno.test("many letters are replayed at the stated pace", async () => {
  await using world = await createWorld();
  for (let index = 0; index < 5; index++) await failedJob(world);
  const { replayed } = await world.jobs.replayAll({ perSecond: 1 });
  assert.equal(replayed.length, 5);
  await world.cloud.settle();
  assert.equal(world.seen.length, 6);
  await world.cloud.advance("2s");
  assert.ok(world.seen.length >= 7 && world.seen.length <= 8, `${world.seen.length} ran`);
  await world.cloud.advance("5s");
  assert.equal(world.seen.length, 10);
});

Deno.test("an edited input runs every step again, also when the replay's first delivery is lost", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { steps: ["charge"], forGood: true });
  await world.cloud.settle();
  world.cloud.restart(() => ({ fetch: () => new Response("starting", { status: 503 }) }));
  await world.jobs.replay(id, { input: { steps: ["charge"] } });
  await world.cloud.settle();
  world.cloud.restart();
  await world.cloud.advance("1h");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.deepEqual(world.stepsRun, ["charge", "charge"]);
});

Deno.test("a job that had put itself off is not given up although QStash never heard of it", async () => {
  await using world = await createWorld();
  // The run publishes the next generation, but QStash hears none of the answers.
  world.cloud.qstash.faults.add({ kind: "lost", times: 6, matches: ({ url }) => !isFailure(url) });
  const orders = { defersMs: [12 * 3_600_000] };
  const { id } = await world.jobs.enqueue("work.do", orders);
  await world.cloud.advance("10h");
  assert.ok(world.cloud.qstash.logs().some(({ state }) => state === "FAILED"));
  assert.equal((await world.jobs.state(id)).state, "queued");
  assert.equal(await world.deps.deadLetters.get(id), undefined);
  await world.cloud.advance("3h");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.deepEqual(world.seen.map(({ generation, attempt }) => [generation, attempt]), [
    [0, 0],
    [1, 0],
  ]);
});

Deno.test("a replay is no message that QStash has had before, from a generation that was given up", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { failures: 9 });
  await world.cloud.advance("40m");
  const { generation } = (await world.deps.deadLetters.get(id))!;
  const envelope = { id, job: "work.do", input: {}, version: 1, generation: generation + 1 };
  // As a run publishes it whose answer is lost, and its claim as well.
  await world.deps.queue.publish({
    url: `${world.deps.config.publicUrl}/qstash/jobs/work.do`,
    body: JSON.stringify({ ...envelope, enqueuedAt: 1 }),
    label: id,
    retries: 0,
    timeoutMs: 60_000,
    deduplicationId: `${id}-${generation + 1}`,
  });
  await world.cloud.settle();
  await world.jobs.replay(id, { input: {} });
  await world.cloud.settle();
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

const isFailure = (url: string) => url.endsWith("/qstash/failures");

Deno.test("a replay of an old letter that fails before it is claimed is found while nobody was told", async () => {
  await using world = await createWorld();
  const id = await failedJob(world);
  await world.cloud.advance("26h");
  await world.jobs.replay(id);
  const headers = { "Upstash-NonRetryable-Error": "true" };
  world.cloud.restart(() => ({ fetch: () => new Response("", { status: 489, headers }) }));
  await world.cloud.settle();
  assert.equal((await world.jobs.state(id)).state, "failed");
});

/** Fails `count` jobs for good, of which QStash can tell nobody. */
async function failUntold(world: World, count: number): Promise<void> {
  const isCallback = ({ url }: { url: string }) => url.endsWith("/qstash/failures");
  world.cloud.qstash.faults.add({ kind: "dropped", times: 1e6, matches: isCallback });
  await world.jobs.enqueueMany(
    Array.from({ length: count }, () => ({ job: "work.do", input: { forGood: true } })),
  );
  await world.cloud.advance("72h");
  world.cloud.qstash.faults.clear();
}

Deno.test("many untold letters are taken in, some at a time, and a page at a time shown", async () => {
  await using world = await createWorld();
  await failUntold(world, 130);
  let left: number;
  do {
    const { imported, left: rest } = await world.jobs.importDeadLetters();
    assert.ok(imported > 0);
    left = rest;
  } while (left > 0);
  assert.deepEqual(await world.jobs.importDeadLetters(), { imported: 0, left: 0 });
  const ids = new Set<string>();
  let cursor: string | undefined;
  const pages: number[] = [];
  do {
    const page = await world.deps.deadLetters.list({ cursor });
    pages.push(page.letters.length);
    for (const { id } of page.letters) ids.add(id);
    cursor = page.cursor;
  } while (cursor !== undefined);
  assert.deepEqual(pages, [50, 50, 30]);
  assert.equal(ids.size, 130);
});

Deno.test("another app's letters in the same QStash do not hide ours, and stay", async () => {
  await using world = await createWorld();
  const { deps } = world;
  const other = createJobs({
    ...deps,
    registry: deps.jobs.registry,
    publicUrl: `${deps.config.publicUrl}/other`,
    origin: "other@redis",
  });
  await failUntold(world, 3);
  await other.enqueueMany(
    Array.from({ length: 110 }, () => ({ job: "work.untracked", input: {} })),
  );
  await world.cloud.advance("72h");
  assert.equal((await world.jobs.importDeadLetters()).imported, 3);
  assert.equal(world.cloud.qstash.deadLetters().length, 110 * 2);
});

Deno.test("a letter that cannot be taken in does not stop the others", async () => {
  await using world = await createWorld();
  const { deps } = world;
  await world.jobs.enqueueGroup([{ job: "work.do", input: { forGood: true } }], {
    then: { job: "work.sum", input: { note: "" } },
  });
  await failUntold(world, 2);
  const { "work.sum": _, ...registry } = deps.jobs.registry;
  const jobs = createJobs({ ...deps, registry, publicUrl: deps.config.publicUrl });
  assert.equal((await jobs.importDeadLetters()).imported, 2);
});

for (const job of ["work.do", "work.untracked"] as const) {
  Deno.test(`a letter that QStash would not remove is not taken in again after a replay: ${job}`, async () => {
    let refuses = true;
    await using world = await createWorld({
      wrap: (deps) => ({
        ...deps,
        queue: {
          ...deps.queue,
          removeDeadLetter: (id) =>
            refuses
              ? Promise.reject(new QueueUnavailableError("away"))
              : deps.queue.removeDeadLetter(id),
        },
      }),
    });
    const { id } = await world.jobs.enqueue(job, { forGood: true });
    await world.cloud.settle();
    await world.jobs.replay(id, { input: {} });
    await world.cloud.settle();
    assert.equal((await world.jobs.state(id)).state, "succeeded");
    assert.equal(world.cloud.qstash.deadLetters().length, 1);
    refuses = false;
    // By now Redis has forgotten both how it failed and how it succeeded.
    await world.cloud.advance("30h");
    await world.jobs.importDeadLetters();
    assert.equal(await world.deps.deadLetters.get(id), undefined);
    assert.equal(world.cloud.qstash.deadLetters().length, 0);
  });
}
