/**
 * A day's stream of events that are not counted where they arrive: impressions and favorites.
 *
 * One XADD for a whole request. A reader takes entries after the id that it committed last, so
 * nothing is taken out before Postgres has it. An entry may stand there twice: impressions are
 * told apart by their batch, favorites by their time.
 *
 * @module
 */
import { LogEntry } from "../../contracts/event_log.ts";
import type { Redis, RedisCommand } from "../../ports.ts";
import type { Keys } from "../keys.ts";
import type { Day } from "./day.ts";
import { isStorable } from "./storable.ts";

/** Before the first entry of every stream. */
export const LOG_START = "0-0";

export interface LoggedEntry {
  /** The stream's id: epoch ms, `-`, number within it. */
  id: string;
  /** Undefined for what is none of ours. */
  entry?: LogEntry;
}

/** Appends the entry. One command. */
export async function appendToLog(
  redis: Redis,
  keys: Keys,
  day: Day,
  entry: LogEntry,
): Promise<void> {
  await redis.run(logCommand(keys, day, entry), { repeatable: true });
}

/** What appends the entry. It may be sent twice. */
export function logCommand(keys: Keys, day: Day, entry: LogEntry): RedisCommand {
  return ["XADD", keys.eventLog(day), "*", "e", JSON.stringify(entry)];
}

/** The entry in a stream's text; undefined for what is none of ours, or what Postgres would refuse. */
export function parseEntry(text: string): LogEntry | undefined {
  let entry: LogEntry | undefined;
  try {
    entry = LogEntry.safeParse(JSON.parse(text)).data;
  } catch {
    // Not ours: whoever reads the log says so.
    return undefined;
  }
  return entry && textsOf(entry).every(isStorable) ? entry : undefined;
}

function textsOf(entry: LogEntry): string[] {
  if (entry.type === "favorite") return [entry.kind, entry.id, entry.by];
  return [entry.batch, ...entry.counts.flatMap(([kind, id]) => [kind, id])];
}

/** Lets go of the entries before this one, which stays. One command. */
export async function trimLog(redis: Redis, keys: Keys, day: Day, position: string): Promise<void> {
  await redis.run(["XTRIM", keys.eventLog(day), "MINID", "=", position]);
}
