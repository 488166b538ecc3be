import assert from "node:assert/strict";
import type { JobStateName } from "../../../shared/mod.ts";
import { createWorld, type World } from "./world.ts";

// deno-lint-ignore no-explicit-any -- a test looks into any answer
type Answer = any;

async function post(world: World, path: string, body: unknown): Promise<Answer> {
  const response = await world.cloud.fetch(path, {
    method: "POST",
    headers: { authorization: "Bearer dev-service-token", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 202);
  return await response.json();
}

const enqueue = (world: World, input: unknown, more: Record<string, unknown> = {}) =>
  post(world, "/api/jobs/work.do", { input, dedupeId: "order 7", ...more });

Deno.test("a dedupeId that is new is queued, and one of a moment ago is known", async () => {
  await using world = await createWorld();
  const first = await enqueue(world, {});
  assert.deepEqual([first.state, first.deduplicated], ["queued", false]);
  const again = await enqueue(world, {});
  assert.deepEqual([again.id, again.state, again.deduplicated], [first.id, "queued", true]);
});

const ended: [state: JobStateName, input: unknown][] = [
  ["succeeded", {}],
  ["failed", { forGood: true }],
  ["cancelled", {}],
];

for (const [state, input] of ended) {
  for (const later of ["1m", "20m", "3h"]) {
    Deno.test(`a dedupeId whose job ${state} is told so ${later} later, and nothing is sent`, async () => {
      await using world = await createWorld();
      const { id } = await enqueue(world, input, state === "cancelled" ? { delay: "5d" } : {});
      if (state === "cancelled") await world.jobs.cancel(id);
      await world.cloud.advance(later);
      world.bill();
      const again = await enqueue(world, {});
      assert.deepEqual(again, { id, job: "work.do", state, deduplicated: true });
      assert.deepEqual(world.bill(), { commands: 1, messages: 0 });
      const runs = world.seen.length;
      await world.cloud.advance("1h");
      assert.equal(world.seen.length, runs);
    });
  }
}

Deno.test("a dedupeId whose job runs, waits for its retry or for its time is told so", async () => {
  await using world = await createWorld();
  await enqueue(world, { takesMs: [30_000] });
  await world.cloud.advance("10s");
  const running = await enqueue(world, {});
  assert.deepEqual([running.state, running.deduplicated], ["running", true]);
  await post(world, "/api/jobs/work.ladder", { input: { failures: 9 }, dedupeId: "b" });
  await world.cloud.advance("20m");
  const retrying = await post(world, "/api/jobs/work.ladder", { input: {}, dedupeId: "b" });
  assert.deepEqual([retrying.state, retrying.deduplicated], ["retrying", true]);
  const far = { input: {}, dedupeId: "c", delay: "5h" };
  await post(world, "/api/jobs/work.do", far);
  await world.cloud.advance("20m");
  const waiting = await post(world, "/api/jobs/work.do", far);
  assert.deepEqual([waiting.state, waiting.deduplicated], ["queued", true]);
});

Deno.test("a failed dedupeId is used again on request: a new generation with the new input, and no letter", async () => {
  await using world = await createWorld();
  const { id } = await enqueue(world, { forGood: true, steps: ["a"] });
  await world.cloud.advance("20m");
  assert.equal((await world.deps.deadLetters.list()).letters.length, 1);
  world.bill();
  const again = await enqueue(world, { steps: ["a"] }, { reuse: "failed" });
  assert.deepEqual(again, { id, job: "work.do", state: "queued", deduplicated: false });
  assert.equal(world.bill().commands, 5);
  const twice = await enqueue(world, {}, { reuse: "failed" });
  assert.deepEqual([twice.state, twice.deduplicated], ["queued", true]);
  await world.cloud.advance("1m");
  assert.deepEqual(world.seen.map(({ id: of, generation }) => [of, generation]), [[id, 0], [
    id,
    1,
  ]]);
  assert.deepEqual(world.stepsRun, ["a", "a"]);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
  assert.equal((await world.deps.deadLetters.list()).letters.length, 0);
  const late = await enqueue(world, {}, { reuse: "failed" });
  assert.deepEqual([late.state, late.deduplicated], ["succeeded", true]);
});

Deno.test("of several who use a failed one again at once, it runs once", async () => {
  await using world = await createWorld();
  const { id } = await enqueue(world, { forGood: true });
  await world.cloud.advance("20m");
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => enqueue(world, {}, { reuse: "failed" })),
  );
  assert.deepEqual(new Set(answers.map((answer) => answer.id)), new Set([id]));
  assert.equal(answers.filter(({ deduplicated }) => !deduplicated).length, 1, "one sends it");
  await world.cloud.advance("10m");
  assert.equal(world.effects.length, 1);
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("a reuse whose message was not sent is made good by the same call again", async () => {
  await using world = await createWorld();
  const { id } = await enqueue(world, { forGood: true });
  await world.cloud.advance("20m");
  world.cloud.qstash.faults.add({ kind: "publishRefused", status: 503, times: 9 });
  const refused = await world.cloud.fetch("/api/jobs/work.do", {
    method: "POST",
    headers: { authorization: "Bearer dev-service-token", "content-type": "application/json" },
    body: JSON.stringify({ input: {}, dedupeId: "order 7", reuse: "failed" }),
  });
  assert.equal(refused.status, 503);
  world.cloud.qstash.faults.clear();
  const again = await enqueue(world, {}, { reuse: "failed" });
  assert.deepEqual([again.id, again.deduplicated], [id, false]);
  await world.cloud.advance("1m");
  assert.equal((await world.jobs.state(id)).state, "succeeded");
});

Deno.test("an untracked job that failed is used again as well", async () => {
  await using world = await createWorld();
  const send = (input: unknown, more = {}) =>
    post(world, "/api/jobs/work.untracked", { input, dedupeId: "a", ...more });
  await send({ forGood: true });
  await world.cloud.settle();
  assert.equal((await send({}, { reuse: "failed" })).deduplicated, false);
  await world.cloud.settle();
  assert.equal(world.effects.length, 1);
});

Deno.test("many are looked up by one command, and a group's answer says whether it was known", async () => {
  await using world = await createWorld();
  const jobs = ["a", "b"].map((dedupeId) => ({ job: "work.do", input: {}, dedupeId }));
  const group = { jobs: [{ job: "work.do", input: {} }], dedupeId: "group 7" };
  await post(world, "/api/jobs", { jobs: [jobs[0]] });
  assert.equal((await post(world, "/api/groups", group)).deduplicated, false);
  await world.cloud.advance("20m");
  world.bill();
  const { jobs: answers } = await post(world, "/api/jobs", { jobs });
  assert.deepEqual(answers.map(({ state, deduplicated }: Answer) => [state, deduplicated]), [
    ["succeeded", true],
    ["queued", false],
  ]);
  assert.equal(world.bill().commands, 1);
  assert.equal((await post(world, "/api/groups", group)).deduplicated, true);
  assert.deepEqual(world.bill(), { commands: 1, messages: 0 });
});

Deno.test("with Redis away a dedupeId is sent all the same", async () => {
  await using world = await createWorld();
  world.cloud.redis.faults.add({ kind: "refuse", times: 20 });
  const { deduplicated } = await enqueue(world, {});
  assert.equal(deduplicated, false);
});

Deno.test("in code a dedupeId costs nothing, unless it is looked up", async () => {
  await using world = await createWorld();
  await world.jobs.enqueue("work.do", {}, { dedupeId: "a" });
  assert.equal(world.bill().commands, 0);
  await world.cloud.advance("20m");
  world.bill();
  const again = await world.jobs.enqueue("work.do", {}, { dedupeId: "a", lookUp: true });
  assert.deepEqual([again.state, again.deduplicated], ["succeeded", true]);
  assert.equal(world.bill().commands, 1);
});
