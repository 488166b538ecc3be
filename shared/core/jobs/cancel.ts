/**
 * Taking a job back.
 *
 * Redis is written first, so a delivery already on its way finds the job cancelled. What runs
 * at this moment goes on, but can no longer settle. 3 Redis commands; none without tracking.
 *
 * @module
 */
import { type JobEnvelope, type JobOutcome, type JobView, runsOf } from "../../contracts/job.ts";
import { RequestError } from "../../errors.ts";
import { claimSeconds, type JobRecords, readRecords } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { outcomeSeconds } from "./group_times.ts";
import { childEnded } from "./groups.ts";
import { envelopeOf } from "./history.ts";
import type { Registry } from "./job.ts";
import { endedClaim } from "./settle.ts";
import { assertJobId, hasEnded, viewOf } from "./state.ts";

/** Cancels the job unless it has ended, and resolves to how it stands then. @throws {RequestError} `job_not_found` */
export async function cancelJob(dependencies: JobsDependencies, id: string): Promise<JobView> {
  const { keys, queue, redis, registry } = dependencies;
  assertJobId(id);
  const history = await queue.history(id);
  const envelope = history.map(envelopeOf).find((found) => found !== undefined);
  const job = jobOf(registry, envelope?.job);
  if (job && !job.tracked) return await cancelUntracked(dependencies, id, envelope!);
  const records = await readRecords(redis, keys, id);
  const view = await viewOf(dependencies, id, records, history);
  if (hasEnded(view) && view.state !== "cancelled") return view;
  const owner = job ?? jobOf(registry, view.job);
  if (!owner) throw new RequestError("job_not_found", `Cannot find a job with the id ${id}`);
  const cancelled = records.outcome ??
    await settleCancelled(dependencies, id, owner, records, envelope);
  // Before its message is taken back: until then a delivery makes good what is cut short here.
  if (envelope?.group) await childEnded(dependencies, envelope.group);
  // Throws when QStash is away: a delivery finds the job cancelled for as long as its outcome is
  // kept, but one that is further off must be taken back, so the caller has to try again.
  await queue.cancel(id);
  return await viewOf(
    dependencies,
    id,
    cancelled ? { claimText: null, outcome: cancelled } : await readRecords(redis, keys, id),
  );
}

function jobOf(registry: Registry, name = ""): Registry[string] | undefined {
  return Object.hasOwn(registry, name) ? registry[name] : undefined;
}

/** Settles the job as cancelled; undefined when it had ended in the meantime. */
async function settleCancelled(
  { clock, keys, redis }: JobsDependencies,
  id: string,
  job: Registry[string],
  { claim }: JobRecords,
  envelope: JobEnvelope | undefined,
): Promise<JobOutcome | undefined> {
  const now = clock.now();
  const generation = claim?.generation ?? envelope?.generation ?? 0;
  const enqueuedAt = claim?.enqueuedAt ?? envelope?.enqueuedAt ?? now;
  const outcome: JobOutcome = {
    job: job.name,
    state: "cancelled",
    generation,
    attempts: claim ? runsOf(claim) : envelope?.runs ?? 0,
    enqueuedAt,
    endedAt: now,
  };
  // A first delivery looks at the claim alone, and so does one that follows a deferral. An attempt
  // that runs loses its claim, and learns of it at its next step.
  const [, settled] = await redis.transaction([
    ["SET", keys.jobClaim(id), JSON.stringify(endedClaim(outcome)), "EX", claimSeconds({ job })],
    [
      "SET",
      keys.jobOutcome(id),
      JSON.stringify(outcome),
      "NX",
      "EX",
      outcomeSeconds(job.retention.succeededMs, { group: envelope?.group, endedAt: now }),
    ],
  ], { repeatable: true });
  return settled === "OK" ? outcome : undefined;
}

async function cancelUntracked(
  dependencies: JobsDependencies,
  id: string,
  envelope: JobEnvelope,
): Promise<JobView> {
  const cancelled = await dependencies.queue.cancel(id);
  const view = await viewOf(dependencies, id, { claimText: null });
  // One that was cancelled before: what came after that may have been cut short.
  if (cancelled === 0 && view.state !== "cancelled") return view;
  if (envelope.group) await childEnded(dependencies, envelope.group);
  return { ...view, state: "cancelled" };
}
