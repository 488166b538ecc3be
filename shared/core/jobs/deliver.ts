/**
 * One delivery of a job: claim, run, settle, answer.
 *
 * Delivered at least once; settled once. Whatever ends this function early, QStash delivers
 * again, and the claim decides what is left to do.
 *
 * @module
 */
import { JobEnvelope } from "../../contracts/job.ts";
import { AppError, NonRetryableError } from "../../errors.ts";
import { Redaction } from "../secrets/redaction.ts";
import { openInput, secretsIn } from "../secrets/sealed_input.ts";
import { claim, type ClaimRequest } from "./claim.ts";
import { startRun } from "./context.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { deferred, type DeliveryAnswer, failed, succeeded } from "./ends.ts";
import type { Registry } from "./job.ts";
import { findJob } from "./enqueue.ts";
import { childEnded } from "./groups.ts";
import { wasSentAgainIfKnown } from "./history.ts";
import { hashedId } from "./identity.ts";
import { assertLimit, deferToLimit, isLimit } from "./limit.ts";
import { assertInput } from "./publication.ts";

/** A signature is good for 5 minutes; clocks may differ. */
const SIGNATURE_SECONDS = 600;

/** A delivery whose signature was verified. */
export interface JobDelivery {
  /** The job's name, from the URL. */
  job: string;
  body: string;
  /** `Upstash-Retried`: 0 for the first. Not signed: the claim decides what it is good for. */
  attempt: number;
  /** `Upstash-Message-Id`. Not signed; a schedule's tick goes by it, and whether it was cancelled. */
  messageId: string;
  /** The id of the signature, which holds a tick to its message id. */
  signatureId?: string;
}

/** Runs one delivery. Throws where the job is unknown, or where Redis is needed and cannot be reached. */
export async function deliver(
  dependencies: JobsDependencies,
  delivery: JobDelivery,
): Promise<DeliveryAnswer> {
  const { clock, ids, log } = dependencies;
  const job = findJob(dependencies.registry, delivery.job);
  const parsed = readEnvelope(delivery);
  if (!parsed) {
    const message = `The message is no envelope of ${job.name}`;
    return { kind: "failed-for-good", message, attempts: 0 };
  }
  // A schedule's message is the same at each tick; the tick is a job of its own.
  const id = parsed.id ?? await hashedId("tick", delivery.messageId);
  const envelope = { ...parsed, id, enqueuedAt: parsed.enqueuedAt || clock.now() };
  const { attempt, messageId } = delivery;
  const refused = (message: string): DeliveryAnswer => {
    return { kind: "failed-for-good", id, message, attempts: envelope.runs ?? attempt };
  };
  const redaction = new Redaction();
  const opened = await openOrFault(dependencies, job, envelope, redaction);
  try {
    if (!opened.fault) assertInput(job, opened.input);
  } catch (error) {
    return refused(redaction.text((error as Error).message));
  }
  if (parsed.id === undefined && job.tracked && await isForgedTick(dependencies, delivery)) {
    return refused("The signature is another message's");
  }
  const wasSentAgain = () => wasSentAgainIfKnown(dependencies, id, envelope.generation);
  const request: ClaimRequest = {
    job,
    envelope,
    attempt,
    messageId,
    nonce: ids.random(),
    now: clock.now(),
    wasSentAgain,
  };
  const claimed = job.tracked ? await claimOrGoOn(dependencies, request) : undefined;
  if (claimed?.kind === "busy") return { ...claimed, id };
  if (claimed?.kind === "used-up") {
    const message = "The last run ended without an answer: it took too long, or was stopped";
    log.warn("job.failed", { job: job.name, id, attempt: claimed.runs - 1, forGood: true });
    return { kind: "failed-for-good", id, message, attempts: claimed.runs };
  }
  if (claimed?.kind === "settled") {
    if (!claimed.outcome) return { kind: "done", id, state: "superseded", tracked: true };
    if (envelope.group) await childEnded(dependencies, envelope.group);
    return { kind: "done", id, state: claimed.outcome.state, tracked: true };
  }
  // Without a claim the log alone tells that an answer was lost which had sent the job on.
  if (!claimed && attempt > 0 && await wasSentAgain()) {
    return { kind: "done", id, state: "superseded", tracked: false };
  }
  const run = startRun(dependencies, request, claimed?.claim, redaction);
  const { generation } = envelope;
  log.info("job.started", { job: job.name, id, attempt: run.runs - 1, generation });
  let result: unknown;
  try {
    if (opened.fault) throw opened.fault;
    if (job.ofNamespace) assertSameNamespace(dependencies, envelope);
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
    if (error !== run.deferral) return await failed(dependencies, request, run, error);
    // A limit opens in the end, and says when: its waits are as many as there are jobs before this one.
    if (run.deferral && !own && isLimit(thrown)) run.deferral.counts = false;
  }
  if (run.deferral) return await deferred(dependencies, request, run, run.deferral);
  return await succeeded(dependencies, request, run, result);
}

/** @throws {NonRetryableError} where the message is about keys that are not this app's */
function assertSameNamespace({ origin }: JobsDependencies, envelope: JobEnvelope): void {
  const [mine, theirs] = [origin, envelope.origin].map((text) => text?.split("@")[0]);
  if (mine === undefined || theirs === undefined || mine === theirs) return;
  throw new NonRetryableError(
    `Cannot run it under NAMESPACE=${mine}: it is about what stands under NAMESPACE=${theirs}. ` +
      "Set that again and replay this letter before Redis forgets, or count it as lost",
  );
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
