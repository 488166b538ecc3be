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
import { NonRetryableError, RequestError, SecretUnreadableError } from "../../errors.ts";
import type { Publication, RedisCommand } from "../../ports.ts";
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

/** A letter that may be sent again, as far as it says itself. */
export interface Prepared {
  letter: DeadLetter;
  job: Registry[string];
  /** The envelope for the replay; its generation and who sent it are still to come. */
  envelope: JobEnvelope & { id: string };
  /** Steps that had ended are not run again, unless the input is another. */
  keepsSteps: boolean;
}

/** Sends one dead letter again. @throws {RequestError} `not_found` or `replay_refused` */
export async function replay(
  dependencies: JobsDependencies,
  id: string,
  options: ReplayOptions = {},
): Promise<{ id: string; generation: number }> {
  const { deadLetters, keys, log, queue, redis } = dependencies;
  const letter = await deadLetters.get(id);
  if (!letter) throw new RequestError("not_found", `Cannot find a dead letter with the id ${id}`);
  const prepared = await prepare(dependencies, letter, options);
  const { job } = prepared;
  const records = job.tracked ? await readRecords(redis, keys, id) : { claimText: null };
  if (hasMovedOn(letter, records)) {
    await deadLetters.remove(id);
    throw new RequestError("replay_refused", movedOn(letter));
  }
  let { generation } = letter;
  let isKnown: boolean;
  do {
    generation++;
    const next = nextOf(dependencies, prepared, records, {
      generation,
      notBefore: options.notBefore,
    });
    if (next.commands.length > 0) await redis.transaction(next.commands, { repeatable: true });
    // Published before by the attempt that was given up, or by a replay whose answer was lost: of that
    // QStash may have nothing left to deliver.
    isKnown = (await queue.publish(next.publication)).deduplicated;
  } while (isKnown);
  await deadLetters.remove(id);
  log.info("dead_letter.replayed", { job: job.name, id, generation });
  return { id, generation };
}

/** Reads what is to be sent again. @throws {RequestError | BodyInvalidError | UnknownJobError} if that cannot be */
export async function prepare(
  dependencies: JobsDependencies,
  letter: DeadLetter,
  options: ReplayOptions = {},
): Promise<Prepared> {
  const { id } = letter;
  const envelope = parse(JobEnvelope, letter.envelope);
  if (!envelope) throw new RequestError("replay_refused", `Cannot replay ${id}: it is no envelope`);
  const job = findJob(dependencies.registry, letter.job);
  const input = await inputOf(dependencies, job, { ...envelope, id }, options);
  assertInput(job, input);
  const { sealed: _, ...rest } = envelope;
  // Under the newest key, so that an older one can be taken away some day.
  const kept = await sealInput(dependencies.secrets, job, input, { id });
  return {
    letter,
    job,
    envelope: { ...rest, ...kept, id },
    keepsSteps: !Object.hasOwn(options, "input"),
  };
}

/** The message of a replay, and what stands in Redis before it is sent. */
export function nextOf(
  dependencies: JobsDependencies,
  { letter, job, envelope, keepsSteps }: Prepared,
  records: JobRecords,
  { generation, notBefore }: { generation: number; notBefore?: number },
): { commands: RedisCommand[]; publication: Publication } {
  const { clock, ids, keys } = dependencies;
  const { id } = letter;
  const nonce = ids.random();
  const steps = keepsSteps ? records.claim?.steps : undefined;
  const claim = queuedClaim(job, letter, records, clock.now(), { generation, nonce, steps });
  const commands: RedisCommand[] = [
    ["SET", keys.jobClaim(id), JSON.stringify(claim), "EX", claimSeconds({ job })],
    ["DEL", keys.jobOutcome(id)],
  ];
  const next = {
    ...envelope,
    generation,
    after: nonce,
    steps,
    runs: 0,
    deferrals: undefined,
    chain: undefined,
    failure: undefined,
    dueAt: notBefore,
    replayedAs: generation,
  };
  return {
    commands: job.tracked ? commands : [],
    publication: publicationOf(dependencies, job, next, notBefore),
  };
}

/** Why a letter is refused whose job has moved on. */
export function movedOn({ id }: DeadLetter): string {
  return `Cannot replay ${id}: the job has moved on since`;
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

/** Whether the job has run, or ended, in another way since the letter was written. */
export function hasMovedOn(letter: DeadLetter, { claim, outcome }: JobRecords): boolean {
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
