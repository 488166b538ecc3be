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

/** At most `count` entries after `after`, oldest first. One command. */
export async function readLog(
  redis: Redis,
  keys: Keys,
  day: Day,
  { after, count }: { after: string; count: number },
): Promise<{ entries: LoggedEntry[]; bytes: number }> {
  const command = ["XRANGE", keys.eventLog(day), `(${after}`, "+", "COUNT", count] as const;
  const reply = await redis.run(command, { timeoutMs: 15_000 }) as [string, string[]][];
  let bytes = 0;
  const entries = reply.map(([id, fields]): LoggedEntry => {
    const text = fields[1] ?? "";
    bytes += text.length;
    return { id, entry: parseEntry(text) };
  });
  return { entries, bytes };
}

/** Whether the stream's id `one` comes after `other`. */
export function isLater(one: string, other: string): boolean {
  const [oneMs, oneNumber] = one.split("-").map(Number);
  const [otherMs, otherNumber] = other.split("-").map(Number);
  return oneMs > otherMs || (oneMs === otherMs && oneNumber > otherNumber);
}

function parseEntry(text: string): LogEntry | undefined {
  try {
    return LogEntry.safeParse(JSON.parse(text)).data;
  } catch {
    // Not ours: whoever reads the log says so.
    return undefined;
  }
}
