/**
 * Where a job stands: from Redis where it is tracked, and from QStash's log otherwise.
 *
 * One Redis command. QStash is asked only about a job that has not ended in Redis.
 *
 * @module
 */
import {
  type JobClaim,
  JobEnvelope,
  JobId,
  type JobStateName,
  type JobView,
} from "../../contracts/job.ts";
import { startOf } from "../../contracts/text.ts";
import { AppError, RequestError } from "../../errors.ts";
import type { QueueEvent, QueueState } from "../../ports.ts";
import { type JobRecords, parse, readRecords } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";

/** Where the job stands. @throws {RequestError} `job_not_found` */
export async function jobState(dependencies: JobsDependencies, id: string): Promise<JobView> {
  assertJobId(id);
  const records = await readOrGoOn(dependencies, id);
  return await viewOf(dependencies, id, records);
}

/** @throws {RequestError} `job_not_found` if no job can have this id */
export function assertJobId(id: string): void {
  if (!JobId.safeParse(id).success) {
    throw new RequestError("job_not_found", `Cannot find a job with the id ${startOf(id, 64)}`);
  }
}

/** The view of what was read; asks QStash where Redis does not say, unless its log was read before. */
export async function viewOf(
  dependencies: JobsDependencies,
  id: string,
  { claim, outcome }: JobRecords,
  known?: QueueEvent[],
): Promise<JobView> {
  if (outcome) {
    return {
      id,
      job: outcome.job,
      state: outcome.state,
      attempts: outcome.attempts,
      generation: outcome.generation,
      result: outcome.result,
      error: outcome.error,
      enqueuedAt: time(outcome.enqueuedAt),
      startedAt: time(outcome.startedAt),
      endedAt: time(outcome.endedAt),
    };
  }
  const isRunning = claim?.state === "running" && claim.leaseUntil > dependencies.clock.now();
  const history = isRunning
    ? []
    : known ?? await historyOrNothing(dependencies, id, claim !== undefined);
  const last = latest(history);
  const state = isRunning ? "running" : last ? queueStates[last.state] : "retrying";
  const ended = hasEnded({ state });
  if ((!claim && !last) || (ended && last && isForgotten(dependencies, claim, history))) {
    throw new RequestError("job_not_found", `Cannot find a job with the id ${id}`);
  }
  const envelope = last && envelopeOf(last);
  return {
    id,
    job: claim?.job ?? envelope?.job ?? last?.url.split("/").at(-1) ?? "",
    state,
    attempts: claim ? Math.max(0, claim.attempt + 1) : history.filter(isAttempt).length,
    generation: claim?.generation ?? envelope?.generation ?? 0,
    progress: claim?.progress,
    error: claim?.error,
    enqueuedAt: time(claim?.enqueuedAt ?? envelope?.enqueuedAt),
    startedAt: time(claim && claim.attempt >= 0 ? claim.startedAt : undefined),
    endedAt: time(ended ? last?.at : undefined),
    nextAttemptAt: time(ended ? undefined : last?.nextDeliveryAt),
  };
}

/** Whether nothing more will happen to the job by itself. */
export function hasEnded({ state }: Pick<JobView, "state">): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled";
}

/** The envelope that a line of QStash's log carries, if it still has its body. */
export function envelopeOf(event: QueueEvent): JobEnvelope | undefined {
  return parse(JobEnvelope, event.body);
}

const queueStates: Record<QueueState, JobStateName> = {
  CREATED: "queued",
  ACTIVE: "running",
  RETRY: "retrying",
  ERROR: "retrying",
  DELIVERED: "succeeded",
  FAILED: "failed",
  CANCEL_REQUESTED: "cancelled",
  CANCELED: "cancelled",
};

/** The last line of the job's latest generation. */
function latest(history: readonly QueueEvent[]): QueueEvent | undefined {
  let found: QueueEvent | undefined;
  let generation = -1;
  for (const event of history) {
    const of = envelopeOf(event)?.generation ?? 0;
    if (of > generation) [found, generation] = [event, of];
  }
  return found;
}

/**
 * Whether the outcome of a tracked job may have been forgotten by now. QStash's log reaches further
 * back, but there a delivery that found the job cancelled looks like one that ran it, and one whose
 * success was not heard like one that failed.
 */
function isForgotten(
  { clock, registry }: JobsDependencies,
  claim: JobClaim | undefined,
  history: readonly QueueEvent[],
): boolean {
  const job = registry[history[0].url.split("/").at(-1) ?? ""];
  const startedAt = claim?.startedAt ??
    Math.min(...history.filter(({ state }) => state === "ACTIVE").map(({ at }) => at));
  return job !== undefined && job.tracked &&
    clock.now() - startedAt >= job.retention.succeededMs;
}

function isAttempt({ state }: QueueEvent): boolean {
  return state === "ERROR" || state === "DELIVERED" || state === "FAILED";
}

/** Redis's records; with Redis away, none: QStash's log has to do. */
async function readOrGoOn(dependencies: JobsDependencies, id: string): Promise<JobRecords> {
  try {
    return await readRecords(dependencies.redis, dependencies.keys, id);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    dependencies.log.warn("job.state_from_queue", { id, because: error.code });
    return { claimText: null };
  }
}

async function historyOrNothing(
  { queue, log }: JobsDependencies,
  id: string,
  isKnown: boolean,
): Promise<QueueEvent[]> {
  try {
    return await queue.history(id);
  } catch (error) {
    if (!isKnown || !(error instanceof AppError)) throw error;
    log.warn("job.history_unread", { id, because: error.code });
    return [];
  }
}

function time(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
