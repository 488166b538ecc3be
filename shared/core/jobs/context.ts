/**
 * What a handler is given: steps, progress, deferral, further jobs.
 *
 * Everything it keeps goes into the claim, one Redis command each, and only while the lease
 * lasts: an attempt that outlived it must not write over the next one.
 *
 * @module
 */
import { type JobClaim, JobOutcome, runsOf, type Steps } from "../../contracts/job.ts";
import { LeaseLostError, NonRetryableError, NotConfiguredError } from "../../errors.ts";
import type { Redis, Sql } from "../../ports.ts";
import { Redaction } from "../secrets/redaction.ts";
import { openResult, type ResultSeal, sealResult } from "../secrets/sealed_result.ts";
import { hideInput, secretsIn } from "../secrets/sealed_input.ts";
import { type ClaimRequest, parse, runsBefore, writeClaim } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { childJobId, hashedId } from "./identity.ts";
import { applyOnce } from "./effects.ts";
import { enqueueGroup, enqueueJob } from "./enqueue.ts";
import { cancelAbout, stripAbout } from "./forget.ts";
import type { JobContext, Registry, TransactionOptions } from "./job.ts";
import { decodeKept, encodeKept, type Kept, toKept } from "./kept.ts";

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
  /** Cleans what is kept, logged and answered of the job's secrets. */
  readonly redaction: Redaction;
}

/** Makes the context of one delivery; `claim` is absent when the job is not tracked. */
export function startRun(
  dependencies: JobsDependencies,
  request: ClaimRequest,
  claim: JobClaim | undefined,
  redaction: Redaction = new Redaction(),
): Run {
  const { clock, keys, redis } = dependencies;
  const seal: ResultSeal = { keys: dependencies.secrets, redaction, id: request.envelope.id };
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

  /** A secret must not stand where everybody reads, or where hashes of it can be tried out. */
  function assertOpen(what: string, value: unknown): void {
    if (redaction.isWholeIn(value)) {
      throw new TypeError(`Cannot use a secret of the input as ${what}`);
    }
  }

  /** What stands for these inputs in an id: what is secret by a hash that only our keys make. */
  async function inIds(job: Registry[string], inputs: readonly unknown[]): Promise<string[]> {
    const secret = inputs.flatMap((input) => secretsIn(job, input));
    const open = inputs.map((input) => hideInput(job, { input }));
    assertOpen(`a field of ${job.name} that is not secret`, open);
    if (secret.length === 0) return [];
    return [await dependencies.secrets.digest(JSON.stringify([envelope.id, secret]))];
  }

  /** How many jobs come before one that this job enqueues. @throws {NonRetryableError} past its cap */
  function chainTo(job: Registry[string], further = 0): number {
    const chain = (envelope.chain ?? 0) + 1;
    if (chain + further <= job.maxChain) return chain;
    const because = `${job.maxChain} jobs have come before it, its maxChain`;
    throw new NonRetryableError(`Cannot go on with ${job.name}: ${because}`);
  }

  /** As the app delivers it: the table may set another flow control than the job's own file. */
  const asDelivered = (job: { name: string }): Registry[string] =>
    dependencies.registry[job.name] ?? job as Registry[string];

  const run: Run = {
    claim,
    runs,
    redaction,
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
      cancelAbout: (isAbout, cursor) =>
        cancelAbout(dependencies, isAbout, { cursor, except: envelope.id }),
      stripAbout: (isAbout) => stripAbout(dependencies, isAbout),
      async fingerprint(value) {
        const text = JSON.stringify([envelope.id, value]);
        const { secrets } = dependencies;
        return secrets.areSet ? await secrets.digest(text) : await hashedId("fingerprint", text);
      },
      leaseUntil,
      tracked: claim !== undefined,
      log: redaction.log(dependencies.log),
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
      async step<T>(
        name: string,
        work: () => Promise<T> | T,
        { secret: isSecret = false } = {},
      ): Promise<Kept<T>> {
        const place = `step "${name}"`;
        assertOpen("a step's name", name);
        // A record cannot keep this one name, and the step would run again.
        if (name === "__proto__") throw new TypeError(`Cannot name a step "${name}"`);
        if (run.steps && Object.hasOwn(run.steps, name)) {
          const kept = run.steps[name];
          const opened = await openResult(seal, place, { kept, isSecret });
          return (opened ? opened.value : decodeKept(kept)) as Kept<T>;
        }
        assertHeld();
        const json = toKept(`the result of the ${place}`, await work());
        const sealed = await sealResult(seal, place, { json, isSecret });
        const steps = { ...run.steps, [name]: sealed ?? encodeKept(json) };
        if (JSON.stringify(steps).length > MOST_STEP_BYTES) {
          throw new RangeError(`Cannot keep the step "${name}": all results exceed 256 KB`);
        }
        run.steps = steps;
        await keep({ steps });
        return (json === undefined ? undefined : JSON.parse(json)) as Kept<T>;
      },
      progress: (progress) => keep({ progress: redaction.value(progress) }),
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
      // deno-lint-ignore require-await -- what it throws must reject
      async limited(policy, identifier, work, options) {
        assertOpen("a limit's identifier", identifier);
        return dependencies.limits.limited(policy, identifier, work, options);
      },
      async arm(names) {
        if (!dependencies.arm) throw new TypeError(`Cannot arm ${names[0]}: there is no schedule`);
        await dependencies.arm(names);
      },
      async enqueue(next, input, options = {}) {
        const job = asDelivered(next);
        const secret = await inIds(job, [input]);
        assertOpen("a dedupeId", options.dedupeId);
        const open = JSON.stringify(hideInput(job, { input })) ?? "null";
        const dedupeId = options.dedupeId ??
          await hashedId("from", envelope.id, next.name, open, ...secret);
        const chain = chainTo(job);
        return await enqueueJob(dependencies, job, input, { ...options, dedupeId, chain });
      },
      async enqueueGroup(child, inputs, { then, dedupeId } = {}) {
        const job = asDelivered(child);
        const secret = await inIds(job, inputs);
        if (then) await inIds(asDelivered(then.job), [then.input]);
        assertOpen("a dedupeId", dedupeId);
        const chain = chainTo(job);
        if (then) chainTo(asDelivered(then.job), 1);
        const open = JSON.stringify(inputs.map((input) => hideInput(job, { input })));
        return await enqueueGroup(dependencies, inputs.map((input) => ({ job, input })), {
          chain,
          dedupeId: dedupeId ??
            await hashedId("group from", envelope.id, child.name, open, ...secret),
          ...(then && { then: { job: asDelivered(then.job), input: then.input } }),
        });
      },
      async transaction<T>(
        work: (sql: Sql) => Promise<T>,
        { name = "main" }: TransactionOptions = {},
      ): Promise<Kept<T>> {
        const place = `transaction "${name}"`;
        assertOpen("a transaction's name", name);
        const kept = await applyOnce(sqlOf(dependencies, "context.transaction"), {
          job: envelope.id,
          name,
          now: clock.now(),
          forgottenBefore: envelope.enqueuedAt - job.retention.succeededMs,
        }, async (sql) => {
          const json = toKept(`the result of the ${place}`, await work(sql));
          const sealed = await sealResult(seal, place, { json, isSecret: false });
          return sealed ?? encodeKept(json);
        });
        const opened = await openResult(seal, place, { kept, isSecret: false });
        return (opened ? opened.value : decodeKept(kept)) as Kept<T>;
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
  { keys, log }: JobsDependencies,
  redis: Redis,
  group: { id: string; total: number },
): Promise<(JobOutcome | undefined)[]> {
  if (group.total === 0) return [];
  const ids = await Promise.all(
    Array.from({ length: group.total }, (_, index) => childJobId(group.id, index)),
  );
  const texts = await redis.run(["MGET", ...ids.map(keys.jobOutcome)]) as (string | null)[];
  const outcomes = texts.map((text) => parse(JobOutcome, text));
  const gone = outcomes.filter((outcome) => outcome === undefined).length;
  if (gone > 0) log.warn("group.outcomes_gone", { group: group.id, gone, total: group.total });
  return outcomes;
}
