/**
 * The TTL of a day's keys: set by the first flush that meets them.
 *
 * @module
 */
import { type Day, forgottenAtSeconds } from "../../shared/mod.ts";
import type { FeedParts } from "./parts.ts";
import { rememberExpiring } from "./store.ts";

/** Sets the TTL of the keys that were met and have none yet: `log`, or a set's number. One command each. */
export async function keepExpiring(
  { redis, keys, sql }: FeedParts,
  day: Day,
  { met, known }: { met: readonly string[]; known: readonly string[] },
): Promise<void> {
  const fresh = [...new Set(met)].filter((name) => !known.includes(name));
  if (fresh.length === 0) return;
  const at = forgottenAtSeconds(day);
  await redis.pipeline(fresh.map((name) => {
    const key = name === "log" ? keys.eventLog(day) : keys.uniqueEvents(day, Number(name));
    return ["EXPIREAT", key, at] as const;
  }));
  await rememberExpiring(sql, day, fresh);
}
