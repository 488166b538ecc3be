/**
 * How long a group may take, and what is kept for as long.
 *
 * @module
 */
import type { GroupPlace } from "../../contracts/job.ts";
import { seconds } from "./claim.ts";
import type { Registry } from "./job.ts";
import { retryWaitMs } from "./publication.ts";

const DAY_MS = 86_400_000;
/** Longer than a child may be put off: a year, and what its runs and a dead letter's replay take. */
export const GROUP_SECONDS = 400 * 86_400;
/** QStash's redeliveries to an app that is away reach so far. */
const AWAY_MS = 8 * 3_600_000;

/** How long the outcome of a job is kept, in s: in a group at least until all of that has ended. */
export function outcomeSeconds(
  retentionMs: number,
  { group, endedAt }: { group?: GroupPlace; endedAt: number },
): number {
  return seconds(Math.max(retentionMs, (group?.until ?? 0) - endedAt));
}

/** A child that is about to be enqueued. */
export interface PlannedChild {
  job: Registry[string];
  /** Epoch ms. Default: now. */
  notBefore?: number;
}

/** When all of a group will have ended, its follow-up as well, where that is later than outcomes are kept for anyway. */
export function groupUntil(
  children: readonly PlannedChild[],
  then: Registry[string],
  now: number,
): number | undefined {
  let until = now;
  let keptMs = Infinity;
  for (const { job, notBefore = now } of children) {
    until = Math.max(until, notBefore + longestMs(job));
    keptMs = Math.min(keptMs, job.retention.succeededMs, job.retention.failedMs);
  }
  until = Math.ceil(Math.min(until + longestMs(then), now + 1_000 * GROUP_SECONDS));
  return until - now > keptMs ? until : undefined;
}

/** How long a job may take from its first delivery on, if it does not defer. */
function longestMs(job: Registry[string]): number {
  let ms = AWAY_MS;
  for (let run = 0; run <= job.retries; run++) {
    ms += job.timeoutMs + (run < job.retries ? Math.min(retryWaitMs(job, run), DAY_MS) : 0);
  }
  return ms;
}
