/**
 * Jobs that failed for good: settled, kept as dead letters, and sent again on request.
 *
 * The letter is kept before the job is settled, so a job that reads as failed has its letter.
 * QStash's own list holds only what has not come here yet: what is kept here is removed there.
 *
 * @module
 */
import type { DeadLetter } from "../../contracts/dead_letter.ts";
import { type JobClaim, JobEnvelope, type JobOutcome, runsOf } from "../../contracts/job.ts";
import { soundText, startOf } from "../../contracts/text.ts";
import { AppError } from "../../errors.ts";
import type { RedisCommand } from "../../ports.ts";
import { sealInput } from "../secrets/sealed_input.ts";
import { claimSeconds, type JobRecords, parse, readRecords, seconds } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { outcomeSeconds } from "./group_times.ts";
import { childEnded } from "./groups.ts";
import { problemOf, wasSentAgain } from "./history.ts";
import { hashedId } from "./identity.ts";
import type { Registry } from "./job.ts";
import { endedClaim } from "./settle.ts";

/** A message that QStash gave up on. */
export interface FailedDelivery {
  url: string;
  /** The envelope, as it was delivered. */
  body: string;
  messageId: string;
  /** Deliveries made. */
  attempts: number;
  /** The last answer. */
  status: number;
  responseBody: string;
  /** Its id in QStash's list of dead letters. */
  queueDeadLetterId?: string;
}

/** What to answer QStash: `busy` asks it to tell again after `retryAfterMs`. */
export type FailureAnswer = { kind: "done" } | { kind: "busy"; retryAfterMs: number };

/** Keeps the letter and settles the job as failed. `busy` while an attempt may still succeed. */
export async function jobFailed(
  dependencies: JobsDependencies,
  failed: FailedDelivery,
): Promise<FailureAnswer> {
  const { clock, deadLetters, keys, log, redis, registry } = dependencies;
  const envelope = parse(JobEnvelope, failed.body);
  const id = envelope?.id ?? await hashedId("tick", failed.messageId);
  const generation = envelope?.generation ?? 0;
  const name = envelope?.job ?? failed.url.split("/").at(-1) ?? "";
  const job = Object.hasOwn(registry, name) ? registry[name] : undefined;
  const records = job?.tracked ? await readRecords(redis, keys, id) : { claimText: null };
  const { claim } = records;
  // A run that ended without a word may have sent the job on all the same.
  const isToldByClaim = claim !== undefined && claim.state !== "running";
  const hasMovedOn = records.outcome !== undefined ||
    (claim !== undefined && claim.generation > generation) ||
    (!isToldByClaim && await wasSentAgain(dependencies, id, generation));
  if (!hasMovedOn) {
    const leaseLeftMs = records.claim?.state === "running"
      ? records.claim.leaseUntil - clock.now()
      : 0;
    if (leaseLeftMs > 0) return { kind: "busy", retryAfterMs: leaseLeftMs };
    // A claim that no delivery of this generation has met tells of the run before it.
    const isOfIt = claim !== undefined && claim.generation === generation && claim.attempt >= 0;
    const told = isOfIt ? claim.error?.message : undefined;
    const message = soundText(told ?? messageOf(failed, envelope));
    const attempts = isOfIt ? runsOf(claim) : attemptsOf(failed, envelope, job?.tracked ?? false);
    const failedAt = clock.now();
    await deadLetters.save({
      id,
      job: name,
      generation,
      attempts,
      error: { message, status: failed.status },
      envelope: await sealedBody(dependencies, job, envelope && { ...envelope, id }) ?? failed.body,
      failedAt,
    });
    if (job?.tracked) {
      const [, settled] = await redis.transaction(
        settleFailed(
          dependencies,
          job,
          { ...failed, id, generation, attempts, message, failedAt },
          records,
          envelope,
        ),
        { repeatable: true },
      );
      // An attempt that nobody waited for any more has settled in between: no letter then.
      if (settled === null && (await readRecords(redis, keys, id)).outcome?.state !== "failed") {
        await deadLetters.remove(id);
      }
    }
    log.error("job.dead", { job: name, id, attempts, error: message });
  }
  if (records.outcome && records.outcome.state !== "failed") await deadLetters.remove(id);
  if (envelope?.group && (records.claim?.generation ?? 0) <= generation) {
    await childEnded(dependencies, envelope.group);
  }
  await forget(dependencies, failed.queueDeadLetterId);
  return { kind: "done" };
}

/** The body of a message that an older build sent in the open, sealed; undefined where it may stay as it is. */
async function sealedBody(
  { secrets }: JobsDependencies,
  job: Registry[string] | undefined,
  envelope: (JobEnvelope & { id: string }) | undefined,
): Promise<string | undefined> {
  if (!job?.secretsOf || !envelope || envelope.sealed) return undefined;
  const kept = await sealInput(secrets, job, envelope.input, envelope);
  return kept.sealed && JSON.stringify({ ...envelope, ...kept });
}

/**
 * Runs that the job had, where no claim tells. What answered the last delivery says so; of a job
 * without tracking that nobody answered for, each delivery may have been one.
 */
function attemptsOf(
  failed: FailedDelivery,
  envelope: JobEnvelope | undefined,
  isTracked: boolean,
): number {
  const problem = problemOf(failed.responseBody);
  if (problem?.attempts !== undefined) return problem.attempts;
  if (envelope?.runs === undefined) return failed.attempts;
  return envelope.runs + (isTracked ? 0 : failed.attempts);
}

function settleFailed(
  { keys }: JobsDependencies,
  job: Registry[string],
  failed: FailedDelivery & Pick<DeadLetter, "id" | "generation" | "failedAt"> & { message: string },
  { claim }: JobRecords,
  envelope: JobEnvelope | undefined,
): RedisCommand[] {
  const { id, generation, message, failedAt } = failed;
  const enqueuedAt = claim?.enqueuedAt || envelope?.enqueuedAt || failedAt;
  const outcome: JobOutcome = {
    job: job.name,
    state: "failed",
    generation,
    attempts: failed.attempts,
    enqueuedAt,
    startedAt: claim?.startedAt,
    endedAt: failedAt,
    error: { message: startOf(message, 1_000) },
  };
  const claimTtl = Math.max(claimSeconds({ job }), seconds(job.retention.failedMs) + 3_600);
  return [
    // A first delivery looks at the claim alone, and so does what an attempt deferred whose answer
    // was lost: the claim must be there for as long as the outcome is, and be nobody's. A replay
    // goes on with its steps.
    claim
      ? ["SET", keys.jobClaim(id), JSON.stringify(abandoned(claim)), "EX", claimTtl]
      : ["SET", keys.jobClaim(id), JSON.stringify(endedClaim(outcome)), "NX", "EX", claimTtl],
    [
      "SET",
      keys.jobOutcome(id),
      JSON.stringify(outcome),
      "NX",
      "EX",
      outcomeSeconds(job.retention.failedMs, { group: envelope?.group, endedAt: failedAt }),
    ],
  ];
}

function abandoned(claim: JobClaim): JobClaim {
  return { ...claim, state: "ended", nonce: "", leaseUntil: 0 };
}

/** What the last answer said: a problem's detail, or its status; and why the last run failed before. */
function messageOf(
  { status, responseBody }: FailedDelivery,
  envelope: JobEnvelope | undefined,
): string {
  const detail = problemOf(responseBody)?.detail;
  if (detail) return detail;
  const last = status > 0
    ? `The last delivery was answered with ${status}`
    : "The last delivery got no answer";
  return envelope?.failure ? `${last}; the run before it: ${envelope.failure.message}` : last;
}

/** Removes a letter from QStash's list; one that stays there is taken in again, which changes nothing. */
async function forget({ log, queue }: JobsDependencies, id: string | undefined): Promise<void> {
  if (id === undefined) return;
  try {
    await queue.removeDeadLetter(id);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn("dead_letter.unremoved", { because: error.code });
  }
}
