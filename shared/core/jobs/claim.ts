/**
 * Who may run a job now.
 *
 * A first attempt claims with one SET NX and settles with one SET NX; a further attempt reads
 * first. When a delivery is not the one to run, `claim` says what to answer instead. The
 * lease is as long as QStash waits for an answer, plus a margin for clocks that differ.
 *
 * @module
 */
import { JobClaim, type JobEnvelope, JobOutcome, runsOf, type Steps } from "../../contracts/job.ts";
import { AppError } from "../../errors.ts";
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
  | { kind: "busy"; retryAfterMs: number }
  /** The last run that the job may have ended without a word; nothing was written. */
  | { kind: "used-up"; runs: number };

export interface ClaimRequest {
  job: Registry[string];
  envelope: JobEnvelope & { id: string };
  /** QStash's number of this delivery of the message, from 0. */
  attempt: number;
  /** QStash's id of the message. */
  messageId?: string;
  nonce: string;
  now: number;
  /** Whether QStash's log knows of a later generation. Asked about a run that ended without a word. */
  wasSentAgain?: () => Promise<boolean>;
}

/**
 * Runs that failed before this delivery, by its message alone. A message from before messages said
 * so counts by its deliveries.
 */
export function runsBefore({ envelope, attempt }: ClaimRequest): number {
  return envelope.runs ?? attempt;
}

/** Tries to claim the job for one delivery. 1 command for the first of a generation, 2 for a later one. */
export async function claim(redis: Redis, keys: Keys, request: ClaimRequest): Promise<ClaimResult> {
  const { envelope, attempt } = request;
  if (attempt > 0) return await claimAfterReading(redis, keys, request);
  if (envelope.generation > 0) return await claimNextGeneration(redis, keys, request);
  const next = newClaim(request, undefined);
  const set = await redis.run(
    ["SET", keys.jobClaim(envelope.id), JSON.stringify(next), "NX", "EX", claimSeconds(request)],
    { repeatable: true },
  );
  if (set === "OK") return { kind: "claimed", claim: next };
  return await orWait(() => claimAfterReading(redis, keys, request));
}

/** Reads how the job stands, and takes over where nobody else may be running it. */
async function claimAfterReading(
  redis: Redis,
  keys: Keys,
  request: ClaimRequest,
): Promise<ClaimResult> {
  const key = keys.jobClaim(request.envelope.id);
  const { claim: current, claimText, outcome } = await readRecords(
    redis,
    keys,
    request.envelope.id,
  );
  const refusal = refuse(request, current, outcome);
  if (refusal) return refusal;
  if (current?.nonce === request.nonce) return { kind: "claimed", claim: current };
  // Its answer may have been lost after it had sent the job on.
  const endedSilently = current?.state === "running" && current.nonce !== request.envelope.after;
  if (endedSilently && await request.wasSentAgain?.()) return { kind: "settled" };
  const next = newClaim(request, current);
  if (isUsedUp(request, next)) return { kind: "used-up", runs: next.runs! - 1 };
  // GET shows whether another delivery claimed between the read and this write.
  const before = await redis.run(
    ["SET", key, JSON.stringify(next), "EX", claimSeconds(request), "GET"],
    { repeatable: true },
  );
  if (before === claimText || parse(JobClaim, before)?.nonce === request.nonce) {
    return { kind: "claimed", claim: next };
  }
  await giveBack(redis, key, before, next.nonce, claimSeconds(request));
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
  const next = newClaim(request, undefined);
  const before = await redis.run(
    ["SET", key, JSON.stringify(next), "EX", claimSeconds(request), "GET"],
    { repeatable: true },
  );
  const current = parse(JobClaim, before);
  if (!current || current.nonce === envelope.after) return { kind: "claimed", claim: next };
  const answer = await orWait(async (): Promise<ClaimResult> => {
    const outcome = parse(JobOutcome, await redis.run(["GET", keys.jobOutcome(envelope.id)]));
    const refusal = current.nonce === request.nonce
      ? outcome && { kind: "settled" as const, outcome }
      : refuse(request, current, outcome);
    if (refusal) return refusal;
    const counted = current.nonce === request.nonce ? next : newClaim(request, current);
    if (isUsedUp(request, counted)) return { kind: "used-up", runs: counted.runs! - 1 };
    return { kind: "claimed", claim: counted };
  });
  if (answer.kind === "claimed") return answer;
  // The claim of a job that failed is kept for as long as its outcome is.
  const state = answer.kind === "settled" ? answer.outcome?.state : undefined;
  await giveBack(redis, key, before, next.nonce, claimSeconds(request, state));
  return answer;
}

/**
 * Gives a claim back to whom it was taken from. Whoever holds it may have written in between:
 * then that is what must stand. One command, where nobody did.
 */
async function giveBack(
  redis: Redis,
  key: string,
  taken: RedisValue,
  takenBy: string,
  lifetime: number,
): Promise<void> {
  let last: RedisValue = null;
  try {
    for (let given = taken, tries = 3; typeof given === "string" && tries > 0; tries--) {
      const before = await redis.run(["SET", key, given, "EX", lifetime, "GET"], {
        repeatable: true,
      });
      const isOurs = before === given || parse(JobClaim, before)?.nonce === takenBy;
      if (isOurs || before === last) return;
      [last, given] = [given, before];
    }
  } catch (error) {
    // What stands there keeps first deliveries off all the same, and yields to its holder's next write.
    if (!(error instanceof AppError)) throw error;
  }
}

/** Redis said that another delivery claimed: with no more to be learnt, to wait is safe. */
async function orWait(work: () => Promise<ClaimResult>): Promise<ClaimResult> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { kind: "busy", retryAfterMs: error.retryAfterMs ?? 5_000 };
  }
}

/** Why this delivery may not run, if it may not. */
function refuse(
  { envelope, attempt, nonce, now }: ClaimRequest,
  current: JobClaim | undefined,
  outcome: JobOutcome | undefined,
): ClaimResult | undefined {
  if (outcome) return { kind: "settled", outcome };
  if (!current || current.nonce === nonce) return undefined;
  // The attempt that published this generation ended with that.
  if (envelope.after !== undefined && current.nonce === envelope.after) return undefined;
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
 * it is then given back, and this attempt must not go on. A duplicate that looks at the claim by
 * writing one is no later attempt: it gives back what it finds.
 */
export async function writeClaim(
  redis: Redis,
  keys: Keys,
  request: ClaimRequest,
  next: JobClaim,
): Promise<boolean> {
  const key = keys.jobClaim(request.envelope.id);
  const before = await redis.run(
    ["SET", key, JSON.stringify(next), "EX", claimSeconds(request), "GET"],
    { repeatable: true },
  );
  const other = parse(JobClaim, before);
  if (!other || other.nonce === next.nonce || !hasTakenOver(other, next)) return true;
  await giveBack(redis, key, before, next.nonce, claimSeconds(request));
  return false;
}

/** By the fence: while a lease lasts, no second claim of an equal or an earlier attempt can stand. */
function hasTakenOver(other: JobClaim, mine: JobClaim): boolean {
  return other.state === "ended" || other.generation > mine.generation ||
    (other.generation === mine.generation && other.attempt > mine.attempt);
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

/** The claim of this delivery; what `current` says of runs and steps goes on with it. */
function newClaim(request: ClaimRequest, current: JobClaim | undefined): JobClaim {
  const { job, envelope, attempt, nonce, now } = request;
  const steps: Steps | undefined = current?.steps ?? envelope.steps;
  const before = current && current.nonce !== envelope.after ? runsOf(current) : 0;
  return {
    job: job.name,
    generation: envelope.generation,
    attempt,
    runs: Math.max(runsBefore(request), before) + 1,
    nonce,
    state: "running",
    leaseUntil: now + job.timeoutMs + LEASE_MARGIN_MS,
    enqueuedAt: envelope.enqueuedAt,
    startedAt: now,
    ...(steps && { steps }),
  };
}

/** Whether runs that ended without a word were the last that the job may have. A message alone never says so. */
function isUsedUp(request: ClaimRequest, { runs = 0 }: JobClaim): boolean {
  return runs > request.job.retries + 1 && runs > runsBefore(request) + 1;
}

/** A claim outlives its job's outcome, and any wait between two attempts (QStash's longest is a day). */
export function claimSeconds(
  { job }: Pick<ClaimRequest, "job">,
  state?: JobOutcome["state"],
): number {
  const { succeededMs, failedMs } = job.retention;
  const keptMs = Math.max(24 * HOUR_MS, succeededMs, state === "failed" ? failedMs : 0);
  return seconds(keptMs + job.timeoutMs + HOUR_MS);
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
