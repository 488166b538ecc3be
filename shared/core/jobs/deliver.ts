/**
 * One delivery of a job: claim, run, settle, answer.
 *
 * Delivered at least once; settled once. Whatever ends this function early, QStash delivers
 * again, and the claim decides what is left to do.
 *
 * @module
 */
import { JobEnvelope, type JobOutcome } from "../../contracts/job.ts";
import { AppError, NonRetryableError, NotConfiguredError } from "../../errors.ts";
import { Redaction } from "../secrets/redaction.ts";
import { openInput, sealInput, secretsIn } from "../secrets/sealed_input.ts";
import { claim, type ClaimRequest, readRecords } from "./claim.ts";
import { type Deferral, recordFailure, type Run, startRun } from "./context.ts";
import type { JobsDependencies } from "./dependencies.ts";
import type { Registry } from "./job.ts";
import { findJob } from "./enqueue.ts";
import { childEnded } from "./groups.ts";
import { hashedId } from "./identity.ts";
import { assertLimit, deferToLimit, isLimit } from "./limit.ts";
import { assertInput, publicationOf, retryWaitMs } from "./publication.ts";
import { settle } from "./settle.ts";

/** A signature is good for 5 minutes; clocks may differ. */
const SIGNATURE_SECONDS = 600;

/** A moment that is over would be a message every second for as long as it is asked for, or more. */
const LEAST_DEFERRAL_MS = 1_000;

/** A delivery whose signature was verified. */
export interface JobDelivery {
  /** The job's name, from the URL. */
  job: string;
  body: string;
  /** `Upstash-Retried`: 0 for the first. Not signed: the claim decides what it is good for. */
  attempt: number;
  /** `Upstash-Message-Id`. Not signed; only a schedule's tick goes by it. */
  messageId: string;
  /** The id of the signature, which holds a tick to its message id. */
  signatureId?: string;
}

/** What to answer QStash. Only `done` may become a 2xx. */
export type DeliveryAnswer =
  | {
    kind: "done";
    id: string;
    state: JobOutcome["state"] | "deferred" | "superseded";
    tracked: boolean;
  }
  | { kind: "busy"; id: string; retryAfterMs: number }
  | { kind: "failed"; id: string; message: string; retryAfterMs?: number }
  | { kind: "failed-for-good"; id?: string; message: string };

/** Runs one delivery. Throws where the job is unknown, or where Redis is needed and cannot be reached. */
export async function deliver(
  dependencies: JobsDependencies,
  delivery: JobDelivery,
): Promise<DeliveryAnswer> {
  const { clock, ids, log } = dependencies;
  const job = findJob(dependencies.registry, delivery.job);
  const parsed = readEnvelope(delivery);
  if (!parsed) {
    return { kind: "failed-for-good", message: `The message is no envelope of ${job.name}` };
  }
  // A schedule's message is the same at each tick; the tick is a job of its own.
  const id = parsed.id ?? await hashedId("tick", delivery.messageId);
  const envelope = { ...parsed, id, enqueuedAt: parsed.enqueuedAt || clock.now() };
  const redaction = new Redaction();
  const opened = await openOrFault(dependencies, job, envelope, redaction);
  try {
    if (!opened.fault) assertInput(job, opened.input);
  } catch (error) {
    const message = redaction.text((error as Error).message);
    return { kind: "failed-for-good", id, message };
  }
  const { attempt } = delivery;
  if (parsed.id === undefined && job.tracked && await isForgedTick(dependencies, delivery)) {
    return { kind: "failed-for-good", id, message: "The signature is another message's" };
  }
  const request: ClaimRequest = { job, envelope, attempt, nonce: ids.random(), now: clock.now() };
  const claimed = job.tracked ? await claimOrGoOn(dependencies, request) : undefined;
  if (claimed?.kind === "busy") return { ...claimed, id };
  if (claimed?.kind === "settled") {
    if (!claimed.outcome) return { kind: "done", id, state: "superseded", tracked: true };
    if (envelope.group) await childEnded(dependencies, envelope.group);
    return { kind: "done", id, state: claimed.outcome.state, tracked: true };
  }
  log.info("job.started", { job: job.name, id, attempt, generation: envelope.generation });
  const run = startRun(dependencies, request, claimed?.claim, redaction);
  let result: unknown;
  try {
    if (opened.fault) throw opened.fault;
    const input = job.input.parse(opened.input);
    if (job.secretsOf) redaction.add(secretsIn(job, input));
    await assertLimit(dependencies, job, input, redaction);
    result = await job.run(input, run.context);
    if (job.output && !run.deferral) result = job.output.parse(result);
    // A result that is no JSON fails here, as an attempt does, and not when it is written.
    if (job.tracked) JSON.stringify(result);
    result = redaction.value(result);
  } catch (thrown) {
    const own = run.deferral;
    const error = isLimit(thrown) ? await deferToLimit(clock, request, run, thrown) : thrown;
    if (error !== run.deferral) return await attemptFailed(dependencies, request, run, error);
    // A limit opens in the end, and says when: its waits are as many as there are jobs before this one.
    if (run.deferral && !own && isLimit(thrown)) run.deferral.counts = false;
  }
  if (run.deferral) return await deferred(dependencies, request, run, run.deferral);
  return await succeeded(dependencies, request, run, result);
}

/** The input as the handler gets it, or why a secret of it cannot be read: then the attempt fails. */
async function openOrFault(
  { secrets }: JobsDependencies,
  job: Registry[string],
  envelope: JobEnvelope & { id: string },
  redaction: Redaction,
): Promise<{ input?: unknown; fault?: AppError }> {
  try {
    return { input: await openInput(secrets, job, envelope, redaction) };
  } catch (fault) {
    if (!(fault instanceof AppError)) throw fault;
    return { fault };
  }
}

/**
 * A tick is told from another by its message's id alone, which nobody signs: the first id that came
 * with a signature is the one it stands for. One command; with Redis away the job is not tracked anyway.
 */
async function isForgedTick(
  { keys, log, redis }: JobsDependencies,
  { messageId, signatureId }: JobDelivery,
): Promise<boolean> {
  if (signatureId === undefined) return false;
  const key = keys.tickSignature(signatureId);
  try {
    const set = await redis.run(["SET", key, messageId, "NX", "EX", SIGNATURE_SECONDS], {
      repeatable: true,
    });
    return set === null && await redis.run(["GET", key]) !== messageId;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn("tick.unchecked", { because: error.code });
    return false;
  }
}

/** Claims the job; with Redis away a job goes on without tracking, but a group's child waits. */
async function claimOrGoOn(dependencies: JobsDependencies, request: ClaimRequest) {
  try {
    return await claim(dependencies.redis, dependencies.keys, request);
  } catch (error) {
    if (request.envelope.group?.then || !(error instanceof AppError)) throw error;
    dependencies.log.warn("job.untracked", {
      job: request.job.name,
      id: request.envelope.id,
      because: error.code,
    });
    return undefined;
  }
}

async function succeeded(
  dependencies: JobsDependencies,
  request: ClaimRequest,
  run: Run,
  result: unknown,
): Promise<DeliveryAnswer> {
  const { clock, keys, log, redis } = dependencies;
  const { job, envelope, attempt } = request;
  const { id } = envelope;
  const endedAt = clock.now();
  let tracked = run.claim !== undefined;
  if (job.tracked) {
    try {
      const outcome: JobOutcome = {
        job: job.name,
        state: "succeeded",
        generation: envelope.generation,
        attempts: attempt + 1,
        enqueuedAt: envelope.enqueuedAt,
        startedAt: request.now,
        endedAt,
        ...(result !== undefined && { result }),
      };
      await settle(redis, keys, { job, id, outcome, claimed: run.claim !== undefined });
    } catch (error) {
      // The work is done: to fail now would do it twice. QStash's log still says that it was delivered.
      if (!(error instanceof AppError)) throw error;
      tracked = false;
      log.error("job.unsettled", { job: job.name, id, because: error.code });
    }
  }
  if (envelope.group) await childEnded(dependencies, envelope.group);
  log.info("job.succeeded", { job: job.name, id, attempt, ms: endedAt - request.now });
  return { kind: "done", id, state: "succeeded", tracked };
}

async function deferred(
  dependencies: JobsDependencies,
  request: ClaimRequest,
  run: Run,
  deferral: Deferral,
): Promise<DeliveryAnswer> {
  const { clock, log, publicUrl, queue } = dependencies;
  const { job, envelope, attempt, nonce } = request;
  const until = Math.max(deferral.until, clock.now() + LEAST_DEFERRAL_MS);
  const deferrals = (envelope.deferrals ?? 0) + (deferral.counts ? 1 : 0);
  if (deferrals > job.maxDeferrals) {
    const because = `it deferred itself ${job.maxDeferrals} times, its maxDeferrals`;
    const error = new NonRetryableError(`Cannot defer job ${envelope.id} any more: ${because}`);
    return await attemptFailed(dependencies, request, run, error);
  }
  const next = {
    ...envelope,
    // What an older build sent in the open is sealed from here on.
    ...(!envelope.sealed && await sealInput(dependencies.secrets, job, envelope.input, envelope)),
    generation: envelope.generation + 1,
    ...(deferrals > 0 && { deferrals }),
    after: nonce,
    ...(run.steps && { steps: run.steps }),
  };
  try {
    await queue.publish(publicationOf(publicUrl, job, next, until));
    if (job.tracked && until - clock.now() >= job.retention.succeededMs) {
      await stopIfCancelled(dependencies, envelope.id);
    }
  } catch (error) {
    return await attemptFailed(dependencies, request, run, error);
  }
  log.info("job.deferred", { job: job.name, id: envelope.id, attempt, until });
  return { kind: "done", id: envelope.id, state: "deferred", tracked: run.claim !== undefined };
}

/**
 * A job that was cancelled while it ran, and deferred itself past the time for which that is
 * remembered, must not come back. Either this sees the cancellation, or that finds the message.
 */
async function stopIfCancelled(
  { keys, log, queue, redis }: JobsDependencies,
  id: string,
): Promise<void> {
  try {
    const { outcome } = await readRecords(redis, keys, id);
    if (outcome) await queue.cancel(id);
  } catch (error) {
    // The next generation is on its way: to fail now would run this one again.
    if (!(error instanceof AppError)) throw error;
    log.warn("job.cancellation_unread", { id, because: error.code });
  }
}

async function attemptFailed(
  dependencies: JobsDependencies,
  request: ClaimRequest,
  run: Run,
  error: unknown,
): Promise<DeliveryAnswer> {
  const { log } = dependencies;
  const { job, envelope, attempt } = request;
  const { id } = envelope;
  const message = run.redaction.text(error instanceof Error ? error.message : String(error));
  const forGood = error instanceof NonRetryableError || error instanceof NotConfiguredError;
  log.warn("job.failed", { job: job.name, id, attempt, forGood, error: message });
  try {
    await recordFailure(dependencies, request, run, message);
  } catch (cause) {
    // Without the record the next attempt waits for the lease to end; nothing is lost.
    if (!(cause instanceof AppError)) throw cause;
    log.warn("job.unrecorded", { job: job.name, id, because: cause.code });
  }
  if (forGood) return { kind: "failed-for-good", id, message };
  const retryAfterMs = error instanceof AppError ? error.retryAfterMs ?? 0 : 0;
  // Sooner than the job's own backoff, an outage of a minute would use up every attempt.
  const isLater = retryAfterMs > retryWaitMs(job, attempt);
  return { kind: "failed", id, message, ...(isLater && { retryAfterMs }) };
}

/** The envelope in a delivery's body, if there is one for this job. */
function readEnvelope({ body, job }: JobDelivery): JobEnvelope | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // Signed, so it came through our QStash account, but nothing of ours wrote it.
    return undefined;
  }
  const parsed = JobEnvelope.safeParse(json);
  return parsed.success && parsed.data.job === job ? parsed.data : undefined;
}
