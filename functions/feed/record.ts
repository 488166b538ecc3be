/**
 * An event's way into Redis: armed first, then recorded; kept by QStash while Redis is away.
 *
 * One command each. Nothing answers before the event stands where it will not be lost.
 *
 * @module
 */
import {
  appendToLog,
  CircuitOpenError,
  dayOf,
  type Keys,
  recordUnique,
  type Redis,
  RedisUnavailableError,
} from "../../shared/mod.ts";
import type { Deps } from "../deps.ts";
import type { FeedEvent } from "./events.ts";

/** Counts the event in Redis; resolves to false for one that was known. One command. */
export async function recordEvent(
  { redis, keys }: { redis: Redis; keys: Keys },
  event: FeedEvent,
  { late = false }: { late?: boolean } = {},
): Promise<boolean> {
  const day = dayOf(event.at);
  switch (event.type) {
    case "view":
    case "booking": {
      const { type, kind, id, by } = event;
      const metric = type === "view" ? "views" : "bookings";
      return await recordUnique(redis, keys, { day, metric, kind, id, by });
    }
    case "favorite": {
      const { kind, id, by, favorited, at } = event;
      // On time, the stream's own clock says when: it is one for all isolates.
      const entry = { type: "favorite", kind, id, by, favorited, ...(late && { at }) } as const;
      await appendToLog(redis, keys, day, entry);
      return true;
    }
    case "impressions": {
      const { batch, counts } = event;
      await appendToLog(redis, keys, day, { type: "impressions", batch, counts });
      return true;
    }
  }
}

export type Outcome = "counted" | "repeated" | "later";

/** Sees to it that the event will reach Postgres, whatever is away. @throws {AppError} when it will not */
export async function acceptEvent(deps: Deps, event: FeedEvent): Promise<Outcome> {
  try {
    await arm(deps);
    return await recordEvent(deps, event) ? "counted" : "repeated";
  } catch (error) {
    if (!(error instanceof RedisUnavailableError || error instanceof CircuitOpenError)) throw error;
    await deps.jobs.enqueue("feed.record", { events: [event] });
    return "later";
  }
}

/** The day's last flush, without which nothing is counted; then this slot's, which may fail. */
async function arm({ arm, log }: Deps): Promise<void> {
  await arm("feed.close");
  try {
    await arm("feed.flush");
  } catch (error) {
    if (error instanceof RedisUnavailableError || error instanceof CircuitOpenError) throw error;
    // The next event arms again, and the day's last flush is armed.
    log.warn("flush.not_armed", { error: (error as Error).message });
  }
}
