/**
 * What the feed stands on: in a request, and in a job's context.
 *
 * @module
 */
import {
  type Clock,
  type Keys,
  type Log,
  NotConfiguredError,
  type Redis,
  type Sql,
} from "../../shared/mod.ts";

export interface FeedParts {
  redis: Redis;
  sql: Sql;
  keys: Keys;
  clock: Clock;
  log: Log;
}

/** Postgres, for the feed. @throws {NotConfiguredError} without `DATABASE_URL` */
export function sqlOfFeed({ database }: { database?: Sql }): Sql {
  if (database) return database;
  throw new NotConfiguredError("the feed", ["DATABASE_URL"]);
}
