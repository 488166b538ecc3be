/**
 * What a handler is given: steps, progress, deferral, further jobs.
 *
 * Everything it keeps goes into the claim, one Redis command each, and only while the lease
 * lasts: an attempt that outlived it must not write over the next one.
 *
 * @module
 */
import { type JobClaim, JobOutcome, runsOf, type Steps } from "../../contracts/job.ts";
import { LeaseLostError, NotConfiguredError } from "../../errors.ts";
import type { Redis, Sql } from "../../ports.ts";
import { type ClaimRequest, parse, runsBefore, writeClaim } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { childJobId, hashedId } from "./identity.ts";
import { applyOnce } from "./effects.ts";
import { enqueueGroup, enqueueJob } from "./enqueue.ts";
import type { JobContext, Registry } from "./job.ts";

const MOST_STEP_BYTES = 256 * 1024;

/** Ends a handler that deferred its job; a handler that catches it is deferred all the same. */
export class Deferral extends Error {
  override readonly name = "Deferral";
  /** False where not the handler asked for it. */
  counts = true;
  constructor(readonly until: number) {
    super("The job was deferred: let this error pass");
  }
}

/** A delivery that is running. */
export interface Run {
  readonly context: JobContext;
  /** Runs begun since the job was enqueued or replayed, with this one. */
  readonly runs: number;
  /** Why it may do no more: its lease is over, or it was cancelled or taken over. */
  lost?: LeaseLostError;
  /** The claim as last written; undefined while the job is not tracked. */
  claim?: JobClaim;
  /** The results of the steps that ended, in this attempt or before it. */
  steps?: Steps;
  deferral?: Deferral;
}

/** Makes the context of one delivery; `claim` is absent when the job is not tracked. */
export function startRun(
  dependencies: JobsDependencies,
  request: ClaimRequest,
  claim: JobClaim | undefined,
): Run {
  const { clock, keys, redis } = dependencies;
  const { job, envelope } = request;
  const { generation, replayedAs } = envelope;
  const leaseUntil = leaseEnd(request);
  const runs = claim ? runsOf(claim) : runsBefore(request) + 1;
  let lastWrite: Promise<unknown> = Promise.resolve();

  /** Throws once the attempt may do no more: a later one may be running, or have ended the job. */
  function assertHeld(): void {
    if (run.claim && clock.now() >= leaseUntil) lose("its lease is over");
    if (run.lost) throw run.lost;
  }

  function lose(because: string): void {
    // What this attempt knows may be old by now.
    run.claim = undefined;
    run.lost = new LeaseLostError(`Cannot go on with job ${envelope.id}: ${because}`);
  }

  async function keep(change: Partial<JobClaim>): Promise<void> {
    assertHeld();
    if (!run.claim) return;
    run.claim = { ...run.claim, ...change };
    // One after the other: two writes on their way at once could arrive the wrong way round.
    const write = lastWrite.then(async () => {
      assertHeld();
      if (run.claim && !await writeClaim(redis, keys, request, run.claim)) {
        lose("it was cancelled or taken over");
      }
    });
    lastWrite = write.catch(() => {});
    await write;
    assertHeld();
  }

  /** As the app delivers it: the table may set another flow control than the job's own file. */
  const asDelivered = (job: { name: string }): Registry[string] =>
    dependencies.registry[job.name] ?? job as Registry[string];

  const run: Run = {
    claim,
    runs,
    steps: claim?.steps ?? envelope.steps,
    context: {
      id: envelope.id,
      job: job.name,
      attempt: runs - 1,
      generation,
      deferrals: envelope.deferrals ?? 0,
      // A message of a build that did not say: there only replays and deferrals raised it.
      replayedAs: replayedAs ?? (envelope.runs === undefined ? generation : 0),
      lastAttempt: runs > job.retries,
      idempotencyKey: envelope.id,
      leaseUntil,
      tracked: claim !== undefined,
      log: dependencies.log,
      clock,
      keys,
      redis,
      get sql() {
        return sqlOf(dependencies, "Postgres");
      },
      group: envelope.followUpOf && {
        ...envelope.followUpOf,
        outcomes: () => readOutcomes(dependencies, redis, envelope.followUpOf!),
      },
      async step<T>(name: string, work: () => Promise<T> | T): Promise<T> {
        // A record cannot keep this one name, and the step would run again.
        if (name === "__proto__") throw new TypeError(`Cannot name a step "${name}"`);
        if (run.steps && Object.hasOwn(run.steps, name)) return run.steps[name] as T;
        assertHeld();
        const result = await work();
        const steps = { ...run.steps, [name]: result === undefined ? null : result };
        if (JSON.stringify(steps).length > MOST_STEP_BYTES) {
          throw new RangeError(`Cannot keep the step "${name}": all results exceed 256 KB`);
        }
        run.steps = steps;
        await keep({ steps });
        return result;
      },
      progress: (progress) => keep({ progress }),
      // deno-lint-ignore require-await -- what it throws must reject
      async defer(until) {
        const moment = Number(until);
        if (!Number.isFinite(moment)) {
          throw new RangeError(`Cannot defer job ${envelope.id}: not a moment`);
        }
        assertHeld();
        run.deferral = new Deferral(moment);
        throw run.deferral;
      },
      limited: (policy, identifier, work, options) =>
        dependencies.limits.limited(policy, identifier, work, options),
      async arm(names) {
        if (!dependencies.arm) throw new TypeError(`Cannot arm ${names[0]}: there is no schedule`);
        await dependencies.arm(names);
      },
      async enqueue(next, input, options = {}) {
        const dedupeId = options.dedupeId ??
          await hashedId("from", envelope.id, next.name, JSON.stringify(input) ?? "null");
        return await enqueueJob(dependencies, asDelivered(next), input, { ...options, dedupeId });
      },
      async enqueueGroup(child, inputs, { then, dedupeId } = {}) {
        const job = asDelivered(child);
        return await enqueueGroup(dependencies, inputs.map((input) => ({ job, input })), {
          dedupeId: dedupeId ??
            await hashedId("group from", envelope.id, child.name, JSON.stringify(inputs)),
          ...(then && { then: { job: asDelivered(then.job), input: then.input } }),
        });
      },
      async transaction(work, { name = "main" } = {}) {
        return await applyOnce(sqlOf(dependencies, "context.transaction"), {
          job: envelope.id,
          name,
          now: clock.now(),
          forgottenBefore: envelope.enqueuedAt - job.retention.succeededMs,
        }, work);
      },
    },
  };
  return run;
}

/** Epoch ms at which QStash waits for this delivery no longer; the lease lasts a margin longer. */
export function leaseEnd({ job, now }: ClaimRequest): number {
  return now + job.timeoutMs;
}

/**
 * Writes down how a run ended that was not the job's last, and ends its lease, so that the next may
 * start. Resolves to false where the job had been cancelled or taken over. One command.
 */
export async function recordEnd(
  dependencies: JobsDependencies,
  request: ClaimRequest,
  run: Run,
  change: Partial<JobClaim>,
): Promise<boolean> {
  // Past the lease the next attempt may hold the claim already.
  if (!run.claim || dependencies.clock.now() >= leaseEnd(request)) return true;
  return await writeClaim(dependencies.redis, dependencies.keys, request, {
    ...run.claim,
    state: "retrying",
    leaseUntil: 0,
    ...change,
  });
}

function sqlOf({ sql }: JobsDependencies, what: string): Sql {
  if (!sql) throw new NotConfiguredError(what, ["DATABASE_URL"]);
  return sql;
}

async function readOutcomes(
  { keys }: JobsDependencies,
  redis: Redis,
  group: { id: string; total: number },
): Promise<(JobOutcome | undefined)[]> {
  if (group.total === 0) return [];
  const ids = await Promise.all(
    Array.from({ length: group.total }, (_, index) => childJobId(group.id, index)),
  );
  const texts = await redis.run(["MGET", ...ids.map(keys.jobOutcome)]) as (string | null)[];
  return texts.map((text) => parse(JobOutcome, text));
}
