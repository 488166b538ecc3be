/**
 * What a user searched for last, in Redis alone: nice to have, and nothing is lost with it.
 *
 * @module
 */
import { AppError, type RedisCommand } from "../../../shared/mod.ts";
import type { PageCacheParts } from "./page_cache.ts";

const KEPT = 20;
const SHOWN = 10;
const TTL_SECONDS = 30 * 86_400;

/** Keeps the search. Three commands in one round trip; false where Redis could not be asked. */
export async function keepSearch(
  { redis, keys, log }: PageCacheParts,
  user: string,
  text: string,
): Promise<boolean> {
  const key = keys.recentSearches(user);
  const commands: RedisCommand[] = [
    ["LPUSH", key, text],
    ["LTRIM", key, 0, KEPT - 1],
    ["EXPIRE", key, TTL_SECONDS],
  ];
  try {
    // Kept twice it is shown once.
    await redis.pipeline(commands, { repeatable: true });
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn("searches.unkept", { because: error.code });
    return false;
  }
}

/** The last searches, newest first, each once. One command; undefined where Redis could not be asked. */
export async function recentSearches(
  { redis, keys, log }: PageCacheParts,
  user: string,
): Promise<string[] | undefined> {
  try {
    const kept = await redis.run(["LRANGE", keys.recentSearches(user), 0, KEPT - 1]);
    return Array.isArray(kept) ? shownOf(kept.map(String)) : [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn("searches.unread", { because: error.code });
    return undefined;
  }
}

/** Without repeats, and without what was on the way to a longer one, as a page that searches while one types sends. */
function shownOf(kept: readonly string[]): string[] {
  const shown = new Map<string, string>();
  for (const [index, text] of kept.entries()) {
    const lower = text.toLowerCase();
    const newer = kept[index - 1]?.toLowerCase();
    if (newer?.startsWith(lower) || shown.has(lower)) continue;
    shown.set(lower, text);
  }
  return [...shown.values()].slice(0, SHOWN);
}
