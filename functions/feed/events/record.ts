/**
 * An event's way into Redis: armed first, then recorded; kept by QStash while Redis is away.
 *
 * One command each. Nothing answers before the event stands where it will not be lost.
 *
 * @module
 */
import {
  appendToLog,
  approximateViewCommands,
  CircuitOpenError,
  dayOf,
  type Keys,
  logCommand,
  type LogEntry,
  recordApproximateView,
  recordUnique,
  type Redis,
  type RedisCommand,
  RedisCommandError,
  RedisUnavailableError,
  RegisteredListings,
  uniqueCommand,
} from "../../../shared/mod.ts";
import type { Deps } from "../../deps.ts";
import type { FeedEvent, Uniques } from "./events.ts";
import { spoolEvent } from "./spool.ts";

/** What sees to it that what is counted now will be flushed: at the day's end, and at the slot's. */
export const flushSchedules = ["feed.close", "feed.flush"] as const;

export type Outcome = "counted" | "repeated" | "later";

/** Sees to it that the event will reach Postgres, whatever is away. @throws {AppError} when it will not */
export async function acceptEvent(deps: Deps, event: FeedEvent): Promise<Outcome> {
  try {
    // By the event's own moment: at midnight it is its own day that must be flushed.
    await deps.arm(flushSchedules, event.at);
    return await recordEvent(deps, event) ? "counted" : "repeated";
  } catch (error) {
    if (!isRedisFailure(error)) throw error;
    await spoolEvent(deps, event);
    return "later";
  }
}

/** Counts the event in Redis; resolves to false for one that was known. One command. */
async function recordEvent(deps: Deps, event: FeedEvent): Promise<boolean> {
  const { redis, keys, memory, config } = deps;
  const day = dayOf(event.at);
  if (event.type === "view" || event.type === "booking") {
    const { type, kind, id, by } = event;
    if (type === "view" && config.feed.uniques === "approximate") {
      return await recordApproximateView(redis, keys, memory.registered, { day, kind, id, by });
    }
    const metric = type === "view" ? "views" : "bookings";
    return await recordUnique(redis, keys, { day, metric, kind, id, by });
  }
  // The stream's own clock says when: it is one for all isolates.
  await appendToLog(redis, keys, day, entryOf(event));
  return true;
}

/** What counts events that come late: any number in one request, and any number of times. */
export async function recordLate(
  redis: Redis,
  keys: Keys,
  { events, uniques }: { events: readonly FeedEvent[]; uniques: Uniques },
): Promise<void> {
  const registered = new RegisteredListings();
  const commands = events.flatMap((event): RedisCommand[] => {
    const day = dayOf(event.at);
    if (event.type === "view" && uniques === "approximate") {
      const { kind, id, by } = event;
      const views = approximateViewCommands(keys, registered, { day, kind, id, by });
      registered.add(day, `${kind}:${id}`);
      return views;
    }
    if (event.type === "view" || event.type === "booking") {
      const { type, kind, id, by } = event;
      const metric = type === "view" ? "views" : "bookings";
      return [uniqueCommand(keys, { day, metric, kind, id, by })];
    }
    return [logCommand(keys, day, entryOf(event, { at: event.at }))];
  });
  await redis.pipeline(commands, { repeatable: true, timeoutMs: 10_000 });
}

type LoggedEvent = Extract<FeedEvent, { type: "favorite" | "impressions" }>;

function entryOf(event: LoggedEvent, late: { at?: number } = {}): LogEntry {
  if (event.type === "impressions") {
    const { batch, counts } = event;
    return { type: "impressions", batch, counts };
  }
  const { kind, id, by, favorited } = event;
  return { type: "favorite", kind, id, by, favorited, ...late };
}

/** Redis did not answer, rests, or would not take it, as when it is full. */
function isRedisFailure(error: unknown): boolean {
  return error instanceof RedisUnavailableError || error instanceof CircuitOpenError ||
    error instanceof RedisCommandError;
}
