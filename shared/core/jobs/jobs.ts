/**
 * Everything that can be done with the jobs of one registry.
 *
 * @module
 */
import type { DeadLetter } from "../../contracts/dead_letter.ts";
import type { JobView } from "../../contracts/job.ts";
import { cancelJob } from "./cancel.ts";
import {
  armImport,
  IMPORT_JOB,
  importDeadLetters,
  type Imported,
  importerOf,
  lookForUntold,
} from "./dead_letters_import.ts";
import { deliver, type JobDelivery } from "./deliver.ts";
import type { JobsDependencies } from "./dependencies.ts";
import type { DeliveryAnswer } from "./ends.ts";
import {
  type EnqueuedGroup,
  enqueueGroup,
  enqueueJob,
  enqueueJobs,
  findJob,
  type NewJob,
} from "./enqueue.ts";
import { type FailedDelivery, type FailureAnswer, jobFailed } from "./failures.ts";
import type { Enqueued, EnqueueOptions, InputOf, Registry } from "./job.ts";
import { lettersAbout } from "./forget.ts";
import { readSecret, showLetter } from "./letters.ts";
import { assertFromOutside } from "./outside.ts";
import { replay, type ReplayOptions } from "./replay.ts";
import { replayAll, type ReplayAllOptions, type ReplayedAll } from "./replay_all.ts";
import {
  applySchedules,
  type ArmedSchedule,
  type ArmedSlots,
  armSchedules,
  planSchedules,
  type SchedulePlan,
  type Schedules,
} from "./schedules.ts";
import { jobState } from "./state.ts";

/** A job to enqueue, by name, with that job's input. */
export type NamedJob<R extends Registry> = {
  [Name in keyof R & string]: EnqueueOptions & { job: Name; input: InputOf<R, Name> };
}[keyof R & string];

/** What may be said about a group. */
export interface NamedGroupOptions<R extends Registry> {
  /** What runs once, when every child has ended; `context.group` shows it how. */
  then?: { [Name in keyof R & string]: { job: Name; input: InputOf<R, Name> } }[keyof R & string];
  /** Equal ids make one group. */
  dedupeId?: string;
  /** With a `dedupeId`: looks for the children first, and sends those that are not known. One command. Default: false. */
  lookUp?: boolean;
}

/** Where jobs to enqueue come from. */
export interface OutsideOptions {
  /** True where a caller named them, not your code: a job's inner parts are refused. Default: false. */
  fromOutside?: boolean;
}

/** The jobs of one registry. */
export interface Jobs<R extends Registry> {
  readonly registry: R;
  /** Enqueues one job. No Redis command; one message for each delivery. */
  enqueue<Name extends keyof R & string>(
    job: Name,
    input: InputOf<R, Name>,
    options?: EnqueueOptions,
  ): Promise<Enqueued>;
  /**
   * The same for a name and an input that come from outside, where a job's inner parts are refused.
   *
   * @throws {UnknownJobError | JobInternalError | BodyInvalidError}
   */
  enqueueUnchecked(job: string, input: unknown, options?: EnqueueOptions): Promise<Enqueued>;
  /**
   * Enqueues several jobs, each with its own options: all of them, or none. More than 500 go in
   * requests of 500, of which an earlier one may be accepted when a later one throws.
   */
  enqueueMany(jobs: readonly NamedJob<R>[], options?: OutsideOptions): Promise<Enqueued[]>;
  /**
   * Enqueues at most 10,000 jobs that belong together, with a follow-up. 2 commands for each child
   * that ends and 2 for the group; none without a follow-up. More than 500 need a `dedupeId`, to be
   * sent again when a later request of 500 throws.
   */
  enqueueGroup(
    children: readonly Omit<NamedJob<R>, "dedupeId">[],
    options?: NamedGroupOptions<R> & OutsideOptions,
  ): Promise<EnqueuedGroup>;
  /** Where the job stands. One command. @throws {RequestError} `job_not_found` */
  state(id: string): Promise<JobView>;
  /** Cancels the job unless it has ended; what runs goes on, but can no longer settle. 3 commands. @throws {RequestError} `job_not_found` */
  cancel(id: string): Promise<JobView>;
  /** Runs one delivery whose signature was verified, and says what to answer. 2 commands for a first attempt that succeeds. */
  deliver(delivery: JobDelivery): Promise<DeliveryAnswer>;
  /** Takes in a job that QStash gave up on: keeps its letter, then settles it as failed. 7 commands. */
  failed(failed: FailedDelivery): Promise<FailureAnswer>;
  /**
   * Takes in what QStash gave up on but could not tell, in at most 40 requests, and says how many are
   * left. The library does so by itself after work; this is for whoever cannot wait.
   */
  importDeadLetters(): Promise<Imported>;
  /**
   * How many failed jobs QStash could not tell of yet, 100 at most; where there are any, they are
   * taken in from now on. Undefined where QStash cannot be asked. 1 request, and where there are any 1
   * message in 10 minutes.
   */
  untoldDeadLetters(): Promise<number | undefined>;
  /** Sends a dead letter again as the job's next generation. 6 commands. @throws {RequestError} `not_found` or `replay_refused` */
  replay(id: string, options?: ReplayOptions): Promise<{ id: string; generation: number }>;
  /** The letter as people may see it: `[secret]` in place of each secret. */
  showLetter(letter: DeadLetter): DeadLetter;
  /** Opens one secret of a dead letter, at `path` as in `data.url`; log who asked. @throws {RequestError} `not_found` */
  readSecret(id: string, path: string): Promise<unknown>;
  /** The dead letters about somebody, as `isAbout` says by their job's name and input. */
  lettersAbout(isAbout: (job: string, input: unknown) => boolean): Promise<DeadLetter[]>;
  /**
   * Replays at most 100 dead letters, newest first, at `perSecond`, in at most 40 requests; names
   * those that cannot be, and says how many are left. 2 commands for each, and 3 for 25 of them.
   */
  replayAll(options?: ReplayAllOptions): Promise<ReplayedAll>;
  /** How QStash's schedules under `namespace` differ from the table. No command. */
  planSchedules(schedules: Pick<Schedules<R>, "fixed">, namespace: string): Promise<SchedulePlan>;
  /** Makes QStash hold what the plan says. May be repeated. */
  applySchedules(plan: SchedulePlan): Promise<void>;
  /**
   * Sees to it that the schedules' jobs run for the slots of the moment `at` (epoch ms; default: now),
   * or throws when the first cannot be armed. At most 2 commands for each isolate and slot.
   */
  arm(
    armed: ArmedSlots,
    schedules: Readonly<Record<string, ArmedSchedule<string, unknown>>>,
    at?: number,
  ): Promise<void>;
}

function assertChild({ job, input }: NewJob, index: number): void {
  assertFromOutside(job, input, `jobs[${index}].input`);
}

/** Puts the jobs of a registry on their dependencies. Cheap: one may be made for each request. */
export function createJobs<R extends Registry>(parts: JobsDependencies<R>): Jobs<R> {
  const { registry } = parts;
  // The library's own job is delivered like any other, but nobody enqueues it by name.
  const dependencies: JobsDependencies = { ...parts };
  dependencies.registry = { ...registry, [IMPORT_JOB]: importerOf(dependencies) };
  /** What is work has this hour's import armed, once it is done. */
  async function working<T>(work: Promise<T>): Promise<T> {
    const done = await work;
    await armImport(dependencies);
    return done;
  }
  const named = ({ job, ...rest }: NamedJob<R>) => ({ ...rest, job: findJob(registry, job) });
  return {
    registry,
    enqueue: (job, input, options) =>
      working(enqueueJob(dependencies, findJob(registry, job), input, options)),
    async enqueueUnchecked(name, input, options) {
      const job = findJob(registry, name);
      assertFromOutside(job, input);
      return await working(enqueueJob(dependencies, job, input, options));
    },
    async enqueueMany(jobs, { fromOutside = false } = {}) {
      const all = jobs.map(named);
      if (fromOutside) all.forEach(assertChild);
      return await working(enqueueJobs(dependencies, all));
    },
    async enqueueGroup(children, { then, dedupeId, lookUp, fromOutside = false } = {}) {
      const all = children.map((child) => named(child as NamedJob<R>));
      const next = then && { job: findJob(registry, then.job), input: then.input };
      if (fromOutside) {
        all.forEach(assertChild);
        if (next) assertFromOutside(next.job, next.input, "then.input");
      }
      const options = { dedupeId, lookUp, ...(next && { then: next }) };
      return await working(enqueueGroup(dependencies, all, options));
    },
    state: (id) => jobState(dependencies, id),
    cancel: (id) => cancelJob(dependencies, id),
    deliver: (delivery) => {
      const delivered = deliver(dependencies, delivery);
      // The import itself is no work: an idle app stays idle.
      return delivery.job === IMPORT_JOB ? delivered : working(delivered);
    },
    failed: (failed) => {
      const told = jobFailed(dependencies, failed);
      return failed.url.endsWith(`/${IMPORT_JOB}`) ? told : working(told);
    },
    importDeadLetters: () => importDeadLetters(dependencies),
    untoldDeadLetters: () => lookForUntold(dependencies),
    lettersAbout: (isAbout) => lettersAbout(dependencies, isAbout),
    showLetter: (letter) => showLetter(registry, letter),
    readSecret: (id, path) => readSecret(dependencies, id, path),
    replay: (id, options) => replay(dependencies, id, options),
    replayAll: (options) => replayAll(dependencies, options),
    planSchedules: (schedules, namespace) => planSchedules(dependencies, schedules, namespace),
    applySchedules: (plan) => applySchedules(dependencies, plan),
    arm: (armed, schedules, at) => armSchedules(dependencies, armed, schedules, at),
  };
}
