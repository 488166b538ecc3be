/**
 * What a handler is given besides its input.
 *
 * @module
 */
import type { JobOutcome } from "../../contracts/job.ts";
import type { LimitPolicy } from "../../contracts/limit.ts";
import type { Clock, Log, Redis, Sql } from "../../ports.ts";
import type { Keys } from "../keys.ts";
import type { LimitOptions } from "../limits/limits.ts";
import type { EnqueuedGroup } from "./enqueue.ts";
import type { AnyJob, Enqueued, EnqueueOptions } from "./job.ts";
import type { Kept } from "./kept.ts";

export interface StepOptions {
  /** True for a result that nobody but the handler may read, such as a new token: it is sealed. Default: false. */
  secret?: boolean;
}

export interface TransactionOptions {
  /** Tells the transactions of one job apart. Default: `main`. */
  name?: string;
}

/** What may be said about a group that a handler enqueues. */
export interface ContextGroupOptions<Next> {
  /** What runs once, when every child has ended; its `context.group` shows it how. */
  then?: { job: AnyJob<Next>; input: Next };
  /** Equal ids make one group. */
  dedupeId?: string;
}

/** What a handler is given besides its input. */
export interface JobContext {
  readonly id: string;
  readonly job: string;
  /**
   * Runs of this job that failed before this one, since it was enqueued or replayed: 0 in the first.
   * Without tracking, a run that ended without a word (its isolate was stopped) is not known: such
   * runs are bounded by QStash's deliveries alone.
   */
  readonly attempt: number;
  /** Raised by each run that failed, each deferral and each replay. */
  readonly generation: number;
  /** How often the handler has put the job off, since it was enqueued or replayed. */
  readonly deferrals: number;
  /** The generation that the last replay made; 0 before the first. */
  readonly replayedAs: number;
  /** True for the last attempt: what fails now is a dead letter. */
  readonly lastAttempt: boolean;
  /**
   * A short text for `value` (JSON), the same in every attempt of this job, to make a `dedupeId` from.
   * Without the keys of secrets nobody learns `value` from it, not even by trying.
   */
  fingerprint(value: unknown): Promise<string>;
  /**
   * Cancels jobs that wait and are about somebody, as `isAbout` says by their name and input: of 1,000
   * messages of QStash's log, from `cursor` on. 3 commands for each that is found.
   */
  cancelAbout(
    isAbout: (job: string, input: unknown) => boolean,
    cursor?: string,
  ): Promise<{ cancelled: number; cursor?: string }>;
  /** Takes the inputs and errors out of dead letters about somebody. No command with Postgres. */
  stripAbout(isAbout: (job: string, input: unknown) => boolean): Promise<{ stripped: number }>;
  /** The same for every attempt of this job: hand it to outside services that take one. */
  readonly idempotencyKey: string;
  /** Epoch ms after which another attempt may start; work that cannot end before it should be a step. */
  readonly leaseUntil: number;
  /** False for a job without tracking, and while Redis is away: then it may run twice. */
  readonly tracked: boolean;
  readonly log: Log;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly redis: Redis;
  /** Postgres. @throws {NotConfiguredError} on reading it, without `DATABASE_URL` */
  readonly sql: Sql;
  /**
   * In a group's follow-up: how the children ended, in their order; undefined (and a line of the log)
   * for one without tracking, or of which nothing is known any more, since another child put itself
   * off for longer than outcomes are kept. One Redis command.
   */
  readonly group?: { id: string; total: number; outcomes(): Promise<(JobOutcome | undefined)[]> };
  /**
   * Runs `work` once: its result (JSON, together at most 256 KB) is kept and handed to later attempts.
   * The first attempt gets it through JSON as well: a Date as its text, undefined as undefined.
   * A crash between the work and the keeping of its result runs it again. One Redis command; none for
   * a result that is there, or without tracking. One that quotes a secret of the input is sealed.
   *
   * @throws {LeaseLostError} without running `work`, once the lease is over or the job was cancelled
   * @throws {RangeError} if the results together exceed 256 KB
   * @throws {TypeError} if the result holds what JSON loses (a Map, NaN, bytes), or the name is `__proto__`
   */
  step<T>(name: string, work: () => Promise<T> | T, options?: StepOptions): Promise<Kept<T>>;
  /** Shows `progress` (small JSON) to whoever reads the job's state. One Redis command. @throws {LeaseLostError} */
  progress(progress: unknown): Promise<void>;
  /**
   * Ends this delivery, and has the job delivered again at `until` (epoch ms or a Date), in a second
   * at the earliest, as its next generation. Costs no attempt. One message and one command, two where
   * it waits for longer than an outcome is kept; steps are kept. Never returns. Past the job's
   * `maxDeferrals` the job fails instead.
   *
   * @throws {LeaseLostError} once the lease is over or the job was cancelled
   * @throws {RangeError} if `until` is no moment
   */
  defer(until: number | Date): Promise<never>;
  /**
   * Runs `work` if the limit lets it; else it throws, and a handler that lets that error pass is
   * deferred to the moment at which the limit opens. Costs what a check costs.
   *
   * @throws {LimitExceededError} if it is used up
   * @throws {LimitUnavailableError} if Redis is away, and the policy closed
   */
  limited<T>(
    policy: LimitPolicy,
    identifier: string,
    work: () => Promise<T> | T,
    options?: LimitOptions,
  ): Promise<T>;
  /**
   * Sees to it that the jobs of these armed schedules run for this moment's slots, before something
   * is recorded. At most 2 commands for each isolate and slot. Throws when the first cannot be armed.
   */
  arm(schedules: readonly string[]): Promise<void>;
  /** Enqueues another job; its `dedupeId` defaults to one made from this job's id and `input`, so that a retry does not send it twice. */
  enqueue<Input>(job: AnyJob<Input>, input: Input, options?: EnqueueOptions): Promise<Enqueued>;
  /**
   * Enqueues one job for each of these inputs, at most 10,000, with a follow-up when all have ended.
   * Its `dedupeId` defaults to one made from this job's id and the inputs, so that a retry with the
   * same ones sends nothing twice: what is read to make them belongs in a step. What a group costs.
   */
  enqueueGroup<Input, Next = unknown>(
    job: AnyJob<Input>,
    inputs: readonly Input[],
    options?: ContextGroupOptions<Next>,
  ): Promise<EnqueuedGroup>;
  /**
   * Writes to Postgres once for each job and `name`, whatever becomes of its attempts: `work` and a
   * row in a ledger are one transaction. The first to commit wins; a duplicate, a retry, a replay or
   * a late attempt does not run `work`, and resolves to the stored result (JSON, at most 256 KB).
   * What `work` throws rolls both back. Only writes by its `sql` are covered: call nothing outside
   * in it, and no other connection. No Redis command. Needs `DATABASE_URL`.
   */
  transaction<T>(work: (sql: Sql) => Promise<T>, options?: TransactionOptions): Promise<Kept<T>>;
}
