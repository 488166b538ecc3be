/**
 * A flush's parts on one day, on the embedded Redis and one PGlite, with what was logged.
 *
 * @module
 */
import type { FlushLimits } from "../../functions/feed/flush/flush_limits.ts";
import type { FeedParts } from "../../functions/feed/parts.ts";
import type { Database, LogFields } from "../../shared/mod.ts";
import {
  emptyFeed,
  flushWhole,
  partsOf,
  type RedisUnderTestOptions,
  startRedis,
} from "./feed_flush_world.ts";

export const DAY = "2026-11-20";
export const NEXT = "2026-11-21";
const NOON = Date.parse(`${DAY}T12:00:00Z`);

/** Empties the feed's tables and starts a Redis of its own. */
export async function openDays(
  database: Database,
  limits: RedisUnderTestOptions["limits"] = {},
) {
  const redis = await startRedis({ at: NOON, limits });
  await emptyFeed(database);
  const lines: ({ event: string } & LogFields)[] = [];
  const keep = (event: string, fields: LogFields = {}) => void lines.push({ ...fields, event });
  const parts: FeedParts = {
    ...partsOf(redis.redis, database, crypto.randomUUID().slice(0, 8), NOON),
    log: { info: keep, warn: keep, error: keep },
  };
  return {
    parts,
    lines,
    server: redis.server,
    /** The same parts at another time. */
    at: (now: string): FeedParts => ({ ...parts, clock: { now: () => Date.parse(now) } }),
    /** Billed commands since the last call. */
    commands() {
      const { commands } = redis.server.meter.snapshot();
      redis.server.meter.reset();
      return commands;
    },
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

/** Flushes the whole day. */
export function flush(
  parts: FeedParts,
  day = DAY,
  run: string = crypto.randomUUID(),
  limits: FlushLimits = {},
) {
  return flushWhole(parts, { day, uniques: "exact" }, { run, limits });
}
