/**
 * What QStash's log says of a job: where it has got to, and how its runs went.
 *
 * No Redis command; one request for each page of the log, which QStash keeps for 3 days on the
 * free plan.
 *
 * @module
 */
import { JobEnvelope, type JobFailure } from "../../contracts/job.ts";
import { AppError } from "../../errors.ts";
import type { QueueEvent } from "../../ports.ts";
import { parse } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";

/** The envelope that a line of QStash's log carries, if it still has its body. */
export function envelopeOf(event: QueueEvent): JobEnvelope | undefined {
  return parse(JobEnvelope, event.body);
}

/** Whether QStash's log knows of a later generation than this one. One request. */
export async function wasSentAgain(
  { queue }: JobsDependencies,
  id: string,
  generation: number,
): Promise<boolean> {
  const history = await queue.history(id, { pages: 1 });
  return history.some((event) => (envelopeOf(event)?.generation ?? 0) > generation);
}

/** The same, where not to know is no reason to wait. */
export async function wasSentAgainIfKnown(
  dependencies: JobsDependencies,
  id: string,
  generation: number,
): Promise<boolean> {
  try {
    return await wasSentAgain(dependencies, id, generation);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    dependencies.log.warn("job.history_unread", { id, because: error.code });
    return false;
  }
}

/** Whether this message was cancelled, as far as QStash's log says. One request. */
export async function wasCancelled(
  { queue }: JobsDependencies,
  id: string,
  messageId: string,
): Promise<boolean> {
  const history = await queue.history(id, { pages: 1 });
  return history.some((event) =>
    event.messageId === messageId &&
    (event.state === "CANCEL_REQUESTED" || event.state === "CANCELED")
  );
}

/** What the newest generation's lines of the log say, newest first. */
export interface Standing {
  /** The newest line. */
  last: QueueEvent;
  envelope?: JobEnvelope;
  /** Runs begun since the job was enqueued or replayed. */
  runs: number;
  /** Why the last run that ended failed, unless it did not. */
  failure?: JobFailure;
}

/** Where the job stands by its log, which is newest first; undefined where that holds nothing of it. */
export function standingOf(history: readonly QueueEvent[]): Standing | undefined {
  const generationOf = (event: QueueEvent) => envelopeOf(event)?.generation ?? 0;
  const newest = Math.max(...history.map(generationOf));
  const lines = history.filter((event) => generationOf(event) === newest);
  if (lines.length === 0) return undefined;
  const [last] = lines;
  const envelope = lines.map(envelopeOf).find((found) => found !== undefined);
  const answers = lines.filter(({ state }) => state === "ERROR");
  const failure = last.state === "DELIVERED"
    ? undefined
    : answers.map(failureOf).find((found) => found !== undefined) ?? envelope?.failure;
  return { last, envelope, runs: runsIn(lines, envelope), ...(failure && { failure }) };
}

function runsIn(lines: readonly QueueEvent[], envelope: JobEnvelope | undefined): number {
  const count = (is: (event: QueueEvent) => boolean) => lines.filter(is).length;
  const ended = count(({ state }) => state === "DELIVERED");
  const begun = lines[0].state === "ACTIVE" ? 1 : 0;
  // A build that did not write down runs counted deliveries.
  if (envelope?.runs === undefined) {
    return count(({ state }) => state === "ERROR") + ended + begun;
  }
  const told = Math.max(0, ...lines.map((line) => problemOf(line.answer)?.attempts ?? 0));
  const runs = Math.max(told, envelope.runs + ended + begun);
  const isDead = lines[0].state === "FAILED";
  // None of them was answered by us: each may have been a run that killed its isolate.
  const unanswered = lines.every((line) => problemOf(line.answer) === undefined);
  return isDead && unanswered ? envelope.runs + count(({ state }) => state === "ERROR") : runs;
}

/** What a problem of ours says, as far as it matters here. */
export interface Problem {
  code: string;
  detail: string;
  /** Runs begun, in the answer to a run that failed. */
  attempts?: number;
}

/** The problem in an answer, where it is one of ours. */
export function problemOf(answer: string | undefined): Problem | undefined {
  if (!answer) return undefined;
  try {
    const { code, detail, attempts } = JSON.parse(answer) as Record<string, unknown>;
    if (typeof code !== "string" || typeof detail !== "string") return undefined;
    return { code, detail, ...(Number.isInteger(attempts) && { attempts: attempts as number }) };
  } catch {
    // Not every answer is ours: a proxy's page says less than its status.
    return undefined;
  }
}

function failureOf({ answer, error }: QueueEvent): JobFailure | undefined {
  const problem = problemOf(answer);
  if (problem?.code === "delivery_in_progress") return undefined;
  const message = problem?.detail || error;
  return message ? { message } : undefined;
}
