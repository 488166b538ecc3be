/**
 * Dead letters that nobody brought: their failure callbacks were lost, so they are fetched.
 *
 * One importer at a time, a job of the library's own, armed by work: one message for an hour with
 * work, none without. A link of its chain makes at most 40 requests, and takes in about ten letters,
 * each at the price of a failure callback; a chain has at most 50 links. What is left then waits for
 * the next hour with work; QStash keeps it for 3 days on the free plan.
 *
 * @module
 */
import * as z from "zod";
import { AppError, NonRetryableError } from "../../errors.ts";
import type { Queue, QueueDeadLetter, Redis } from "../../ports.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { enqueueJob } from "./enqueue.ts";
import { jobFailed } from "./failures.ts";
import { dedupedJobId } from "./identity.ts";
import { defineJob, type JobContext, type Registry } from "./job.ts";
import { kindOfLetter } from "./own_letters.ts";

export const IMPORT_JOB = "dead-letters.import";

/** How long a failure callback may take before its letter is fetched instead. */
const CALLBACK_GRACE_MS = 60_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long an isolate does not look again whether this hour's import is on its way. */
const LOOK_MS = 10 * MINUTE_MS;
const MOST_REQUESTS = 40;
/** What one letter may take: records, log, letter, outcome, group, follow-up. */
const REQUESTS_OF_A_LETTER = 9;
const MOST_LINKS = 50;
const MOST_PAGES = 5;

const ImportInput = z.object({
  /** The number of its link in the chain, from 0. */
  link: z.int().min(0).max(MOST_LINKS - 1),
  /** Takes in only what is older than this letter of QStash's list. */
  before: z.string().max(100).optional(),
});
type ImportInput = z.infer<typeof ImportInput>;

/** What one call took in. */
export interface Imported {
  imported: number;
  /** Letters that it saw and did not come to, at least; call again for them. */
  left: number;
  /** The last letter that it came to. */
  reached?: string;
}

const importJob = defineJob({
  name: IMPORT_JOB,
  description: "Takes in the jobs that QStash gave up on and could not tell.",
  input: ImportInput,
  retries: 3,
  backoff: { first: 10_000, factor: 6 },
  tracked: false,
  run(): Promise<Imported> {
    throw new TypeError("Cannot import without the library's own parts");
  },
});

/** The importer on its dependencies: at most one of them at a time. */
export function importerOf(dependencies: JobsDependencies): Registry[string] {
  const key = dependencies.keys.deadLetters().replaceAll(":", ".");
  return {
    ...importJob,
    flowControl: { key, parallelism: 1 },
    run: (input: ImportInput, context: JobContext) => importLink(dependencies, input, context),
  };
}

async function importLink(
  dependencies: JobsDependencies,
  { link, before }: ImportInput,
  context: JobContext,
): Promise<Imported> {
  const found = await importDeadLetters(dependencies, { before });
  if (found.left === 0) return found;
  if (link + 1 >= MOST_LINKS) {
    throw new NonRetryableError(
      `Cannot take in more than ${MOST_LINKS} times in a row: ${found.left} letters or more are left`,
    );
  }
  const next: ImportInput = { link: link + 1, before: found.reached ?? before };
  await context.enqueue(dependencies.registry[IMPORT_JOB], next);
  return found;
}

/**
 * Takes in what QStash gave up on, a minute ago or more, and has not told, newest first, in at most
 * `mostRequests`. No Redis command where all were told. One that cannot be taken in, and not later
 * either, stays where it is and does not stop the rest.
 */
export async function importDeadLetters(
  dependencies: JobsDependencies,
  { before, mostRequests = MOST_REQUESTS }: { before?: string; mostRequests?: number } = {},
): Promise<Imported> {
  const counter = { requests: 0 };
  const counted = countedIn(dependencies, counter);
  const { letters, callbacks, isAll } = await untoldLetters(counted, before);
  const told = [...callbacks];
  let imported = 0;
  let reached: string | undefined;
  let seen = 0;
  try {
    for (const letter of letters) {
      // One more is needed to remove what was taken in.
      if (counter.requests + REQUESTS_OF_A_LETTER + 1 > mostRequests) break;
      seen++;
      reached = letter.id;
      if (!await takeIn(counted, letter)) continue;
      told.push(letter.id);
      imported++;
    }
  } finally {
    await removeTold(counted, told);
  }
  const left = letters.length - seen + (isAll ? 0 : 1);
  return { imported, left, ...(reached !== undefined && { reached }) };
}

/**
 * How many letters QStash holds that were not told; at most 100 are counted. Where there are any, they
 * are taken in now, at most once in 10 minutes. Undefined where QStash cannot be asked.
 */
export async function lookForUntold(dependencies: JobsDependencies): Promise<number | undefined> {
  const { clock, log } = dependencies;
  try {
    const { letters } = await untoldLetters(dependencies, undefined, 1);
    const slot = Math.floor(clock.now() / LOOK_MS);
    if (letters.length > 0) await sendImport(dependencies, `slot ${slot}`);
    return letters.length;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn("dead_letters.unlisted", { because: error.code });
    return undefined;
  }
}

async function takeIn(dependencies: JobsDependencies, letter: QueueDeadLetter): Promise<boolean> {
  try {
    const answer = await jobFailed(dependencies, {
      url: letter.url,
      body: letter.body,
      messageId: letter.messageId,
      attempts: letter.attempts,
      status: letter.responseStatus,
      responseBody: letter.responseBody,
    });
    return answer.kind === "done";
  } catch (error) {
    if (!(error instanceof AppError) || error.retryable) throw error;
    dependencies.log.error("dead_letter.unimported", { id: letter.id, because: error.code });
    return false;
  }
}

/** One that stays there is taken in again, which changes nothing. */
async function removeTold(
  { log, queue }: JobsDependencies,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  try {
    await queue.removeDeadLetters(ids.slice(0, 100));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn("dead_letter.unremoved", { because: error.code });
  }
}

/** Our letters in QStash's list, newest first. Read before any is removed, so that pages do not shift. */
async function untoldLetters(
  dependencies: JobsDependencies,
  before: string | undefined,
  pages = MOST_PAGES,
) {
  const { clock, queue } = dependencies;
  const latest = clock.now() - CALLBACK_GRACE_MS;
  const letters: QueueDeadLetter[] = [];
  const callbacks: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pages; page++) {
    const { letters: found, cursor: next } = await queue.deadLetters(cursor);
    for (const letter of found) {
      if (letter.failedAt > latest || !isOlder(letter.id, before)) continue;
      const kind = kindOfLetter(dependencies, letter);
      // A callback that failed: the message it told of is in the same list.
      if (kind === "callback") callbacks.push(letter.id);
      else if (kind === "job") letters.push(letter);
    }
    cursor = next;
    if (cursor === undefined) break;
  }
  return { letters, callbacks, isAll: cursor === undefined };
}

/** By its id, as in `1725323658779-0`: a moment, and a number in it. */
function isOlder(id: string, before: string | undefined): boolean {
  if (before === undefined) return true;
  const [at, place] = [id, before].map((text) => text.split("-").map(Number));
  return at[0] < place[0] || (at[0] === place[0] && (at[1] ?? 0) < (place[1] ?? 0));
}

/** The same dependencies, each request of which is counted. */
function countedIn(dependencies: JobsDependencies, counter: { requests: number }) {
  const { queue, redis, deadLetters } = dependencies;
  const counted = <T extends object>(port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([name, method]) => [name, (...call: unknown[]) => {
        counter.requests++;
        return method.apply(port, call);
      }]),
    ) as T;
  return {
    ...dependencies,
    queue: counted<Queue>(queue),
    redis: counted<Redis>(redis),
    deadLetters: counted(deadLetters),
  };
}

/**
 * Sees to it that this hour's import runs a minute after its end: called by whatever is work. Looks at
 * QStash's log first, as ids are told apart for 10 minutes only. Two requests for each isolate and hour.
 */
export async function armImport(dependencies: JobsDependencies): Promise<void> {
  const { clock, defer, importWatch } = dependencies;
  if (!defer || !importWatch) return;
  const now = clock.now();
  const hour = Math.floor(now / HOUR_MS);
  if (importWatch.hour === hour || now - importWatch.lookedAt < LOOK_MS) return;
  importWatch.lookedAt = now;
  const notBefore = (hour + 1) * HOUR_MS + MINUTE_MS;
  await defer(
    sendImport(dependencies, `hour ${hour}`, notBefore).then((isSent) => {
      if (isSent) importWatch.hour = hour;
    }),
  );
}

async function sendImport(
  dependencies: JobsDependencies,
  dedupeId: string,
  notBefore?: number,
): Promise<boolean> {
  const { queue, log, registry } = dependencies;
  try {
    const id = await dedupedJobId(IMPORT_JOB, dedupeId);
    if ((await queue.history(id, { pages: 1 })).length > 0) return true;
    await enqueueJob(dependencies, registry[IMPORT_JOB], { link: 0 }, { dedupeId, notBefore });
    return true;
  } catch (error) {
    // The next work of this isolate, or of another, sends it.
    if (!(error instanceof AppError)) throw error;
    log.warn("dead_letters.import_not_armed", { because: error.code });
    return false;
  }
}
