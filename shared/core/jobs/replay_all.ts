/**
 * Sending many dead letters again, at a stated pace.
 *
 * In chunks of 25 letters or 500 KB, each in four requests, and in at most 40 requests: what it did
 * not come to it names by number, to be called again. 2 commands for each letter, and 3 for a chunk.
 *
 * @module
 */
import { JobClaim, JobOutcome } from "../../contracts/job.ts";
import { AppError } from "../../errors.ts";
import type { Publication, RedisCommand, RedisValue } from "../../ports.ts";
import { type JobRecords, parse } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { hasMovedOn, movedOn, nextOf, prepare, type Prepared } from "./replay.ts";

const MOST_LETTERS = 100;
const MOST_REQUESTS = 40;
const MOST_PAGES = 5;
/** Its records, the claims, the messages, the letters; more where QStash knows a message already. */
const REQUESTS_OF_A_CHUNK = 6;
const CHUNK_LETTERS = 25;
const CHUNK_BYTES = 500_000;
/** Generations that are tried where QStash knows a message already. */
const MOST_ROUNDS = 5;

export interface ReplayAllOptions {
  /** Only letters of this job. */
  job?: string;
  /** How many a second QStash is to deliver. Default: 1. */
  perSecond?: number;
  /** How many at most, newest first. Default and most: 100. */
  limit?: number;
}

export interface ReplayedAll {
  replayed: string[];
  /** Those that cannot be sent again, with the reason. */
  refused: { id: string; because: string }[];
  /** Letters that it did not come to, at least: call again for them. */
  left: number;
}

/** A replay that QStash has to be told of. */
interface Standing extends Prepared {
  records: JobRecords;
  notBefore: number;
}

/** What a call asks for, uses up and answers. */
interface Round {
  /** Epoch ms at which the letter of this number is due. */
  due: (index: number) => number;
  /** Requests left. */
  budget: { left: number };
  result: ReplayedAll;
}

/** Sends many dead letters again at a stated pace; the ones that cannot be are named with the reason. */
export async function replayAll(
  dependencies: JobsDependencies,
  { job, perSecond = 1, limit = MOST_LETTERS }: ReplayAllOptions = {},
): Promise<ReplayedAll> {
  if (!(perSecond > 0)) {
    throw new RangeError(`Cannot replay: perSecond must be above 0, got ${perSecond}`);
  }
  const startAt = dependencies.clock.now();
  const round: Round = {
    due: (index) => startAt + Math.floor(index / perSecond) * 1_000,
    budget: { left: MOST_REQUESTS },
    result: { replayed: [], refused: [], left: 0 },
  };
  const { budget, result } = round;
  const prepared = await gather(dependencies, job, Math.min(limit, MOST_LETTERS), round);
  let come = 0;
  for (const chunk of chunksOf(prepared, ({ letter }) => letter.envelope.length)) {
    if (budget.left < REQUESTS_OF_A_CHUNK) break;
    try {
      await replayChunk(dependencies, chunk, round);
      come += chunk.length;
    } catch (error) {
      // Another call goes on from here; what was sent must not look as if it had not been.
      if (result.replayed.length === 0 || !(error instanceof AppError)) throw error;
      dependencies.log.warn("dead_letters.replay_cut_short", { because: error.code });
      break;
    }
  }
  result.left += prepared.length - come;
  return result;
}

/**
 * The newest letters that may be sent, as far as they say themselves, at most `most`. All are read
 * before any is removed, so that pages do not shift; one that is refused keeps no older one waiting.
 */
async function gather(
  dependencies: JobsDependencies,
  job: string | undefined,
  most: number,
  { budget, result }: Round,
): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  let cursor: string | undefined;
  // One page more than it takes, so that what is left is said as a number and not as "some".
  let isOver = false;
  for (let page = 0; page < MOST_PAGES && !isOver; page++) {
    isOver = prepared.length >= most;
    budget.left -= 2;
    const { letters, cursor: next } = await dependencies.deadLetters.list({
      cursor,
      limit: MOST_LETTERS,
    });
    for (const letter of letters.filter((one) => job === undefined || one.job === job)) {
      if (prepared.length >= most) {
        result.left++;
        continue;
      }
      try {
        prepared.push(await prepare(dependencies, letter));
      } catch (error) {
        if (!(error instanceof AppError) || error.retryable) throw error;
        result.refused.push({ id: letter.id, because: error.message });
      }
    }
    cursor = next;
    if (cursor === undefined) return prepared;
  }
  result.left++;
  return prepared;
}

async function replayChunk(
  dependencies: JobsDependencies,
  prepared: readonly Prepared[],
  { due, budget, result }: Round,
): Promise<void> {
  const { deadLetters, log } = dependencies;
  const records = await recordsOf(dependencies, prepared, budget);
  const standing: Standing[] = [];
  const old: Prepared[] = [];
  for (const [index, one] of prepared.entries()) {
    if (hasMovedOn(one.letter, records[index])) old.push(one);
    else {
      const notBefore = due(result.replayed.length + standing.length);
      standing.push({ ...one, records: records[index], notBefore });
    }
  }
  for (const { letter } of old) result.refused.push({ id: letter.id, because: movedOn(letter) });
  const sent = await sendAll(dependencies, standing, budget);
  for (const { letter, job } of sent) {
    log.info("dead_letter.replayed", { job: job.name, id: letter.id });
    result.replayed.push(letter.id);
  }
  const gone = [...sent, ...old].map(({ letter }) => letter.id);
  if (gone.length === 0) return;
  budget.left--;
  await deadLetters.removeMany(gone);
}

/** Writes the claims, then sends the messages; resolves to the letters that QStash took. */
async function sendAll(
  dependencies: JobsDependencies,
  standing: readonly Standing[],
  budget: { left: number },
): Promise<Standing[]> {
  const { queue, redis } = dependencies;
  const sent: Standing[] = [];
  let open = [...standing];
  for (let round = 1; open.length > 0 && round <= MOST_ROUNDS; round++) {
    const next = open.map((one) => {
      const generation = one.letter.generation + round;
      return nextOf(dependencies, one, one.records, { generation, notBefore: one.notBefore });
    });
    const commands = next.map((one) => one.commands).filter((pair) => pair.length > 0);
    for (const some of chunksOf(commands, bytesOf)) {
      budget.left--;
      await redis.transaction(some.flat(), { repeatable: true });
    }
    const known: Standing[] = [];
    const messages: [Standing, Publication][] = next.map((one, index) => [
      open[index],
      one.publication,
    ]);
    for (const some of chunksOf(messages, ([, { body }]) => body.length)) {
      budget.left--;
      const answers = await queue.publishMany(some.map(([, publication]) => publication));
      // Of one that QStash has had before there may be nothing left to deliver.
      some.forEach(([one], index) => (answers[index].deduplicated ? known : sent).push(one));
    }
    open = known;
  }
  return sent;
}

async function recordsOf(
  { keys, redis }: JobsDependencies,
  prepared: readonly Prepared[],
  budget: { left: number },
): Promise<JobRecords[]> {
  const ids = prepared.filter(({ job }) => job.tracked).map(({ letter }) => letter.id);
  if (ids.length === 0) return prepared.map(() => ({ claimText: null }));
  budget.left--;
  const names = ids.flatMap((id) => [keys.jobClaim(id), keys.jobOutcome(id)]);
  const texts = await redis.run(["MGET", ...names] as ["MGET", ...string[]]) as RedisValue[];
  return prepared.map(({ letter, job }): JobRecords => {
    if (!job.tracked) return { claimText: null };
    const place = 2 * ids.indexOf(letter.id);
    const claimText = texts[place] as string | null;
    return {
      claim: parse(JobClaim, claimText),
      claimText,
      outcome: parse(JobOutcome, texts[place + 1]),
    };
  });
}

function bytesOf(commands: readonly RedisCommand[]): number {
  return commands.reduce((sum, command) => sum + String(command[2] ?? "").length, 0);
}

/** In order, at most 25 and 500 KB each; what is larger stands alone. */
function chunksOf<T>(items: readonly T[], sizeOf: (item: T) => number): T[][] {
  const chunks: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    const last = chunks.at(-1);
    if (last && last.length < CHUNK_LETTERS && bytes + size <= CHUNK_BYTES) {
      last.push(item);
      bytes += size;
    } else {
      chunks.push([item]);
      bytes = size;
    }
  }
  return chunks;
}
