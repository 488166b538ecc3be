/**
 * How a run may end, and what QStash is answered then.
 *
 * A run that failed, or was put off, publishes the job's next generation and is answered with 2xx:
 * QStash's own retries are for deliveries that became no run. Where it cannot be published they
 * serve for that as well, and the claim says which run it was.
 *
 * @module
 */
import type { JobEnvelope, JobOutcome } from "../../contracts/job.ts";
import { soundText, startOf } from "../../contracts/text.ts";
import {
  AppError,
  type ErrorCode,
  isPostgresAway,
  NonRetryableError,
  NotConfiguredError,
} from "../../errors.ts";
import { sealInput } from "../secrets/sealed_input.ts";
import { type ClaimRequest, readRecords } from "./claim.ts";
import { type Deferral, leaseEnd, recordEnd, type Run } from "./context.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { childEnded } from "./groups.ts";
import { wasCancelled } from "./history.ts";
import { publicationOf, retryWaitMs } from "./publication.ts";
import { settle } from "./settle.ts";

/** A moment that is over would be a message every second for as long as it is asked for, or more. */
const LEAST_WAIT_MS = 1_000;
/** As long as QStash's free plan holds a message. */
const MOST_WAIT_MS = 7 * 86_400_000;
/** A longer `Retry-After` is ignored by QStash. */
const DAY_MS = 86_400_000;
const MOST_MESSAGE = 1_000;

/** What to answer QStash. Only `done` may become a 2xx. */
export type DeliveryAnswer =
  | {
    kind: "done";
    id: string;
    /** `retrying`: the run failed, and the next is on its way. */
    state: JobOutcome["state"] | "retrying" | "deferred" | "superseded";
    tracked: boolean;
  }
  | { kind: "busy"; id: string; retryAfterMs: number }
  /** What it needs is away: no run. QStash delivers it again by itself, in no hurry. */
  | { kind: "away"; id: string; code: ErrorCode; message: string }
  /** The run failed, and QStash has to deliver it again, after `retryAfterMs` where that is given. */
  | { kind: "failed"; id: string; message: string; attempts: number; retryAfterMs?: number }
  | { kind: "failed-for-good"; id?: string; message: string; attempts: number };

/** The work is done: settles the job. */
export async function succeeded(
  dependencies: JobsDependencies,
  request: ClaimRequest,
  run: Run,
  result: unknown,
): Promise<DeliveryAnswer> {
  const { clock, keys, log, redis } = dependencies;
  const { job, envelope } = request;
  const { id } = envelope;
  const endedAt = clock.now();
  let tracked = run.claim !== undefined;
  if (job.tracked) {
    try {
      const outcome: JobOutcome = {
        job: job.name,
        state: "succeeded",
        generation: envelope.generation,
        attempts: run.runs,
        enqueuedAt: envelope.enqueuedAt,
        startedAt: request.now,
        endedAt,
        ...(result !== undefined && { result }),
      };
      await settle(redis, keys, {
        job,
        id,
        outcome,
        group: envelope.group,
        claimed: run.claim !== undefined,
      });
    } catch (error) {
      // The work is done: to fail now would do it twice. QStash's log still says that it was delivered.
      if (!(error instanceof AppError)) throw error;
      tracked = false;
      log.error("job.unsettled", { job: job.name, id, because: error.code });
    }
  }
  if (envelope.group) await childEnded(dependencies, envelope.group);
  const ms = endedAt - request.now;
  log.info("job.succeeded", { job: job.name, id, attempt: run.runs - 1, ms });
  return { kind: "done", id, state: "succeeded", tracked };
}

/** The handler put the job off: the same run is tried again in the next generation. */
export async function deferred(
  dependencies: JobsDependencies,
  request: ClaimRequest,
  run: Run,
  deferral: Deferral,
): Promise<DeliveryAnswer> {
  const { clock, log, queue } = dependencies;
  const { job, envelope } = request;
  const { id } = envelope;
  const until = Math.max(deferral.until, clock.now() + LEAST_WAIT_MS);
  const deferrals = (envelope.deferrals ?? 0) + (deferral.counts ? 1 : 0);
  if (deferrals > job.maxDeferrals) {
    const because = `it deferred itself ${job.maxDeferrals} times, its maxDeferrals`;
    const error = new NonRetryableError(`Cannot defer job ${id} any more: ${because}`);
    return await failed(dependencies, request, run, error);
  }
  const next = {
    ...await nextGeneration(dependencies, request, run, until),
    runs: run.runs - 1,
    failure: undefined,
    ...(deferrals > 0 && { deferrals }),
  };
  try {
    await queue.publish(publicationOf(dependencies, job, next, until));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (!error.retryable) return await failed(dependencies, request, run, error);
    return await isAway(dependencies, request, run, error);
  }
  await stopIfCancelled(dependencies, request, until);
  log.info("job.deferred", { job: job.name, id, attempt: run.runs - 1, until });
  return { kind: "done", id, state: "deferred", tracked: run.claim !== undefined };
}

/** The run failed: the next one is sent on its way, if the job may have one. */
export async function failed(
  dependencies: JobsDependencies,
  request: ClaimRequest,
  run: Run,
  error: unknown,
): Promise<DeliveryAnswer> {
  const { clock, log, queue } = dependencies;
  const { job, envelope } = request;
  const { id, generation } = envelope;
  const { runs } = run;
  const message = run.redaction.text(error instanceof Error ? error.message : String(error));
  if (run.lost || clock.now() >= leaseEnd(request)) {
    // Nobody listens, and another may be running: what comes next is for QStash and the claim to say.
    log.warn("job.outlived", { job: job.name, id, attempt: runs - 1, error: message });
    return { kind: "failed", id, message, attempts: runs };
  }
  if (isPostgresAway(error)) return await isAway(dependencies, request, run, error);
  const isLast = runs > job.retries || isForGood(error);
  log.warn("job.failed", { job: job.name, id, attempt: runs - 1, forGood: isLast, error: message });
  const failure = { message: startOf(soundText(message), MOST_MESSAGE) };
  if (isLast) {
    await recordOrGoOn(dependencies, request, run, { error: failure });
    return { kind: "failed-for-good", id, message, attempts: runs };
  }
  const waitMs = waitAfter(request, run, error);
  const until = clock.now() + waitMs;
  const next = { ...await nextGeneration(dependencies, request, run, until), runs, failure };
  try {
    await queue.publish(publicationOf(dependencies, job, next, until));
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    log.warn("job.not_sent_on", { job: job.name, id, because: cause.code });
    await recordOrGoOn(dependencies, request, run, { error: failure });
    return { kind: "failed", id, message, attempts: runs, retryAfterMs: Math.min(waitMs, DAY_MS) };
  }
  // After it, never before: a delivery that finds this claim has nothing left to do.
  const moved = { generation: generation + 1, attempt: -1, error: failure };
  await recordOrGoOn(dependencies, request, run, moved);
  await stopIfCancelled(dependencies, request, until);
  return { kind: "done", id, state: "retrying", tracked: run.claim !== undefined };
}

/** No run at all: what it needs is away, and QStash repeats the delivery over hours. */
async function isAway(
  dependencies: JobsDependencies,
  request: ClaimRequest,
  run: Run,
  { code, message: text }: AppError,
): Promise<DeliveryAnswer> {
  const { job, envelope: { id } } = request;
  const message = run.redaction.text(text);
  dependencies.log.warn("job.put_back", { job: job.name, id, because: code });
  const error = { message: startOf(soundText(message), MOST_MESSAGE) };
  await recordOrGoOn(dependencies, request, run, { runs: run.runs - 1, error });
  return { kind: "away", id, code, message };
}

function isForGood(error: unknown): boolean {
  return error instanceof NonRetryableError || error instanceof NotConfiguredError;
}

/** Sooner than the job's own backoff, an outage of a minute would use up every attempt. */
function waitAfter({ job }: ClaimRequest, { runs }: Run, error: unknown): number {
  const retryAfterMs = error instanceof AppError ? error.retryAfterMs ?? 0 : 0;
  const asked = Math.min(retryAfterMs, MOST_WAIT_MS);
  return Math.max(LEAST_WAIT_MS, retryWaitMs(job, runs - 1), asked);
}

/** The job's envelope for after this run: with its steps, and with who may be taken over unread. */
async function nextGeneration(
  { secrets }: JobsDependencies,
  { job, envelope, nonce }: ClaimRequest,
  { context, steps }: Run,
  dueAt: number,
): Promise<JobEnvelope & { id: string }> {
  const { replayedAs } = context;
  return {
    ...envelope,
    // What an older build sent in the open is sealed from here on.
    ...(!envelope.sealed && await sealInput(secrets, job, envelope.input, envelope)),
    generation: envelope.generation + 1,
    after: nonce,
    dueAt: Math.ceil(dueAt),
    ...(replayedAs > 0 && { replayedAs }),
    ...(steps && { steps }),
  };
}

/** Without the record the next attempt may have to wait for the lease to end; nothing is lost. */
async function recordOrGoOn(
  dependencies: JobsDependencies,
  request: ClaimRequest,
  run: Run,
  change: Parameters<typeof recordEnd>[3],
): Promise<void> {
  try {
    await recordEnd(dependencies, request, run, change);
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const { job, envelope: { id } } = request;
    dependencies.log.warn("job.unrecorded", { job: job.name, id, because: cause.code });
  }
}

/**
 * A job that was cancelled while it ran must not come back with the generation that it sent. Either
 * this sees the cancellation, or that finds the message. A tracked job's delivery sees it by itself,
 * for as long as it is remembered; an untracked one's is in QStash's log.
 */
async function stopIfCancelled(
  dependencies: JobsDependencies,
  { job, envelope: { id }, messageId }: ClaimRequest,
  until: number,
): Promise<void> {
  const { clock, keys, log, queue, redis } = dependencies;
  try {
    const isCancelled = job.tracked
      ? until - clock.now() >= job.retention.succeededMs &&
        (await readRecords(redis, keys, id)).outcome !== undefined
      : messageId !== undefined && await wasCancelled(dependencies, id, messageId);
    if (isCancelled) await queue.cancel(id);
  } catch (error) {
    // The next generation is on its way: to fail now would run this one again.
    if (!(error instanceof AppError)) throw error;
    log.warn("job.cancellation_unread", { id, because: error.code });
  }
}
