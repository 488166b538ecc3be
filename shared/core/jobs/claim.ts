/**
 * Who may run a job now, and who got to say how it ended.
 *
 * A first attempt claims with one SET NX and settles with one SET NX; a further attempt reads
 * first. When a delivery is not the one to run, `claim` says what to answer instead. The
 * lease is as long as QStash waits for an answer, plus a margin for clocks that differ.
 *
 * @module
 */
import { JobClaim, type JobEnvelope, JobOutcome, type Steps } from "../../contracts/job.ts";
import type { Redis, RedisValue } from "../../ports.ts";
import type { Keys } from "../keys.ts";
import type { Registry } from "./job.ts";

/** How far the clocks of two isolates may differ without two attempts running at once. */
export const LEASE_MARGIN_MS = 5_000;
const HOUR_MS = 3_600_000;

export type ClaimResult =
  /** The delivery runs; `claim` is what Redis holds now. */
  | { kind: "claimed"; claim: JobClaim }
  /** The job has ended, or a later generation has taken it on: there is nothing left to do. */
  | { kind: "settled"; outcome?: JobOutcome }
  /** Another delivery is running it, or has just failed it; ask again after `retryAfterMs`. */
  | { kind: "busy"; retryAfterMs: number };

export interface ClaimRequest {
  job: Registry[string];
  envelope: JobEnvelope & { id: string };
  attempt: number;
  nonce: string;
  now: number;
}

/** Tries to claim the job for one delivery. 1 command for the first of a generation, 2 for a later one. */
export async function claim(redis: Redis, keys: Keys, request: ClaimRequest): Promise<ClaimResult> {
  const { envelope, attempt } = request;
  if (attempt > 0) return await claimAfterReading(redis, keys, request);
  if (envelope.generation > 0) return await claimNextGeneration(redis, keys, request);
  const next = newClaim(request);
  const set = await redis.run(
    ["SET", keys.jobClaim(envelope.id), JSON.stringify(next), "NX", "EX", claimSeconds(request)],
    { repeatable: true },
  );
  if (set === "OK") return { kind: "claimed", claim: next };
  return await claimAfterReading(redis, keys, request);
}

/** Reads how the job stands, and takes over where nobody else may be running it. */
async function claimAfterReading(
  redis: Redis,
  keys: Keys,
  request: ClaimRequest,
): Promise<ClaimResult> {
  const { id } = request.envelope;
  const { claim: current, claimText, outcome } = await readRecords(redis, keys, id);
  const refusal = refuse(request, current, outcome);
  if (refusal) return refusal;
  if (current?.nonce === request.nonce) return { kind: "claimed", claim: current };
  const next = newClaim(request, current?.steps);
  // GET shows whether another delivery claimed between the read and this write.
  const before = await redis.run(
    ["SET", keys.jobClaim(id), JSON.stringify(next), "EX", claimSeconds(request), "GET"],
    { repeatable: true },
  );
  if (before === claimText || parse(JobClaim, before)?.nonce === request.nonce) {
    return { kind: "claimed", claim: next };
  }
  return { kind: "busy", retryAfterMs: 1_000 };
}

/**
 * The first delivery after a deferral or replay: one SET that also shows what was there. When that
 * is the very attempt that published this generation, nobody else can be running the job.
 */
async function claimNextGeneration(
  redis: Redis,
  keys: Keys,
  request: ClaimRequest,
): Promise<ClaimResult> {
  const { envelope } = request;
  const key = keys.jobClaim(envelope.id);
  const next = newClaim(request, envelope.steps);
  const before = await redis.run(
    ["SET", key, JSON.stringify(next), "EX", claimSeconds(request), "GET"],
    { repeatable: true },
  );
  const current = parse(JobClaim, before);
  if (!current || current.nonce === envelope.after) return { kind: "claimed", claim: next };
  const outcome = parse(JobOutcome, await redis.run(["GET", keys.jobOutcome(envelope.id)]));
  const refusal = current.nonce === request.nonce
    ? outcome && { kind: "settled" as const, outcome }
    : refuse(request, current, outcome);
  if (!refusal) return { kind: "claimed", claim: next };
  // A duplicate: give the claim back to whom it belongs.
  await redis.run(["SET", key, before as string, "EX", claimSeconds(request)]);
  return refusal;
}

/** Why this delivery may not run, if it may not. */
function refuse(
  { envelope, attempt, nonce, now }: ClaimRequest,
  current: JobClaim | undefined,
  outcome: JobOutcome | undefined,
): ClaimResult | undefined {
  if (outcome) return { kind: "settled", outcome };
  if (!current || current.nonce === nonce) return undefined;
  if (current.generation > envelope.generation) return { kind: "settled" };
  const isLater = current.generation === envelope.generation && current.attempt > attempt;
  const leaseLeftMs = current.leaseUntil - now;
  if (current.state === "running" && leaseLeftMs > 0) {
    return { kind: "busy", retryAfterMs: leaseLeftMs };
  }
  // This attempt has already failed: QStash will send the next one by itself.
  const hasFailed = current.generation === envelope.generation && current.attempt === attempt &&
    current.state === "retrying";
  if (isLater || hasFailed) return { kind: "busy", retryAfterMs: 1_000 };
  return undefined;
}

/**
 * Writes the claim anew: what was done so far, or why the attempt failed. One command.
 *
 * Resolves to false when the claim had been taken away, by a later attempt or a cancellation;
 * it is then given back, and this attempt must not go on.
 */
export async function writeClaim(
  redis: Redis,
  keys: Keys,
  request: ClaimRequest,
  next: JobClaim,
): Promise<boolean> {
  const key = keys.jobClaim(request.envelope.id);
  const lifetime = ["EX", claimSeconds(request)] as const;
  const before = await redis.run(["SET", key, JSON.stringify(next), ...lifetime, "GET"], {
    repeatable: true,
  });
  const nonce = parse(JobClaim, before)?.nonce;
  if (nonce === undefined || nonce === next.nonce) return true;
  await redis.run(["SET", key, before as string, ...lifetime]);
  return false;
}

/** Writes how the job ended, unless that was written before. Resolves to whether this call wrote it. */
export async function settle(
  redis: Redis,
  keys: Keys,
  id: string,
  outcome: JobOutcome,
  retentionMs: number,
): Promise<boolean> {
  const set = await redis.run(
    ["SET", keys.jobOutcome(id), JSON.stringify(outcome), "NX", "EX", seconds(retentionMs)],
    { repeatable: true },
  );
  return set === "OK";
}

export interface JobRecords {
  claim?: JobClaim;
  /** The claim as it stands in Redis. */
  claimText: string | null;
  outcome?: JobOutcome;
}

/** Reads claim and outcome. One command. */
export async function readRecords(redis: Redis, keys: Keys, id: string): Promise<JobRecords> {
  const [claimText, outcomeText] = await redis.run([
    "MGET",
    keys.jobClaim(id),
    keys.jobOutcome(id),
  ]) as [string | null, string | null];
  return { claim: parse(JobClaim, claimText), claimText, outcome: parse(JobOutcome, outcomeText) };
}

function newClaim(request: ClaimRequest, steps?: Steps): JobClaim {
  const { job, envelope, attempt, nonce, now } = request;
  return {
    job: job.name,
    generation: envelope.generation,
    attempt,
    nonce,
    state: "running",
    leaseUntil: now + job.timeoutMs + LEASE_MARGIN_MS,
    enqueuedAt: envelope.enqueuedAt,
    startedAt: now,
    ...(steps && { steps }),
  };
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

/** A claim outlives the outcome of a success, and any wait between two attempts (QStash's longest is a day). */
export function claimSeconds({ job }: Pick<ClaimRequest, "job">): number {
  return seconds(Math.max(24 * HOUR_MS, job.retention.succeededMs) + job.timeoutMs + HOUR_MS);
}

/** Whole seconds, rounded up, at least 1: what EX takes. */
export function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/** Parses a record; one that another build wrote and this one cannot read counts as absent. */
export function parse<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  text: RedisValue | undefined,
): T | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Not JSON: not ours, or damaged. The job can only run again from the start.
    return undefined;
  }
}
