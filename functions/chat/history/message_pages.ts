/**
 * Pages of a conversation: the newest from the cache, the rest from Postgres, in both directions.
 *
 * Positions never change and become visible in their order, so pages have no gap and nothing twice,
 * whatever is said while somebody turns them.
 *
 * @module
 */
import {
  CircuitOpenError,
  type Clock,
  PostgresUnavailableError,
  type Sql,
} from "../../../shared/mod.ts";
import { type MessagesAnswer, PAGE_MESSAGES } from "./contracts.ts";
import { COUNT, readCursor, writeCursor } from "./cursors.ts";
import {
  assertOwn,
  lastMessages,
  nextMessages,
  readVersion,
  type StoredMessage,
  viewOf,
} from "./message_store.ts";
import { CachedPage, cachePage, type PageCacheParts, readCachedPage } from "./page_cache.ts";

/** What pages stand on. */
export interface PageParts extends PageCacheParts {
  sql: Sql;
  clock: Clock;
}

/** Whose conversation, and which. */
export interface Asked {
  conversation: string;
  user: string;
  limit: number;
}

/** The newest page, and what had to be done without. */
export interface LatestPage {
  answer: MessagesAnswer;
  degraded?: "cache" | "stale";
}

type Message = Pick<
  StoredMessage,
  "id" | "role" | "text" | "at" | "position" | "reply" | "ending"
>;

/**
 * The newest messages. Cached, it takes one command, and one look at the conversation's row at the
 * same time; else one command more. While Postgres is away, the page as it was cached, marked.
 *
 * @throws {RequestError} `conversation_not_found`
 * @throws {PostgresUnavailableError | CircuitOpenError} where nothing is cached either
 */
export async function latestPage(parts: PageParts, asked: Asked): Promise<LatestPage> {
  const { conversation, user, limit } = asked;
  const [cached, found] = await Promise.all([
    readCachedPage(parts, conversation),
    versionOrOutage(parts.sql, conversation, user),
  ]);
  const page = cached.page?.owner === user ? cached.page : undefined;
  if (found.outage) {
    if (!page) throw found.outage;
    parts.log.warn("history.stale", { error: found.outage.message });
    return { answer: { ...latestAnswer(page, asked), stale: true }, degraded: "stale" };
  }
  if (page?.version === found.version) return { answer: latestAnswer(page, asked) };
  // Read after the version: it may hold more than that says, and is then read anew; never less.
  const fresh = await readPage(parts.sql, { ...found, owner: user, conversation });
  const isKept = !cached.isAway && await cachePage(parts, conversation, fresh);
  return {
    answer: latestAnswer(fresh, { conversation, limit }),
    ...(!isKept && { degraded: "cache" }),
  };
}

/** What came before the cursor. Postgres alone. @throws as {@link latestPage}, and for a wrong cursor */
export async function pageBefore(
  sql: Sql,
  { conversation, user, limit }: Asked,
  cursor: string,
): Promise<MessagesAnswer> {
  const before = positionOf(cursor, "before", conversation);
  await assertOwn(sql, conversation, user);
  const read = await lastMessages(sql, conversation, { before, limit: limit + 1 });
  return answerOf(conversation, read.slice(-limit), {
    hasOlder: read.length > limit,
    hasNewer: true,
    from: Math.max(0, before - 1),
  });
}

/** What comes after the cursor. Postgres alone. @throws as {@link pageBefore} */
export async function pageAfter(
  sql: Sql,
  { conversation, user, limit }: Asked,
  cursor: string,
): Promise<MessagesAnswer> {
  const after = positionOf(cursor, "after", conversation);
  await assertOwn(sql, conversation, user);
  const read = await nextMessages(sql, conversation, { after, limit: limit + 1 });
  return answerOf(conversation, read.slice(0, limit), {
    hasOlder: after > 0,
    hasNewer: read.length > limit,
    from: after,
  });
}

/** A cursor for what comes after this position. */
export function cursorAfter(conversation: string, position: number): string {
  return writeCursor({ place: [`${position}`], of: conversation });
}

type Found =
  | { version: string; outage?: undefined }
  | { outage: PostgresUnavailableError | CircuitOpenError };

async function versionOrOutage(sql: Sql, conversation: string, user: string): Promise<Found> {
  try {
    return { version: await readVersion(sql, conversation, user) };
  } catch (outage) {
    if (outage instanceof PostgresUnavailableError || outage instanceof CircuitOpenError) {
      return { outage };
    }
    throw outage;
  }
}

async function readPage(
  sql: Sql,
  { conversation, owner, version }: { conversation: string; owner: string; version: string },
): Promise<CachedPage> {
  const read = await lastMessages(sql, conversation, { limit: PAGE_MESSAGES + 1 });
  const messages = read.slice(-PAGE_MESSAGES).map(
    ({ id, role, text, at, position, reply, ending }) => ({
      id,
      role,
      text,
      at,
      position,
      reply,
      ending,
    }),
  );
  return { owner, version, hasOlder: read.length > PAGE_MESSAGES, messages };
}

function latestAnswer(
  page: CachedPage,
  { conversation, limit }: Pick<Asked, "conversation" | "limit">,
): MessagesAnswer {
  const hasOlder = page.hasOlder || page.messages.length > limit;
  return answerOf(conversation, page.messages.slice(-limit), { hasOlder, hasNewer: false });
}

/** `from` is the position to go on from where the page is empty. */
function answerOf(
  conversation: string,
  messages: readonly Message[],
  { hasOlder, hasNewer, from }: { hasOlder: boolean; hasNewer: boolean; from?: number },
): MessagesAnswer {
  const first = messages[0]?.position;
  const last = messages.at(-1)?.position ?? from;
  return {
    messages: messages.map(viewOf),
    ...(hasOlder && first !== undefined && {
      before: writeCursor({ place: [`${first}`], of: conversation }),
    }),
    ...(last !== undefined && { after: cursorAfter(conversation, last) }),
    hasNewer,
  };
}

function positionOf(cursor: string, field: "before" | "after", conversation: string): number {
  const [position] = readCursor(cursor, { field, of: conversation, parts: [COUNT] });
  return Number(position);
}
