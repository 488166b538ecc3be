/**
 * Jobs about somebody who is to be forgotten: what waits is cancelled, dead letters are stripped.
 *
 * QStash has no list of what waits, so its log is read, a request for each 100 messages. No Redis
 * command but for what is found: 3 for each job, and for each letter without Postgres.
 *
 * @module
 */
import type { DeadLetter } from "../../contracts/dead_letter.ts";
import { JobEnvelope } from "../../contracts/job.ts";
import { AppError } from "../../errors.ts";
import { openInput } from "../secrets/sealed_input.ts";
import { cancelJob } from "./cancel.ts";
import { parse } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { envelopeOf } from "./history.ts";

/** Stands where an input was. */
export const ERASED = "[erased]";
const PAGES_AT_ONCE = 10;
const MOST_LETTERS = 5_000;

/** Whether this input of the job of this name is about the person. */
export type IsAbout = (job: string, input: unknown) => boolean;

/**
 * Cancels those of a part of QStash's log that are about the person; `cursor` leads to the next part.
 * `except` is the job that asks.
 */
export async function cancelAbout(
  dependencies: JobsDependencies,
  isAbout: IsAbout,
  { cursor, except }: { cursor?: string; except: string },
): Promise<{ cancelled: number; cursor?: string }> {
  let cancelled = 0;
  let next = cursor;
  for (let page = 0; page < PAGES_AT_ONCE; page++) {
    const { events, cursor: after } = await dependencies.queue.created(next);
    for (const event of events) {
      const envelope = envelopeOf(event);
      if (!envelope?.id || envelope.id === except) continue;
      if (!isAbout(envelope.job, await readable(dependencies, { ...envelope, id: envelope.id }))) {
        continue;
      }
      try {
        const view = await cancelJob(dependencies, envelope.id);
        if (view.state === "cancelled") cancelled++;
      } catch (error) {
        // It has ended, and is forgotten.
        if (!(error instanceof AppError) || error.retryable) throw error;
      }
    }
    next = after;
    if (next === undefined) break;
  }
  return { cancelled, ...(next !== undefined && { cursor: next }) };
}

/** The dead letters about the person, newest first. */
export async function lettersAbout(
  dependencies: JobsDependencies,
  isAbout: IsAbout,
): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  let cursor: string | undefined;
  for (let read = 0; read < MOST_LETTERS;) {
    const page = await dependencies.deadLetters.list({ cursor, limit: 100 });
    read += page.letters.length;
    for (const letter of page.letters) {
      const envelope = parse(JobEnvelope, letter.envelope);
      if (!envelope) continue;
      const input = await readable(dependencies, { ...envelope, id: letter.id });
      if (isAbout(letter.job, input)) found.push(letter);
    }
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  return found;
}

/** Takes out of the letters about the person what they say; that there was a failure stays. */
export async function stripAbout(
  dependencies: JobsDependencies,
  isAbout: IsAbout,
): Promise<{ stripped: number }> {
  const letters = await lettersAbout(dependencies, isAbout);
  for (const letter of letters) {
    const { id, job, generation } = letter;
    const envelope = { version: 1, id, job, input: ERASED, generation, enqueuedAt: 0 };
    await dependencies.deadLetters.save({
      ...letter,
      error: { ...letter.error, message: ERASED },
      envelope: JSON.stringify(envelope),
    });
  }
  return { stripped: letters.length };
}

/** The input with its secrets, where they can be read. */
async function readable(
  { registry, secrets }: JobsDependencies,
  envelope: JobEnvelope & { id: string },
): Promise<unknown> {
  if (!envelope.sealed) return envelope.input;
  const job = Object.hasOwn(registry, envelope.job)
    ? registry[envelope.job]
    : { name: envelope.job };
  try {
    return await openInput(secrets, job, envelope);
  } catch (error) {
    // What is sealed under a lost key says nothing of anybody.
    if (!(error instanceof AppError)) throw error;
    return envelope.input;
  }
}
