/**
 * Sending dead letters again, as the next generation of their jobs.
 *
 * The letter is removed only when QStash has the message, so nothing is lost in between, and a
 * letter that was replayed already is refused.
 *
 * @module
 */
import type { DeadLetter } from "../../contracts/dead_letter.ts";
import { type JobClaim, JobEnvelope } from "../../contracts/job.ts";
import { AppError, NonRetryableError, RequestError, SecretUnreadableError } from "../../errors.ts";
import { HIDDEN } from "../secrets/secret_paths.ts";
import { keepSecrets, openInput, sealInput, secretPlaces } from "../secrets/sealed_input.ts";
import { claimSeconds, type JobRecords, parse, readRecords } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { findJob } from "./enqueue.ts";
import type { Registry } from "./job.ts";
import { assertInput, publicationOf } from "./publication.ts";

export interface ReplayOptions {
  /** Replaces the job's input; steps that had ended run again. */
  input?: unknown;
  /** Epoch ms. Default: now. */
  notBefore?: number;
}

/** Sends one dead letter again. @throws {RequestError} `not_found` or `replay_refused` */
export async function replay(
  dependencies: JobsDependencies,
  id: string,
  options: ReplayOptions = {},
): Promise<{ id: string; generation: number }> {
  const { clock, deadLetters, ids, keys, log, queue, redis } = dependencies;
  const letter = await deadLetters.get(id);
  if (!letter) throw new RequestError("not_found", `Cannot find a dead letter with the id ${id}`);
  const envelope = parse(JobEnvelope, letter.envelope);
  if (!envelope) throw new RequestError("replay_refused", `Cannot replay ${id}: it is no envelope`);
  const job = findJob(dependencies.registry, letter.job);
  const input = await inputOf(dependencies, job, { ...envelope, id }, options);
  assertInput(job, input);
  const { sealed: _, ...rest } = envelope;
  // Under the newest key, so that an older one can be taken away some day.
  const kept = await sealInput(dependencies.secrets, job, input, { id });
  const records = job.tracked ? await readRecords(redis, keys, id) : { claimText: null };
  if (hasMovedOn(letter, records)) {
    await deadLetters.remove(id);
    throw new RequestError("replay_refused", `Cannot replay ${id}: the job has moved on since`);
  }
  const steps = Object.hasOwn(options, "input") ? undefined : records.claim?.steps;
  let generation = letter.generation;
  let isKnown: boolean;
  do {
    generation++;
    const nonce = ids.random();
    if (job.tracked) {
      await redis.transaction([
        [
          "SET",
          keys.jobClaim(id),
          JSON.stringify(
            queuedClaim(job, letter, records, clock.now(), { generation, nonce, steps }),
          ),
          "EX",
          claimSeconds({ job }),
        ],
        ["DEL", keys.jobOutcome(id)],
      ], { repeatable: true });
    }
    const next = {
      ...rest,
      ...kept,
      id,
      generation,
      after: nonce,
      steps,
      runs: 0,
      deferrals: undefined,
      chain: undefined,
      failure: undefined,
      dueAt: options.notBefore,
      replayedAs: generation,
    };
    const publication = publicationOf(dependencies, job, next, options.notBefore);
    // Published before by the attempt that was given up, or by a replay whose answer was lost: of that
    // QStash may have nothing left to deliver.
    isKnown = (await queue.publish(publication)).deduplicated;
  } while (isKnown);
  await deadLetters.remove(id);
  log.info("dead_letter.replayed", { job: job.name, id, generation });
  return { id, generation };
}

/** The input to replay, open: the letter's, or the one that was given, which may keep secrets as `[secret]`. */
async function inputOf(
  { secrets }: JobsDependencies,
  job: Registry[string],
  envelope: JobEnvelope & { id: string },
  options: ReplayOptions,
): Promise<unknown> {
  const isEdited = Object.hasOwn(options, "input");
  const places = secretPlaces(job, envelope.input, envelope.sealed);
  try {
    const before = isEdited && !mentionsHidden(options.input)
      ? undefined
      : await openInput(secrets, job, envelope);
    return isEdited ? keepSecrets(job, options.input, { input: before, places }) : before;
  } catch (error) {
    if (!(error instanceof SecretUnreadableError || error instanceof NonRetryableError)) {
      throw error;
    }
    throw new RequestError("replay_refused", `Cannot replay ${envelope.id}: ${error.message}`);
  }
}

function mentionsHidden(input: unknown): boolean {
  return (JSON.stringify(input) ?? "").includes(JSON.stringify(HIDDEN));
}

export interface ReplayAllOptions {
  /** Only letters of this job. */
  job?: string;
  /** How many a second QStash is to deliver. Default: 1. */
  perSecond?: number;
  /** How many at most, newest first. Default and most: 100. */
  limit?: number;
}

/** Sends many dead letters again at a stated pace; the ones that cannot be are named with the reason. */
export async function replayAll(
  dependencies: JobsDependencies,
  { job, perSecond = 1, limit = 100 }: ReplayAllOptions = {},
): Promise<{ replayed: string[]; refused: { id: string; because: string }[] }> {
  if (!(perSecond > 0)) {
    throw new RangeError(`Cannot replay: perSecond must be above 0, got ${perSecond}`);
  }
  const letters = await takeLetters(dependencies, Math.min(limit, 100), job);
  const replayed: string[] = [];
  const refused: { id: string; because: string }[] = [];
  const startAt = dependencies.clock.now();
  for (const { id } of letters) {
    try {
      const notBefore = startAt + Math.floor(replayed.length / perSecond) * 1000;
      await replay(dependencies, id, { notBefore });
      replayed.push(id);
    } catch (error) {
      if (!(error instanceof AppError) || error.retryable) throw error;
      refused.push({ id, because: error.message });
    }
  }
  return { replayed, refused };
}

async function takeLetters(
  { deadLetters }: JobsDependencies,
  limit: number,
  job: string | undefined,
): Promise<DeadLetter[]> {
  const taken: DeadLetter[] = [];
  let cursor: string | undefined;
  do {
    const page = await deadLetters.list({ cursor, limit: 100 });
    taken.push(...page.letters.filter((letter) => job === undefined || letter.job === job));
    cursor = page.cursor;
  } while (cursor !== undefined && taken.length < limit);
  return taken.slice(0, limit);
}

/** Whether the job has run, or ended, in another way since the letter was written. */
function hasMovedOn(letter: DeadLetter, { claim, outcome }: JobRecords): boolean {
  if (outcome && (outcome.state !== "failed" || outcome.generation !== letter.generation)) {
    return true;
  }
  return claim !== undefined && claim.generation > letter.generation && claim.state !== "queued";
}

function queuedClaim(
  job: Registry[string],
  letter: DeadLetter,
  { claim, outcome }: JobRecords,
  now: number,
  next: Pick<JobClaim, "generation" | "nonce" | "steps">,
): JobClaim {
  return {
    job: job.name,
    attempt: -1,
    runs: 0,
    state: "queued",
    leaseUntil: 0,
    enqueuedAt: claim?.enqueuedAt ?? outcome?.enqueuedAt ?? letter.failedAt,
    // Its log from before may be older than what is remembered; what happens from now on is not.
    startedAt: now,
    ...next,
  };
}
