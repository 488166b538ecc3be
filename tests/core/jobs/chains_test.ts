/**
 * Jobs that enqueue each other come to an end, and what is theirs alone is taken from nobody else.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as z from "zod";
import { createCloud } from "../../../dev/cloud.ts";
import { createApp } from "../../../functions/app.ts";
import { createDeps, type Deps } from "../../../functions/deps.ts";
import { feedAudit, feedClose, feedFlush, feedRank } from "../../../functions/feed/jobs.ts";
import { defineJob, readConfig, type Registry } from "../../../shared/mod.ts";
import { silentLog } from "../../support/silent_log.ts";

interface Ran {
  job: string;
  input: unknown;
}

/** A cloud with jobs that go on for ever, if they are let. */
async function createChains({ postgres = true }: { postgres?: boolean } = {}) {
  const ran: Ran[] = [];
  const note = (job: string, input: unknown) => void ran.push({ job, input });
  const Place = z.object({ after: z.int().default(0), cursor: z.string().optional() });
  const walk = defineJob({
    name: "walk.on",
    input: Place,
    internalFields: ["cursor"],
    maxChain: 5,
    async run(input, context) {
      note("walk.on", input);
      await context.enqueue(walk, { after: input.after + 1, cursor: `${input.after}` });
    },
  });
  // deno-lint-ignore no-explicit-any -- each names the other
  const ping: any = defineJob({
    name: "ping.on",
    input: z.object({ n: z.int() }),
    maxChain: 6,
    async run({ n }, context) {
      note("ping.on", { n });
      const then = { job: ping, input: { n: n + 1 } };
      await context.enqueueGroup(pong, [{ n }, { n: -n }], { then });
    },
  });
  const pong = defineJob({
    name: "pong.on",
    input: z.object({ n: z.int() }),
    run: ({ n }) => note("pong.on", { n }),
  });
  const secret = defineJob({
    name: "inner.run",
    input: z.object({ n: z.int().default(0) }),
    internal: true,
    run: (input) => note("inner.run", input),
  });
  let deps: Deps<Registry> | undefined;
  const cloud = await createCloud({
    postgres,
    app: (environment) => {
      const add = (own: Registry): Registry => ({
        ...own,
        "walk.on": walk,
        "ping.on": ping,
        "pong.on": pong,
        "inner.run": secret,
      });
      const config = readConfig(environment);
      return createApp(deps = createDeps<Registry>(config, { log: silentLog }, add));
    },
  });
  const headers = { authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` };
  return {
    cloud,
    deps: deps!,
    ran,
    async post(path: string, body: unknown) {
      const answer = await cloud.fetch(path, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: await answer.json() };
    },
    async letters() {
      const answer = await cloud.fetch("/api/dead-letters", { headers });
      return (await answer.json()).letters;
    },
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps!.database?.close();
    },
  };
}

Deno.test("a job that enqueues itself ends as a dead letter that says why, and a replay goes on", async () => {
  await using world = await createChains();
  await world.post("/api/jobs/walk.on", { input: {} });
  await world.cloud.advance("1h");
  assert.deepEqual(world.ran.map(({ input }) => (input as { after: number }).after), [
    ...[0, 1, 2, 3, 4, 5],
  ]);
  const [letter, ...others] = await world.letters();
  assert.equal(others.length, 0);
  assert.match(letter.error.message, /walk\.on.*5 jobs have come before it, its maxChain/);
  const { status } = await world.post(`/api/dead-letters/${letter.id}/replay`, {});
  assert.equal(status, 202);
  await world.cloud.advance("1h");
  assert.equal(world.ran.length, 12, "the last one again, and five more");
});

Deno.test("a chain over groups and their follow-ups is one chain", async () => {
  await using world = await createChains();
  await world.deps.jobs.enqueueUnchecked("ping.on", { n: 1 });
  await world.cloud.advance("1h");
  const pings = world.ran.filter(({ job }) => job === "ping.on");
  // A follow-up comes after a child, so it is two further on.
  assert.deepEqual(pings.map(({ input }) => input), [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
  const [letter] = await world.letters();
  assert.match(letter.error.message, /ping\.on.*6 jobs have come before it/);
});

Deno.test("a chain may have 1,000 jobs unless it is told otherwise, and only so many as are whole", () => {
  const define = (maxChain?: number) =>
    defineJob({ name: "any.job", input: z.object({}), maxChain, run: () => {} });
  assert.equal(define().maxChain, 1_000);
  for (const refused of [-1, 1.5, 1_000_001]) assert.throws(() => define(refused), RangeError);
});

const cursor = { after: 1, cursor: "0" };
const refused: [what: string, path: string, body: unknown, status: number, field: string][] = [
  ["an inner job", "/api/jobs/inner.run", { input: {} }, 403, "job"],
  ["an inner job", "/api/jobs", { jobs: [{ job: "inner.run", input: {} }] }, 403, "jobs[0].job"],
  ["an inner job", "/api/groups", { jobs: [{ job: "inner.run", input: {} }] }, 403, "jobs[0].job"],
  [
    "an inner job",
    "/api/groups",
    { jobs: [], then: { job: "inner.run", input: {} } },
    403,
    "then.job",
  ],
  ["an inner field", "/api/jobs/walk.on", { input: cursor }, 422, "input.cursor"],
  [
    "an inner field",
    "/api/jobs",
    { jobs: [{ job: "pong.on", input: { n: 1 } }, { job: "walk.on", input: cursor }] },
    422,
    "jobs[1].input.cursor",
  ],
  [
    "an inner field",
    "/api/groups",
    { jobs: [{ job: "walk.on", input: cursor }] },
    422,
    "jobs[0].input.cursor",
  ],
  [
    "an inner field",
    "/api/groups",
    { jobs: [], then: { job: "walk.on", input: cursor } },
    422,
    "then.input.cursor",
  ],
  ["an inner field of null", "/api/jobs/walk.on", { input: { cursor: null } }, 422, "input.cursor"],
];
Deno.test("what is a job's own is refused from outside, and nothing is sent", async () => {
  await using world = await createChains({ postgres: false });
  for (const [what, path, asked, status, field] of refused) {
    const { status: answered, body } = await world.post(path, asked);
    assert.deepEqual([answered, body.fields?.[0].path], [status, field], `${what}, ${path}`);
    assert.equal(body.code, status === 403 ? "job_internal" : "body_invalid");
  }
  assert.equal(world.cloud.qstash.messages().length, 0);
  await world.deps.jobs.enqueue("inner.run", { n: 1 });
  await world.cloud.settle();
  assert.deepEqual(world.ran, [{ job: "inner.run", input: { n: 1 } }], "code may");
});

const day = "2026-11-21";
const flushCursor = {
  run: "forged",
  slices: 0,
  stage: "sets",
  shard: 0,
  part: 0,
  parts: 0,
  scan: "0",
  views: 0,
  bookings: 0,
  skipped: 0,
};
const auditCursor = { run: "forged", stage: "sets", shard: 0, part: 0, parts: 0, scan: "0" };
const inner: Record<string, unknown> = {
  "chat.reply": { reply: "r" },
  "notification.bulk": {},
  "notification.row": {},
  "notification.urgent": {},
  "feed.record": { events: [] },
  "feed.flush": { day, from: { ...flushCursor, shard: 40 } },
  "feed.close": { day, audit: { ...auditCursor, shard: 40 } },
  "feed.audit": { day, from: { ...auditCursor, shard: 40 } },
  "feed.rank": { run: "forged", part: -1 },
  "profile.refresh": { day, after: "zz", part: 7 },
  "sentiment.all": { slot: `${day}T10:00:00Z`, after: "zz" },
};
Deno.test("the app's own inner jobs and cursors are refused from outside", async () => {
  await using world = await createChains({ postgres: false });
  for (const [job, input] of Object.entries(inner)) {
    const { status, body } = await world.post(`/api/jobs/${job}`, { input });
    assert.ok(status === 403 || status === 422, `${job}: ${status}`);
    assert.ok(["job_internal", "body_invalid"].includes(body.code), `${job}: ${body.code}`);
  }
  assert.equal(world.cloud.qstash.messages().length, 0);
});

const forged: [job: string, cursor: object][] = [
  ["feed.flush", { from: { ...flushCursor, part: 7, parts: 3 } }],
  ["feed.flush", { from: { ...flushCursor, shard: 8 } }],
  ["feed.audit", { from: { ...auditCursor, part: 7, parts: 3 } }],
  ["feed.audit", { from: { ...auditCursor, shard: 8 } }],
];
for (const [job, fields] of forged) {
  Deno.test(`${job} with the cursor ${JSON.stringify(fields).slice(0, 90)} comes to its end`, async () => {
    await using world = await createChains();
    const today = new Date(world.cloud.clock.now()).toISOString().slice(0, 10);
    await world.deps.jobs.enqueueMany([{ job, input: { day: today, ...fields } }]);
    await world.cloud.advance("5m");
    const own = world.cloud.qstash.messages().filter(({ url }) => url.endsWith(`/${job}`));
    assert.ok(own.length <= 6, `${own.length} deliveries`);
  });
}

const unbounded: [job: Registry[string], input: unknown][] = [
  [feedFlush, { day, from: { ...flushCursor, shard: 40 } }],
  [feedFlush, { day, from: { ...flushCursor, part: 1e9 } }],
  [feedFlush, { day, from: { ...flushCursor, scan: "x" } }],
  [feedFlush, { day, from: { ...flushCursor, run: "x".repeat(65) } }],
  [feedAudit, { day, from: { ...auditCursor, shard: 1.5 } }],
  [feedClose, { day, audit: { ...auditCursor, parts: -1 } }],
  [feedRank, { part: 2_000_000 }],
];
Deno.test("cursors are bounded, whoever hands them in", () => {
  for (const [job, input] of unbounded) {
    assert.equal(job.input.safeParse(input).success, false, JSON.stringify(input));
  }
});
