/**
 * Where a job stands: from Redis where it is tracked, and from QStash's log otherwise.
 *
 * One Redis command. QStash is asked only about a job that has not ended in Redis.
 *
 * @module
 */
import {
  type JobClaim,
  JobId,
  type JobStateName,
  type JobView,
  runsOf,
} from "../../contracts/job.ts";
import { startOf } from "../../contracts/text.ts";
import { AppError, RequestError } from "../../errors.ts";
import type { QueueEvent, QueueState } from "../../ports.ts";
import { type JobRecords, readRecords } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { type Standing, standingOf } from "./history.ts";

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
  const standing = standingOf(history);
  // What QStash's log does not know yet, the claim says.
  const isKnown = standing && (standing.envelope?.generation ?? 0) >= (claim?.generation ?? 0);
  const state = isRunning ? "running" : isKnown ? stateIn(standing) : "retrying";
  const ended = hasEnded({ state });
  const forgotten = ended && isForgotten(dependencies, claim, history);
  if ((!claim && !standing) || forgotten) {
    throw new RequestError("job_not_found", `Cannot find a job with the id ${id}`);
  }
  const { last, envelope } = standing ?? {};
  return {
    id,
    job: claim?.job ?? envelope?.job ?? last?.url.split("/").at(-1) ?? "",
    state,
    attempts: claim ? runsOf(claim) : standing!.runs,
    generation: claim?.generation ?? envelope?.generation ?? 0,
    progress: claim?.progress,
    error: claim?.error ?? standing?.failure,
    enqueuedAt: time(claim?.enqueuedAt ?? envelope?.enqueuedAt),
    startedAt: time(claim && runsOf(claim) > 0 ? claim.startedAt : undefined),
    endedAt: time(ended ? last?.at : undefined),
    nextAttemptAt: time(ended ? undefined : last?.nextDeliveryAt ?? dueAtOf(standing)),
  };
}

/** The state that the log shows; a run that failed before makes it no newcomer. */
function stateIn({ last, envelope }: Standing): JobStateName {
  const state = queueStates[last.state];
  return state === "queued" && envelope?.failure ? "retrying" : state;
}

/** When the newest generation is due, until its first delivery. */
function dueAtOf(standing: Standing | undefined): number | undefined {
  return standing?.last.state === "CREATED" ? standing.envelope?.dueAt : undefined;
}

/** Whether nothing more will happen to the job by itself. */
export function hasEnded({ state }: Pick<JobView, "state">): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled";
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
