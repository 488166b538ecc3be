/**
 * The fence, clause by clause: who has to wait for whom, for how long, and what a look leaves behind.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { JobClaim, JobOutcome } from "../../../shared/contracts/job.ts";
import {
  claim,
  type ClaimRequest,
  readRecords,
  writeClaim,
} from "../../../shared/core/jobs/claim.ts";
import { recordEnd, startRun } from "../../../shared/core/jobs/context.ts";
import type { JobsDependencies } from "../../../shared/core/jobs/dependencies.ts";
import { settle } from "../../../shared/core/jobs/settle.ts";
import { createWorld, type World } from "./world.ts";

const ID = "b".repeat(32);
const DAY_S = 86_400;
const TIMEOUT_MS = 60_000;
const MARGIN_MS = 5_000;

type Of = Partial<Omit<ClaimRequest, "envelope">> & {
  envelope?: Partial<ClaimRequest["envelope"]>;
};

function requestOf(world: World, nonce: string, { envelope, ...of }: Of = {}): ClaimRequest {
  const body = { version: 1 as const, id: ID, job: "work.do", input: {}, generation: 0 };
  return {
    job: world.jobs.registry["work.do"],
    envelope: { ...body, runs: 0, enqueuedAt: 1, ...envelope },
    attempt: 0,
    nonce,
    now: Date.now(),
    ...of,
  };
}

function dependenciesOf({ deps }: World): JobsDependencies {
  return { ...deps, registry: deps.jobs.registry, publicUrl: deps.config.publicUrl };
}

const claimed = async ({ deps }: World, request: ClaimRequest): Promise<JobClaim> => {
  const result = await claim(deps.redis, deps.keys, request);
  assert.equal(result.kind, "claimed");
  return (result as { claim: JobClaim }).claim;
};

const nonceOf = async ({ deps }: World) =>
  (await readRecords(deps.redis, deps.keys, ID)).claim?.nonce;

const ttlOf = async ({ deps }: World) =>
  await deps.redis.run(["TTL", deps.keys.jobClaim(ID)]) as number;

/** Deliveries that meet a run whose lease lasts: each has to wait for its end, to the millisecond. */
const waiting: { name: string; of: Of }[] = [
  { name: "a duplicate of the delivery", of: {} },
  { name: "QStash's next delivery of the message", of: { attempt: 1 } },
  { name: "a delivery after that", of: { attempt: 4 } },
  { name: "a next generation that another run has sent", of: { envelope: { generation: 1 } } },
  {
    name: "a later delivery of such a generation",
    of: { attempt: 2, envelope: { generation: 1, after: "stranger" } },
  },
];
for (const { name, of } of waiting) {
  Deno.test(`while a lease lasts, with 5 s for clocks that differ, it keeps off ${name}`, async () => {
    await using world = await createWorld();
    const { redis, keys } = world.deps;
    const { leaseUntil, startedAt } = await claimed(world, requestOf(world, "holder"));
    assert.equal(leaseUntil - startedAt, TIMEOUT_MS + MARGIN_MS);
    for (const ms of [0, TIMEOUT_MS - 1, TIMEOUT_MS, TIMEOUT_MS + MARGIN_MS - 1]) {
      const now = startedAt + ms;
      const answer = await claim(redis, keys, requestOf(world, `at ${ms}`, { ...of, now }));
      assert.deepEqual(answer, { kind: "busy", retryAfterMs: leaseUntil - now });
      assert.equal(await nonceOf(world), "holder");
      assert.ok(await ttlOf(world) > DAY_S, "what it looked at stays for as long as it would have");
    }
    await claimed(world, requestOf(world, "late", { ...of, now: leaseUntil }));
  });
}

Deno.test("a delivery that finds a later generation has nothing left to do, whatever its claim says", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  const later = requestOf(world, "later", { envelope: { generation: 2 } });
  const mine = await claimed(world, later);
  for (const state of ["running", "retrying", "queued", "ended"] as const) {
    await writeClaim(redis, keys, later, { ...mine, state });
    for (const  of of[{}, { attempt: 1 }, { envelope: { generation: 1, after: "x" } }]) {
      const answer = await claim(redis, keys, requestOf(world, "old", of));
      assert.equal(answer.kind, "settled");
      assert.equal(await nonceOf(world), "later");
    }
  }
});

Deno.test("a run that failed lets its next delivery in at once, but no duplicate of its own", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  const request = requestOf(world, "zero", { attempt: 1 });
  const mine = await claimed(world, request);
  await writeClaim(redis, keys, request, { ...mine, state: "retrying", leaseUntil: 0 });
  for (const attempt of [0, 1]) {
    const answer = await claim(redis, keys, requestOf(world, "again", { attempt }));
    assert.equal(answer.kind, "busy");
  }
  const next = await claimed(world, requestOf(world, "next", { attempt: 2 }));
  assert.equal(next.runs, 2);
});

Deno.test("a look at a job that failed leaves its claim for as long as its outcome", async () => {
  await using world = await createWorld();
  const { deps } = world;
  const { id } = await world.jobs.enqueue("work.do", { forGood: true });
  await world.cloud.settle();
  const { outcome } = await readRecords(deps.redis, deps.keys, id);
  const key = deps.keys.jobClaim(id);
  for (const  of of[{ generation: 1, after: "x" }, { generation: 0 }]) {
    const envelope = { ...requestOf(world, "").envelope, id, ...of };
    const answer = await claim(deps.redis, deps.keys, requestOf(world, "look", { envelope }));
    assert.deepEqual(answer, { kind: "settled", outcome });
    const ttl = await deps.redis.run(["TTL", key]) as number;
    assert.ok(ttl >= 7 * DAY_S, `${ttl} s`);
  }
});

Deno.test("a claim outlives a day between two runs, and an outcome that is kept for longer", async () => {
  await using world = await createWorld();
  await claimed(world, requestOf(world, "zero"));
  assert.ok(await ttlOf(world) >= DAY_S + 3_600);
  const job = { ...world.jobs.registry["work.do"], retention: { succeededMs: 3e9, failedMs: 1 } };
  await claimed(
    world,
    requestOf(world, "one", { job, envelope: { generation: 1, after: "zero" } }),
  );
  assert.ok(await ttlOf(world) >= 3e6 + 3_600);
});

Deno.test("what a later run wrote is given back, and stays for as long as it would have", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  const request = requestOf(world, "zero");
  const mine = await claimed(world, request);
  const later = requestOf(world, "one", { attempt: 1, now: mine.leaseUntil });
  await claimed(world, later);
  assert.equal(await writeClaim(redis, keys, request, { ...mine, progress: 1 }), false);
  assert.equal(await nonceOf(world), "one");
  assert.ok(await ttlOf(world) > DAY_S);
});

Deno.test("the next generation may begin before the run that sent it has written down how it ended", async () => {
  await using world = await createWorld();
  const request = requestOf(world, "zero");
  const run = startRun(dependenciesOf(world), request, await claimed(world, request));
  const envelope = { generation: 1, runs: 1, after: "zero" };
  const next = await claimed(world, requestOf(world, "one", { envelope }));
  assert.equal(next.runs, 2);
  const moved = { generation: 1, attempt: -1 };
  assert.equal(await recordEnd(dependenciesOf(world), request, run, moved), false);
  assert.equal(await nonceOf(world), "one");
});

Deno.test("a run past its lease writes nothing down", async () => {
  await using world = await createWorld();
  const request = requestOf(world, "zero");
  const run = startRun(dependenciesOf(world), request, await claimed(world, request));
  await world.cloud.advance(TIMEOUT_MS);
  await recordEnd(dependenciesOf(world), request, run, { error: { message: "late" } });
  const { claim: standing } = await readRecords(world.deps.redis, world.deps.keys, ID);
  assert.deepEqual([standing?.state, standing?.error], ["running", undefined]);
});

Deno.test("two generations of one number, from runs that did not know of each other, run one after the other", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  const one = requestOf(world, "one", { envelope: { generation: 1, runs: 1, after: "zero" } });
  const mine = await claimed(world, one);
  const other = { generation: 1, runs: 2, after: "stranger" };
  const answer = await claim(redis, keys, requestOf(world, "two", { envelope: other }));
  assert.equal(answer.kind, "busy");
  await writeClaim(redis, keys, one, { ...mine, state: "retrying", leaseUntil: 0, generation: 2 });
  const late = await claim(redis, keys, requestOf(world, "two", { envelope: other, attempt: 1 }));
  assert.equal(late.kind, "settled");
});

Deno.test("the first to settle wins, and a claim is left where there was none", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  const job = world.jobs.registry["work.do"];
  const outcome: JobOutcome = {
    job: "work.do",
    state: "succeeded",
    generation: 0,
    attempts: 1,
    enqueuedAt: 1,
    endedAt: Date.now(),
  };
  await settle(redis, keys, { job, id: ID, outcome, claimed: false });
  const late: JobOutcome = { ...outcome, state: "cancelled" };
  await settle(redis, keys, { job, id: ID, outcome: late, claimed: true });
  assert.equal((await readRecords(redis, keys, ID)).outcome?.state, "succeeded");
  assert.ok(await ttlOf(world) > DAY_S);
  for (const  of of[{}, { attempt: 1 }, { envelope: { generation: 1, after: "x" } }]) {
    assert.equal((await claim(redis, keys, requestOf(world, "late", of))).kind, "settled");
  }
});
