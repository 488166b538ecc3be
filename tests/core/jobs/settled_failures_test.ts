/**
 * Failure callbacks that come too early, twice or too late, and the bit that says a follow-up was sent.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startDatabase } from "../../support/database.ts";
import { QueueUnavailableError } from "../../../shared/mod.ts";
import { claim, readRecords } from "../../../shared/core/jobs/claim.ts";
import type { FailedDelivery } from "../../../shared/mod.ts";
import { createWorld, type World } from "./world.ts";

const DAY_MS = 86_400_000;

/** What QStash tells of a job's message, as it was published last. */
async function failedDelivery({ deps }: World, id: string): Promise<FailedDelivery> {
  const [{ body, url, messageId }] = await deps.queue.history(id);
  return { url, body: body!, messageId, attempts: 6, status: 502, responseBody: "" };
}

Deno.test("a failure callback waits for a run whose lease lasts, and settles nothing before", async () => {
  await using world = await createWorld();
  const { id } = await world.jobs.enqueue("work.do", { takesMs: [30_000] });
  await world.cloud.advance("10s");
  const failed = await failedDelivery(world, id);
  assert.deepEqual(await world.jobs.failed(failed), { kind: "busy", retryAfterMs: 55_000 });
  assert.equal(await world.deps.deadLetters.get(id), undefined);
  assert.equal((await world.jobs.state(id)).state, "running");
  await world.cloud.advance("1m");
  assert.deepEqual(await world.jobs.failed(failed), { kind: "done" });
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.equal(await world.deps.deadLetters.get(id), undefined);
});

const isFailure = (url: string) => url.endsWith("/qstash/failures");

Deno.test("two callbacks of one failure at once leave the job failed, with its letter", async () => {
  await using world = await createWorld();
  world.cloud.qstash.faults.add({ kind: "dropped", matches: ({ url }) => isFailure(url) });
  const { id } = await world.jobs.enqueue("work.do", { forGood: true });
  await world.cloud.settle();
  const failed = await failedDelivery(world, id);
  const { deps } = world;
  let once = true;
  // The second has settled the job by the time the first does.
  const slow = {
    ...deps.deadLetters,
    async save(letter: Parameters<typeof deps.deadLetters.save>[0]) {
      await deps.deadLetters.save(letter);
      if (once) {
        once = false;
        await world.jobs.failed(failed);
      }
    },
  };
  const { createJobs } = await import("../../../shared/mod.ts");
  const { publicUrl } = deps.config;
  const jobs = createJobs({ ...deps, registry: deps.jobs.registry, publicUrl, deadLetters: slow });
  await jobs.failed(failed);
  assert.equal(once, false);
  assert.equal((await world.jobs.state(id)).state, "failed");
  assert.ok(await deps.deadLetters.get(id));
});

Deno.test("a run that succeeds while its failure is taken in leaves no letter", async () => {
  await using world = await createWorld();
  const { deps } = world;
  const { id } = await world.jobs.enqueue("work.do", { takesMs: [70_000] });
  await world.cloud.advance("66s");
  const failed = await failedDelivery(world, id);
  const slow = {
    ...deps.deadLetters,
    async save(letter: Parameters<typeof deps.deadLetters.save>[0]) {
      await deps.deadLetters.save(letter);
      await world.cloud.advance("10s");
    },
  };
  const { createJobs } = await import("../../../shared/mod.ts");
  const { publicUrl } = deps.config;
  await createJobs({ ...deps, registry: deps.jobs.registry, publicUrl, deadLetters: slow })
    .failed(failed);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.equal(await deps.deadLetters.get(id), undefined);
});

Deno.test("the claim of a job that failed is kept for as long as its outcome, and is nobody's", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  const { id } = await world.jobs.enqueue("work.do", { steps: ["one"], forGood: true });
  await world.cloud.settle();
  const { claim: kept, outcome } = await readRecords(redis, keys, id);
  assert.deepEqual([kept?.state, kept?.nonce, outcome?.state], ["ended", "", "failed"]);
  const [claimTtl, outcomeTtl] = await redis.pipeline([
    ["TTL", keys.jobClaim(id)],
    ["TTL", keys.jobOutcome(id)],
  ]) as number[];
  assert.ok(claimTtl > outcomeTtl && outcomeTtl >= 7 * DAY_MS / 1_000 - 1);
  const envelope = { version: 1 as const, id, job: "work.do", input: {}, generation: 0 };
  const answer = await claim(redis, keys, {
    job: world.jobs.registry["work.do"],
    envelope: { ...envelope, runs: 0, enqueuedAt: 1 },
    attempt: 0,
    nonce: "late",
    now: Date.now(),
  });
  assert.equal(answer.kind, "settled");
});

Deno.test("a follow-up that QStash does not take is sent by the next delivery of its last child", async () => {
  let refuses = true;
  await using world = await createWorld({
    wrap: (deps) => ({
      ...deps,
      queue: {
        ...deps.queue,
        publish: (publication) =>
          refuses && publication.url.endsWith("work.sum")
            ? Promise.reject(new QueueUnavailableError("away"))
            : deps.queue.publish(publication),
      },
    }),
  });
  const group = await world.jobs.enqueueGroup([{ job: "work.do", input: {} }], {
    then: { job: "work.sum", input: { note: "once" } },
  });
  await world.cloud.settle();
  assert.equal(world.followUps.length, 0);
  refuses = false;
  await world.cloud.advance("10m");
  assert.equal((await world.jobs.state(group.jobs[0])).state, "succeeded");
  assert.deepEqual(world.followUps.map(({ note }) => note), ["once"]);
  assert.equal(world.seen.length, 1);
});

Deno.test("a ledger remembers for as long as its job may come back: after a day of waiting, and by a replay after 25 days", async () => {
  await using postgres = await startDatabase();
  let applied = 0;
  let fails = true;
  await using world = await createWorld({
    environment: { DATABASE_URL: postgres.url },
    onStart: async (context) => {
      await context.transaction(() => Promise.resolve(applied++));
      if (fails) throw new Error("told to fail");
    },
  });
  const { id } = await world.jobs.enqueue("work.ladder", {}, { delayMs: 6 * DAY_MS });
  await world.cloud.advance("8d");
  assert.equal((await world.jobs.state(id)).state, "failed");
  assert.equal(applied, 1);
  await world.cloud.advance("25d");
  fails = false;
  await world.jobs.replay(id);
  await world.cloud.settle();
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.equal(applied, 1);
});
