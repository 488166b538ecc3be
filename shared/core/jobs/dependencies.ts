/**
 * What jobs stand on.
 *
 * @module
 */
import type { Clock, DeadLetters, Ids, Log, Queue, Redis, Sql } from "../../ports.ts";
import type { Keys } from "../keys.ts";
import type { SecretKeys } from "../secrets/secret_keys.ts";
import type { Limits } from "../limits/limits.ts";
import type { ImportWatch } from "./import_watch.ts";
import type { Registry } from "./job.ts";

export interface JobsDependencies<R extends Registry = Registry> {
  registry: R;
  redis: Redis;
  queue: Queue;
  /** Postgres, where there is one. */
  sql?: Sql;
  deadLetters: DeadLetters;
  clock: Clock;
  ids: Ids;
  log: Log;
  keys: Keys;
  /** Where QStash reaches this app. */
  publicUrl: string;
  /** What tells this app from others of one QStash account: its namespace, and its Redis. See `originOf`. */
  origin?: string;
  /** How often QStash repeats a delivery that became no run. Default: 5. */
  redeliveries?: number;
  limits: Limits;
  /** What the isolate remembers of the import of dead letters; without it, or `defer`, none is armed. */
  importWatch?: ImportWatch;
  /** Lets work outlive the answer of the request that these are for. */
  defer?(work: Promise<unknown>): Promise<void>;
  /** What secrets are sealed under; needed by jobs that carry some. */
  secrets: SecretKeys;
  /** Arms the schedules of these names, where there are any. */
  arm?(names: readonly string[]): Promise<void>;
}
