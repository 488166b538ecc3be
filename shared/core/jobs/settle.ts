/**
 * How a job ended, written once: the first to settle wins.
 *
 * @module
 */
import type { GroupPlace, JobClaim, JobOutcome } from "../../contracts/job.ts";
import type { Redis, RedisCommand } from "../../ports.ts";
import type { Keys } from "../keys.ts";
import { claimSeconds } from "./claim.ts";
import { outcomeSeconds } from "./group_times.ts";
import type { Registry } from "./job.ts";

/** How one job ended. */
export interface Settlement {
  job: Registry[string];
  id: string;
  outcome: JobOutcome;
  group?: GroupPlace;
  /** False when the job ran without a claim: one is then written too, as first deliveries look at nothing else. */
  claimed: boolean;
}

/** Writes how the job ended, unless that was written before. 1 command; without a claim 2. */
export async function settle(
  redis: Redis,
  keys: Keys,
  { job, id, outcome, claimed, group }: Settlement,
): Promise<void> {
  const lifetime = outcomeSeconds(job.retention.succeededMs, { group, endedAt: outcome.endedAt });
  const write: RedisCommand = [
    "SET",
    keys.jobOutcome(id),
    JSON.stringify(outcome),
    "NX",
    "EX",
    lifetime,
  ];
  if (claimed) {
    await redis.run(write, { repeatable: true });
    return;
  }
  // Over whatever stands there: a claim that was left by a deferral lets the next generation in unread.
  const claim = JSON.stringify(endedClaim(outcome));
  await redis.transaction([
    ["SET", keys.jobClaim(id), claim, "EX", claimSeconds({ job })],
    write,
  ], { repeatable: true });
}

/** The claim of a job that was settled without an attempt of its own: it keeps first deliveries off. */
export function endedClaim(
  { job, generation, enqueuedAt, endedAt }: Pick<
    JobOutcome,
    "job" | "generation" | "enqueuedAt" | "endedAt"
  >,
): JobClaim {
  return {
    job,
    generation,
    attempt: -1,
    nonce: "",
    state: "ended",
    leaseUntil: 0,
    enqueuedAt,
    startedAt: endedAt,
  };
}
