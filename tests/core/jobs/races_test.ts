/**
 * Two deliveries of one job between whose commands another one's fall, and what comes of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { JobClaim } from "../../../shared/contracts/job.ts";
import {
  claim,
  type ClaimRequest,
  type ClaimResult,
  parse,
  readRecords,
  writeClaim,
} from "../../../shared/core/jobs/claim.ts";
import { type Run, startRun } from "../../../shared/core/jobs/context.ts";
import type { JobsDependencies } from "../../../shared/core/jobs/dependencies.ts";
import { type Redis, RedisUnavailableError } from "../../../shared/mod.ts";
import { createWorld, type World } from "./world.ts";

const ID = "a".repeat(32);

function requestOf(world: World, nonce: string, of: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    job: world.jobs.registry["work.do"],
    envelope: { version: 1, id: ID, job: "work.do", input: {}, generation: 0, enqueuedAt: 1 },
    attempt: 0,
    nonce,
    now: Date.now(),
    ...of,
  };
}

/** The same Redis; `between` runs right before the command of that number, from 0. */
function interrupted(redis: Redis, at: number, between: () => Promise<unknown>): Redis {
  let count = 0;
  return {
    ...redis,
    async run(...call) {
      if (count++ === at) await between();
      return await redis.run(...call);
    },
  };
}

function claimed(result: ClaimResult): JobClaim {
  assert.equal(result.kind, "claimed");
  return (result as { claim: JobClaim }).claim;
}

async function standing({ deps }: World) {
  const { claim } = await readRecords(deps.redis, deps.keys, ID);
  return { nonce: claim?.nonce, steps: claim?.steps };
}

async function failFirstAttempt({ deps }: World, request: ClaimRequest): Promise<void> {
  const first = claimed(await claim(deps.redis, deps.keys, request));
  await writeClaim(deps.redis, deps.keys, request, { ...first, state: "retrying", leaseUntil: 0 });
}

function dependenciesOf(world: World, redis: Redis = world.deps.redis): JobsDependencies {
  const { deps } = world;
  const { publicUrl } = deps.config;
  return { ...deps, redis, registry: deps.jobs.registry, publicUrl };
}

Deno.test("of two deliveries of a further attempt at once one runs, and keeps its claim", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  await failFirstAttempt(world, requestOf(world, "zero"));
  const one = requestOf(world, "one", { attempt: 1 });
  let mine: JobClaim | undefined;
  const late = interrupted(redis, 1, async () => {
    mine = claimed(await claim(redis, keys, one));
  });
  const answer = await claim(late, keys, requestOf(world, "two", { attempt: 1 }));
  assert.equal(answer.kind, "busy");
  assert.equal((await standing(world)).nonce, "one");
  assert.equal(await writeClaim(redis, keys, one, { ...mine!, steps: { charge: 1 } }), true);
});

Deno.test("a step that ends while a duplicate looks at the claim is kept", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  const envelope = { ...requestOf(world, "").envelope, generation: 1, after: "zero" };
  const one = requestOf(world, "one", { envelope });
  const mine = claimed(await claim(redis, keys, one));
  // The duplicate writes, reads the outcome, and gives back: the step ends before it gives back.
  const late = interrupted(redis, 2, async () => {
    const kept = await writeClaim(redis, keys, one, { ...mine, steps: { charge: 1 } });
    assert.equal(kept, true, "a duplicate is no later attempt");
  });
  const answer = await claim(late, keys, requestOf(world, "two", { envelope }));
  assert.equal(answer.kind, "busy");
  assert.deepEqual(await standing(world), { nonce: "one", steps: { charge: 1 } });
});

Deno.test("a duplicate that Redis leaves halfway waits, and does not run untracked", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  const away = () => Promise.reject(new RedisUnavailableError("away"));
  for (const [generation, holder] of ["zero", "one"].entries()) {
    const envelope = { ...requestOf(world, "").envelope, generation, after: "zero" };
    claimed(await claim(redis, keys, requestOf(world, holder, { envelope })));
    const answer = await claim(
      interrupted(redis, 1, away),
      keys,
      requestOf(world, "two", { envelope }),
    );
    assert.equal(answer.kind, "busy");
    assert.equal((await standing(world)).nonce, holder);
  }
});

Deno.test("a retry of what follows a short deferral need not wait for the lease of what deferred it", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  await claim(redis, keys, requestOf(world, "zero"));
  const envelope = { ...requestOf(world, "").envelope, generation: 1, after: "zero" };
  claimed(await claim(redis, keys, requestOf(world, "one", { envelope, attempt: 1 })));
});

async function runOf(world: World, redis?: Redis): Promise<Run> {
  const request = requestOf(world, "one");
  const claim_ = claimed(await claim(world.deps.redis, world.deps.keys, request));
  return startRun(dependenciesOf(world, redis), request, claim_);
}

Deno.test("steps that end at once are both kept, whichever write is slower", async () => {
  await using world = await createWorld();
  const { redis, keys } = world.deps;
  let first = true;
  const slow: Redis = {
    ...redis,
    async run(...call) {
      if (first) {
        first = false;
        for (let turn = 0; turn < 20; turn++) await redis.run(["GET", "nothing"]);
      }
      return await redis.run(...call);
    },
  };
  const { context } = await runOf(world, slow);
  await Promise.all([context.step("one", () => 1), context.step("two", () => 2)]);
  const kept = parse(JobClaim, await redis.run(["GET", keys.jobClaim(ID)]));
  assert.deepEqual(kept?.steps, { one: 1, two: 2 });
});

Deno.test("an attempt whose lease is over begins no step and defers nothing", async () => {
  await using world = await createWorld();
  const run = await runOf(world);
  await world.cloud.advance("61s");
  let ran = 0;
  await assert.rejects(run.context.step("charge", () => ran++), { code: "lease_lost" });
  await assert.rejects(run.context.defer(Date.now() + 1), { code: "lease_lost" });
  assert.equal(ran, 0);
  assert.equal(run.deferral, undefined);
});

Deno.test("an attempt that was taken over begins no further step, even if it did not listen", async () => {
  await using world = await createWorld();
  const run = await runOf(world);
  const later = requestOf(world, "two", { attempt: 1, now: Date.now() + 70_000 });
  claimed(await claim(world.deps.redis, world.deps.keys, later));
  await run.context.progress(1).catch(() => "does not listen");
  let ran = 0;
  await assert.rejects(run.context.step("charge", () => ran++), { code: "lease_lost" });
  assert.equal(ran, 0);
  assert.equal((await standing(world)).nonce, "two");
});
