/**
 * What the feed stands on: in a request, and in a job's context.
 *
 * @module
 */
import type { Clock, Keys, Log, Redis, Sql } from "../../shared/mod.ts";

export interface FeedParts {
  redis: Redis;
  sql: Sql;
  keys: Keys;
  clock: Clock;
  log: Log;
}
