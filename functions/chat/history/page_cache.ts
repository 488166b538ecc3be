/**
 * The last messages of a conversation, as Redis keeps them.
 *
 * A page carries its owner and the conversation's version, and is used only where Postgres names the
 * same two: whatever Redis missed, or whichever reader wrote last, no page lacks a message that is
 * stored. With Redis away nothing is cached, and nothing is wrong.
 *
 * @module
 */
import * as z from "zod";
import { MessageEnding } from "../contracts.ts";
import { AppError, type Keys, type Log, type Redis } from "../../../shared/mod.ts";

/** What the cache stands on. */
export interface PageCacheParts {
  redis: Redis;
  keys: Keys;
  log: Log;
}

const CachedMessage = z.object({
  id: z.string(),
  role: z.enum(["user", "assistant"]),
  text: z.string(),
  at: z.number(),
  position: z.number(),
  reply: z.string().optional(),
  ending: MessageEnding.optional(),
});

/** The newest messages, oldest first. */
export const CachedPage = z.object({
  owner: z.string(),
  version: z.string(),
  /** There are older ones than these. */
  hasOlder: z.boolean(),
  messages: z.array(CachedMessage),
});
export type CachedPage = z.infer<typeof CachedPage>;

const TTL_SECONDS = 24 * 3_600;
/** Of text as JSON has it. A larger page is read from Postgres each time: Redis bills its storage. */
const MOST_LENGTH = 400_000;

/** What a read of the cache came to. */
export interface CacheRead {
  page?: CachedPage;
  /** Redis could not be asked. */
  isAway: boolean;
}

/** The page, if there is one that can be read. One command; never throws for Redis. */
export async function readCachedPage(
  { redis, keys, log }: PageCacheParts,
  conversation: string,
): Promise<CacheRead> {
  try {
    const kept = await redis.run(["GET", keys.conversationPage(conversation)]);
    return { page: typeof kept === "string" ? parsePage(kept) : undefined, isAway: false };
  } catch (error) {
    warn(log, "read", error);
    return { isAway: true };
  }
}

/** Keeps the page for a day, unless it is large. One command; false where Redis did not take it. */
export async function cachePage(
  { redis, keys, log }: PageCacheParts,
  conversation: string,
  page: CachedPage,
): Promise<boolean> {
  const text = JSON.stringify(page);
  if (text.length > MOST_LENGTH) return true;
  try {
    await redis.run(["SET", keys.conversationPage(conversation), text, "EX", TTL_SECONDS]);
    return true;
  } catch (error) {
    warn(log, "write", error);
    return false;
  }
}

/**
 * Forgets the page, for whoever adds a message. One command; false where Redis could not be asked.
 *
 * While Postgres answers, no reader needs this: an old page is told by its version. It is for the
 * time that Postgres is away, when pages are shown as they were cached, marked as stale.
 */
export async function forgetCachedPage(
  parts: PageCacheParts,
  conversation: string,
): Promise<boolean> {
  return await forgetKeys(parts, [parts.keys.conversationPage(conversation)]);
}

/** Deletes these keys with one command; false where Redis could not be asked. */
export async function forgetKeys(
  { redis, log }: PageCacheParts,
  keys: readonly string[],
): Promise<boolean> {
  try {
    await redis.run(["DEL", ...keys]);
    return true;
  } catch (error) {
    warn(log, "forget", error);
    return false;
  }
}

/** What an older or newer deploy has written, or nobody of ours, counts as nothing. */
function parsePage(text: string): CachedPage | undefined {
  try {
    return CachedPage.safeParse(JSON.parse(text)).data;
  } catch {
    // Not JSON: it will be written anew.
    return undefined;
  }
}

function warn(log: Log, act: string, error: unknown): void {
  if (!(error instanceof AppError)) throw error;
  log.warn("history.cache_away", { act, because: error.code });
}
