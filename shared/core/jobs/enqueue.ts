/**
 * Ways in: one job, many, or a group with a follow-up. No Redis command, no message until delivery.
 *
 * All of them are accepted, or none, in one request to QStash (more than 500: one for each 500,
 * so give them a `dedupeId` and call again when it throws).
 *
 * @module
 */
import type { JobEnvelope } from "../../contracts/job.ts";
import { BodyInvalidError, UnknownJobError } from "../../errors.ts";
import type { Publication } from "../../ports.ts";
import { Redaction } from "../secrets/redaction.ts";
import { type SealedInput, sealInput, secretsIn } from "../secrets/sealed_input.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { groupUntil } from "./group_times.ts";
import { childJobId, dedupedJobId, followUpJobId, hashedId } from "./identity.ts";
import type { Enqueued, EnqueueOptions, Registry } from "./job.ts";
import { type KnownJob, lookUp, runAnew } from "./known.ts";
import { assertInput, notBeforeOf, publicationOf } from "./publication.ts";
import { hasEnded } from "./state.ts";

const BATCH = 500;
const MOST_CHILDREN = 10_000;
const MOST_DEDUPE_ID = 256;

/** One of several jobs to enqueue. */
export interface NewJob extends EnqueueOptions {
  job: Registry[string];
  input: unknown;
  /** Jobs that came before it in its chain. Default: 0. */
  chain?: number;
}

export interface GroupOptions {
  /** What runs once, when every child has succeeded, failed or was cancelled. */
  then?: { job: Registry[string]; input: unknown };
  /** Equal ids make one group. */
  dedupeId?: string;
  /** Jobs that came before the children in their chain; the follow-up has one more. Default: 0. */
  chain?: number;
  /** With a `dedupeId`: looks for the children first, and sends those that are not known. One command. Default: false. */
  lookUp?: boolean;
}

/** A group that was accepted. */
export interface EnqueuedGroup {
  id: string;
  /** The children's ids, in order. */
  jobs: string[];
  /** The follow-up's id, if there is one. */
  then?: string;
  /** Where it was looked up: true when every child was known, so nothing new was sent. */
  deduplicated?: boolean;
}

/** The job of this name. @throws {UnknownJobError} */
export function findJob(registry: Registry, name: string): Registry[string] {
  if (!Object.hasOwn(registry, name)) throw new UnknownJobError(name, Object.keys(registry));
  return registry[name];
}

/** Enqueues one job. @throws {BodyInvalidError | UnsupportedDelayError | QueueUnavailableError | QueueRejectedError} */
export async function enqueueJob(
  dependencies: JobsDependencies,
  job: Registry[string],
  input: unknown,
  options: EnqueueOptions & { chain?: number } = {},
): Promise<Enqueued> {
  const [enqueued] = await enqueueJobs(dependencies, [{ ...options, job, input }], "");
  return enqueued;
}

/** Enqueues several jobs, 500 in a request. Those that are known, and were to be looked up, are not sent. */
export async function enqueueJobs(
  dependencies: JobsDependencies,
  jobs: readonly NewJob[],
  path?: string,
): Promise<Enqueued[]> {
  const publications = await Promise.all(
    jobs.map((job, index) => newPublication(dependencies, job, path ?? `jobs[${index}].`)),
  );
  const known = await knownOf(dependencies, jobs, publications);
  const fresh = publications.filter((_, index) => !known[index]);
  const published = await publishInBatches(dependencies, fresh);
  const enqueued: Enqueued[] = [];
  for (const [index, publication] of publications.entries()) {
    const { label: id, notBefore } = publication;
    const { job, input } = jobs[index];
    const found = known[index];
    if (!found) {
      const { deduplicated } = published[fresh.indexOf(publication)];
      enqueued.push({ id, deduplicated, ...(looksUp(jobs[index]) && { state: "queued" }) });
    } else if (mayRunAnew(jobs[index], found)) {
      enqueued.push(await runAnew(dependencies, { id, job, input, notBefore }, found));
    } else {
      enqueued.push({ id, deduplicated: true, state: found.state });
    }
  }
  return enqueued;
}

function looksUp({ dedupeId, lookUp, reuse }: EnqueueOptions): boolean {
  return dedupeId !== undefined && (lookUp === true || reuse !== undefined);
}

/** What is known of those that are to be looked up, and keeps them from being sent. */
async function knownOf(
  dependencies: JobsDependencies,
  jobs: readonly NewJob[],
  publications: readonly Publication[],
): Promise<(KnownJob | undefined)[]> {
  const now = dependencies.clock.now();
  const wanted = jobs.map((options, index) => {
    const { label: id, notBefore = 0 } = publications[index];
    // One request to QStash for each, so for a single one alone.
    const asksQueue = jobs.length === 1 && (notBefore > now || options.reuse !== undefined);
    return { id, job: options.job, asksQueue, isWanted: looksUp(options) };
  });
  const found = await lookUp(dependencies, wanted.filter(({ isWanted }) => isWanted));
  return wanted.map(({ isWanted }, index) => {
    const known = isWanted ? found.shift() : undefined;
    // An untracked job is one for as long as it waits or runs: after that an equal id runs again.
    const isOver = known && !jobs[index].job.tracked && hasEnded(known);
    return known && isOver && !mayRunAnew(jobs[index], known) ? undefined : known;
  });
}

function mayRunAnew({ reuse }: EnqueueOptions, { state, records }: KnownJob): boolean {
  return reuse === "failed" &&
    (state === "failed" || (state === "queued" && records.claim?.state === "queued"));
}

/** Enqueues jobs that belong together; the follow-up runs when the last of them has ended. */
export async function enqueueGroup(
  dependencies: JobsDependencies,
  children: readonly Omit<NewJob, "dedupeId">[],
  { then, dedupeId, chain = 0, lookUp: looks = false }: GroupOptions = {},
): Promise<EnqueuedGroup> {
  const { clock, ids, queue, secrets } = dependencies;
  if (children.length > MOST_CHILDREN) {
    throw new RangeError(`Cannot enqueue a group of ${children.length}: at most ${MOST_CHILDREN}`);
  }
  if (then) assertInput(then.job, then.input, "then.input");
  assertKeepsSecrets(then ? [...children, then] : children, dedupeId, "dedupeId");
  const group = dedupeId === undefined ? ids.random() : await hashedId("group", dedupeId);
  const total = children.length;
  const next = then && {
    ...await sealInput(secrets, then.job, then.input, { id: await followUpJobId(group) }),
    ...(chain > 0 && { chain: chain + 1 }),
  };
  if (total === 0) {
    if (then) await queue.publish(await followUp(dependencies, group, 0, then.job, next!));
    return { id: group, jobs: [], ...(then && { then: await followUpJobId(group) }) };
  }
  const now = clock.now();
  const due = children.map((child, index) => notBeforeOf(child, now, `jobs[${index}].`));
  const planned = children.map(({ job }, index) => ({ job, notBefore: due[index] }));
  const until = then && groupUntil(planned, then.job, now);
  const publications = await Promise.all(children.map(async (child, index) => {
    assertInput(child.job, child.input, `jobs[${index}].input`);
    const id = await childJobId(group, index);
    const envelope: JobEnvelope & { id: string } = {
      version: 1,
      id,
      job: child.job.name,
      ...await sealInput(secrets, child.job, child.input, { id }),
      generation: 0,
      runs: 0,
      enqueuedAt: now,
      ...(chain > 0 && { chain }),
      group: {
        id: group,
        index,
        total,
        ...(until !== undefined && { until }),
        ...(then && { then: { job: then.job.name, ...next! } }),
      },
    };
    return publicationOf(dependencies, child.job, envelope, due[index]);
  }));
  const known = looks && dedupeId !== undefined
    ? await lookUp(
      dependencies,
      publications.map(({ label: id }, index) => ({
        id,
        job: children[index].job,
        asksQueue: false,
      })),
    )
    : [];
  const fresh = publications.filter((_, index) => !known[index]);
  const published = await publishInBatches(dependencies, fresh);
  return {
    id: group,
    jobs: publications.map(({ label }) => label),
    ...(looks && dedupeId !== undefined && {
      deduplicated: published.every(({ deduplicated }) => deduplicated),
    }),
    ...(then && { then: await followUpJobId(group) }),
  };
}

/**
 * The message of a group's follow-up; equal for every child that finds the group complete. Its
 * secrets were sealed for it when the group was enqueued.
 */
export async function followUp(
  dependencies: JobsDependencies,
  group: string,
  total: number,
  job: Registry[string],
  { input, sealed, chain }: SealedInput & { chain?: number },
): Promise<Publication> {
  const id = await followUpJobId(group);
  return publicationOf(dependencies, job, {
    version: 1,
    id,
    job: job.name,
    input,
    ...(sealed && { sealed }),
    generation: 0,
    runs: 0,
    enqueuedAt: dependencies.clock.now(),
    ...(chain && { chain }),
    followUpOf: { id: group, total },
  });
}

async function newPublication(
  dependencies: JobsDependencies,
  { job, input, chain, ...options }: NewJob,
  path: string,
): Promise<Publication> {
  const { clock, ids, secrets } = dependencies;
  const { dedupeId } = options;
  assertInput(job, input, `${path}input`);
  if (dedupeId !== undefined && (dedupeId === "" || dedupeId.length > MOST_DEDUPE_ID)) {
    const message = `must have 1 to ${MOST_DEDUPE_ID} characters`;
    throw new BodyInvalidError([{ path: `${path}dedupeId`, message }]);
  }
  if (dedupeId?.isWellFormed() === false) {
    // Halves of different characters would all be one.
    const message = "must hold no half of a character";
    throw new BodyInvalidError([{ path: `${path}dedupeId`, message }]);
  }
  assertKeepsSecrets([{ job, input }], dedupeId, `${path}dedupeId`);
  const now = clock.now();
  const id = dedupeId === undefined ? ids.random() : await dedupedJobId(job.name, dedupeId);
  const envelope: JobEnvelope & { id: string } = {
    version: 1,
    id,
    job: job.name,
    ...await sealInput(secrets, job, input, { id }),
    generation: 0,
    runs: 0,
    enqueuedAt: now,
    ...(chain && { chain }),
  };
  return publicationOf(dependencies, job, envelope, notBeforeOf(options, now, path));
}

/** @throws {BodyInvalidError} if a secret would stand in the id, where a hash of it can be tried out */
function assertKeepsSecrets(
  jobs: readonly { job: Registry[string]; input: unknown }[],
  dedupeId: string | undefined,
  path: string,
): void {
  if (dedupeId === undefined) return;
  const redaction = new Redaction();
  for (const { job, input } of jobs) redaction.add(secretsIn(job, input));
  if (redaction.isWholeIn(dedupeId)) {
    throw new BodyInvalidError([{ path, message: "must not hold a secret of the input" }]);
  }
}

async function publishInBatches({ queue }: JobsDependencies, publications: readonly Publication[]) {
  if (publications.length === 1) return [await queue.publish(publications[0])];
  const published = [];
  for (let start = 0; start < publications.length; start += BATCH) {
    published.push(...await queue.publishMany(publications.slice(start, start + BATCH)));
  }
  return published;
}
