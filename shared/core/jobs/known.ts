/**
 * How the job of a `dedupeId` stands, before anything is sent; and a failed one, run anew.
 *
 * QStash tells equal ids apart for 10 minutes only. After that a message is taken and finds, when it
 * is delivered, that its job has ended: only a look beforehand can say so. One command for all.
 *
 * @module
 */
import { JobClaim, type JobEnvelope, JobOutcome, type JobStateName } from "../../contracts/job.ts";
import { AppError } from "../../errors.ts";
import type { RedisValue } from "../../ports.ts";
import { sealInput } from "../secrets/sealed_input.ts";
import { claimSeconds, type JobRecords, parse } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import type { Enqueued, Registry } from "./job.ts";
import { publicationOf } from "./publication.ts";
import { viewOf } from "./state.ts";

/** How long a call that uses a failed job again may take to send it. */
const SENDING_MS = 60_000;

/** A job that is known by its id. */
export interface KnownJob {
  state: JobStateName;
  records: JobRecords;
}

/** What is looked for. */
export interface Wanted {
  id: string;
  job: Registry[string];
  /** Asks QStash's log as well: a job that waits for its first delivery is not in Redis. */
  asksQueue: boolean;
}

/**
 * The jobs that are known, in order, with undefined for each that is not. One command for all that
 * are tracked; with Redis away none is known.
 */
export async function lookUp(
  dependencies: JobsDependencies,
  wanted: readonly Wanted[],
): Promise<(KnownJob | undefined)[]> {
  const records = await readAll(dependencies, wanted.filter(({ job }) => job.tracked));
  return await Promise.all(
    wanted.map((one) => standing(dependencies, one, records.get(one.id) ?? { claimText: null })),
  );
}

async function readAll(
  { keys, log, redis }: JobsDependencies,
  wanted: readonly Wanted[],
): Promise<Map<string, JobRecords>> {
  const records = new Map<string, JobRecords>();
  if (wanted.length === 0) return records;
  const names = wanted.flatMap(({ id }) => [keys.jobClaim(id), keys.jobOutcome(id)]);
  try {
    const answer = await redis.run(["MGET", ...names] as ["MGET", ...string[]]);
    const texts: RedisValue[] = Array.isArray(answer) ? answer : [];
    for (const [index, { id }] of wanted.entries()) {
      const [claimText, outcomeText] = texts.slice(2 * index, 2 * index + 2);
      records.set(id, {
        claim: parse(JobClaim, claimText),
        claimText: typeof claimText === "string" ? claimText : null,
        outcome: parse(JobOutcome, outcomeText),
      });
    }
  } catch (error) {
    // To enqueue needs no Redis: the job is sent, and its claim decides when it is delivered.
    if (!(error instanceof AppError)) throw error;
    log.warn("job.not_looked_up", { because: error.code });
  }
  return records;
}

async function standing(
  dependencies: JobsDependencies,
  { id, asksQueue }: Wanted,
  records: JobRecords,
): Promise<KnownJob | undefined> {
  const { claim, outcome } = records;
  if (!claim && !outcome && !asksQueue) return undefined;
  if (claim?.state === "queued" && !outcome) return { state: "queued", records };
  try {
    return { state: (await viewOf(dependencies, id, records)).state, records };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // No trace of it, or nobody to ask: what is sent runs once, whatever there was.
    return undefined;
  }
}

/**
 * Runs a failed job anew, with this input, as its next generation; steps run again, and its dead
 * letter is gone. Of several callers at once one sends it. At most 5 commands and a message.
 */
export async function runAnew(
  dependencies: JobsDependencies,
  { id, job, input, notBefore }: {
    id: string;
    job: Registry[string];
    input: unknown;
    notBefore?: number;
  },
  { records: { claim, outcome } }: KnownJob,
): Promise<Enqueued> {
  const { clock, deadLetters, ids, keys, log, queue, redis, secrets } = dependencies;
  const sealed = await sealInput(secrets, job, input, { id });
  const failedAs = outcome?.generation ?? claim?.generation ??
    (await deadLetters.get(id))?.generation ?? 0;
  let generation = failedAs;
  let nonce = "";
  // Begun by another call: that one sends it, or was cut short, and then it goes on from there.
  const isBegun = claim?.state === "queued" && claim.generation > (outcome?.generation ?? -1);
  if (isBegun) {
    if (clock.now() - claim!.startedAt < SENDING_MS) {
      return { id, deduplicated: true, state: "queued" };
    }
    [generation, nonce] = [claim!.generation, claim!.nonce];
  }
  let held: JobClaim | undefined;
  for (;;) {
    if (!isBegun) {
      generation++;
      nonce = ids.random();
    }
    if (job.tracked && !isBegun) {
      const key = keys.jobClaim(id);
      const next: JobClaim = held = {
        job: job.name,
        generation,
        attempt: -1,
        runs: 0,
        nonce,
        state: "queued",
        leaseUntil: 0,
        enqueuedAt: clock.now(),
        startedAt: clock.now(),
      };
      const seconds = claimSeconds({ job });
      const before = await redis.run(["SET", key, JSON.stringify(next), "EX", seconds, "GET"], {
        repeatable: true,
      });
      const other = parse(JobClaim, before);
      if (other && other.nonce !== nonce && other.generation >= generation) {
        await redis.run(["SET", key, before as string, "EX", seconds], { repeatable: true });
        return { id, deduplicated: true, state: "queued" };
      }
    }
    if (job.tracked) await redis.run(["DEL", keys.jobOutcome(id)], { repeatable: true });
    const envelope: JobEnvelope & { id: string } = {
      version: 1,
      id,
      job: job.name,
      ...sealed,
      generation,
      runs: 0,
      replayedAs: generation,
      after: nonce,
      enqueuedAt: clock.now(),
    };
    let deduplicated: boolean;
    try {
      const publication = publicationOf(dependencies, job, envelope, notBefore);
      ({ deduplicated } = await queue.publish(publication));
    } catch (error) {
      if (held) await letGo(dependencies, job, id, held);
      throw error;
    }
    // Sent by the attempt that was given up: of that QStash may have nothing left to deliver.
    if (deduplicated && !isBegun) continue;
    await deadLetters.remove(id);
    log.info("job.run_anew", { job: job.name, id, generation });
    return { id, deduplicated, state: "queued" };
  }
}

/** QStash did not take it: whoever asks again need not wait for this call. */
async function letGo(
  { keys, log, redis }: JobsDependencies,
  job: Registry[string],
  id: string,
  held: JobClaim,
): Promise<void> {
  const claim = JSON.stringify({ ...held, startedAt: held.startedAt - SENDING_MS });
  try {
    await redis.run(["SET", keys.jobClaim(id), claim, "EX", claimSeconds({ job })]);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn("job.not_let_go", { id, because: error.code });
  }
}
