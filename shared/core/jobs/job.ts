/**
 * What a job is: a name, an input, a handler and how it is delivered.
 *
 * @module
 */
import type * as z from "zod";
import type { JobStateName } from "../../contracts/job.ts";
import type { LimitPolicy } from "../../contracts/limit.ts";
import type { FlowControl } from "../../ports.ts";
import { partsOf, type SecretPath } from "../secrets/secret_paths.ts";
import type { JobContext } from "./job_context.ts";
import { assertSecretsExist } from "./secret_schema.ts";

export type {
  ContextGroupOptions,
  JobContext,
  StepOptions,
  TransactionOptions,
} from "./job_context.ts";

/** How long to wait before a retry: `first`, then times `factor` for each further one, at most `max`. */
export interface Backoff {
  /** In ms. */
  first: number;
  /** Default: 2. */
  factor?: number;
  /** In ms, at most 24 h. Default: 1 h. */
  max?: number;
}

/** What may be said about when and as what a job is enqueued. */
export interface EnqueueOptions {
  /** Wait this long before the first delivery, in ms, at most a year. QStash's free plan holds up to 7 days. */
  delayMs?: number;
  /** Not before this moment (epoch ms or a Date), within a year; wins over `delayMs`. */
  notBefore?: number | Date;
  /**
   * Equal ids make one job, for as long as its outcome is kept (a job without tracking: for 10 minutes).
   * Any text of up to 256 characters.
   */
  dedupeId?: string;
  /**
   * With a `dedupeId`: looks up how a job of this id stands before anything is sent, and says so in
   * the answer. One command, and for one that is known no message. Without it only what was enqueued
   * in the last 10 minutes is told from what is new. Default: false; over HTTP it is always done.
   */
  lookUp?: boolean;
  /**
   * `failed`: where the job of this `dedupeId` has failed, it is run anew with this input, as its next
   * generation. Looks up as well; at most 5 commands. Default: such a job stays failed.
   */
  reuse?: "failed";
}

/** A job that was accepted. */
export interface Enqueued {
  id: string;
  /**
   * True when nothing new was sent: an equal `dedupeId` was enqueued in the last 10 minutes, or was
   * looked up and found.
   */
  deduplicated: boolean;
  /** Where it stands: `queued` when it is new, or what was found. Absent where nobody looked it up. */
  state?: JobStateName;
}

/** A limit that a job counts by, before it runs. */
export interface JobLimit<Input> {
  policy: LimitPolicy;
  /** Whose limit it is, by the job's input; 1 to 256 characters. */
  by(input: Input): string;
  /** Units that a run takes. Default: 1. */
  weight?: number;
}

/** What `defineJob` takes. */
export interface JobDefinition<Name extends string, In extends z.ZodType, Out> {
  /** `noun.verb`, of a-z, 0-9, `.` and `-`. It is part of the job's URL: to rename it is to make a new job. */
  name: Name;
  /** One sentence, shown in the API's documentation. */
  description?: string;
  input: In;
  /** What `run` resolves to; parsed before it is stored. */
  output?: z.ZodType<Out>;
  /**
   * Runs of the handler after the first, where that failed. Deliveries that found no app, no Postgres
   * or a lease still held are no runs: QStash repeats those by itself, over hours. Default: 3.
   */
  retries?: number;
  /** How long to wait after a run that failed. Default: 12 s, 2 min 28 s, 30 min 8 s, 6 h 7 min, 24 h. */
  backoff?: Backoff;
  /** How long one attempt may take, in ms, and so how long its lease is. Default: 60 s. */
  timeoutMs?: number;
  /**
   * How often the handler may defer, from the job's enqueue or replay to its end; once more fails it
   * for good, and the dead letter says so. Waits for a limit do not count. Default: 1,000.
   */
  maxDeferrals?: number;
  /**
   * How many jobs may come before this one in a chain, where each was enqueued by the one before or
   * follows a group of it. The job that would enqueue one more fails for good, and its dead letter
   * says so; replayed, it goes on. Default: 1,000.
   */
  maxChain?: number;
  /**
   * True for a job that only your own code enqueues: over HTTP, in a group or as a `then` from there,
   * it is refused. Default: false.
   */
  internal?: boolean;
  /**
   * True for a job that is about keys of the `NAMESPACE` under which it was sent: under another one it
   * would find nothing, so it fails for good, and the dead letter says so. Default: false.
   */
  ofNamespace?: boolean;
  /**
   * Fields of the input that only a job's own chain may fill, such as a cursor: from outside, one
   * that is there is refused. A replay by an operator keeps them. Default: none.
   */
  internalFields?: readonly (keyof z.input<In> & string)[];
  flowControl?: FlowControl;
  /**
   * Checked before each run, a retry's as well. Over it, the job is deferred to the moment at which
   * the limit opens, which costs no attempt. What a check costs, and for a deferral 1 message.
   */
  limit?: JobLimit<z.output<In>>;
  /** False: no state, no result, no Redis command, and it may run twice. Default: true. */
  tracked?: boolean;
  /**
   * Fields that nobody but the handler may read, as in `["data.url", "users.*.token"]`, or such paths
   * by the input (the same whether its secrets can be read or not). They are sealed under
   * `SECRET_KEYS`, and shown as `[secret]`; errors, logs and results that quote one are cleaned. Ids
   * and limits may not be made from one. No command and no message more.
   */
  secrets?:
    | readonly SecretPath<z.input<In>>[]
    | ((input: z.input<In>) => readonly string[]);
  /** How long the outcome is kept, in ms. Default: 24 h when succeeded or cancelled, 7 days when failed. */
  retention?: { succeededMs?: number; failedMs?: number };
  run(input: z.output<In>, context: JobContext): Promise<Out> | Out;
}

/** A job, ready for a registry. Made by `defineJob`. */
export interface Job<Name extends string = string, In extends z.ZodType = z.ZodType, Out = unknown>
  extends
    Required<
      Omit<
        JobDefinition<Name, In, Out>,
        "backoff" | "flowControl" | "internalFields" | "limit" | "output" | "secrets"
      >
    > {
  backoff?: Backoff;
  flowControl?: FlowControl;
  limit?: JobLimit<z.output<In>>;
  internalFields: readonly string[];
  output?: z.ZodType<Out>;
  /** The paths of the secrets of an input; absent for a job that has none. */
  secretsOf?(input: unknown): readonly string[];
  retention: { succeededMs: number; failedMs: number };
}

/** Any job that takes `Input`. */
export type AnyJob<Input> = Job<string, z.ZodType<unknown, Input>, unknown>;

/** What a registry holds: each name with the job of that name. */
// deno-lint-ignore no-explicit-any -- a table of jobs of every input and output
export type Registry = Readonly<Record<string, Job<string, any, any>>>;

/** What `enqueue` takes for the job of this name. */
export type InputOf<R extends Registry, Name extends keyof R> = z.input<R[Name]["input"]>;

const JOB_NAME = /^[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*$/;
const DAY_MS = 86_400_000;

/**
 * Makes a job.
 *
 * @throws {TypeError} if the name is not of a-z, 0-9, `.` and `-`
 * @throws {RangeError} if a number is out of its bounds
 */
export function defineJob<const Name extends string, In extends z.ZodType, Out>(
  definition: JobDefinition<Name, In, Out>,
): Job<Name, In, Out> {
  const { secrets, ...rest } = definition;
  const { name, retries = 3, timeoutMs = 60_000, maxDeferrals = 1_000, maxChain = 1_000 } = rest;
  const { backoff, limit, retention = {} } = rest;
  if (!JOB_NAME.test(name) || name.length > 64) {
    throw new TypeError(
      `Cannot define the job "${name}": names are noun.verb of a-z, 0-9, . and -`,
    );
  }
  assertInteger(name, "retries", retries, 0, 100);
  assertInteger(name, "timeoutMs", timeoutMs, 1_000, DAY_MS / 2);
  assertInteger(name, "maxDeferrals", maxDeferrals, 0, 1_000_000);
  assertInteger(name, "maxChain", maxChain, 0, 1_000_000);
  if (backoff) {
    assertInteger(name, "backoff.first", backoff.first, 0, DAY_MS);
    assertInteger(name, "backoff.max", backoff.max ?? DAY_MS, 0, DAY_MS);
  }
  if (limit) assertInteger(name, "limit.weight", limit.weight ?? 1, 1, limit.policy.limit);
  return {
    ...rest,
    ...(secrets && { secretsOf: secretsOf(name, definition.input, secrets) }),
    description: definition.description ?? "",
    retries,
    timeoutMs,
    maxDeferrals,
    maxChain,
    internal: definition.internal ?? false,
    ofNamespace: definition.ofNamespace ?? false,
    internalFields: definition.internalFields ?? [],
    tracked: definition.tracked ?? true,
    retention: {
      succeededMs: retention.succeededMs ?? DAY_MS,
      failedMs: retention.failedMs ?? 7 * DAY_MS,
    },
  };
}

function secretsOf(
  name: string,
  input: z.ZodType,
  secrets: readonly string[] | ((input: never) => readonly string[]),
): (input: unknown) => readonly string[] {
  if (typeof secrets === "function") return secrets as (input: unknown) => readonly string[];
  for (const path of secrets) assertSecretsExist(name, input, path, partsOf(path));
  return () => secrets;
}

/** Makes a registry; a job under another name than its own does not compile. */
// deno-lint-ignore no-explicit-any -- as in Registry
export function defineRegistry<R extends { [N in keyof R & string]: Job<N, any, any> }>(
  jobs: R,
): R {
  return jobs;
}

function assertInteger(
  job: string,
  what: string,
  value: number,
  least: number,
  most: number,
): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(
      `Cannot define the job "${job}": ${what} must be a whole number from ${least} to ${most}, got ${value}`,
    );
  }
}
