/**
 * A user's conversations: listed, and deleted with everything that was said in them.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import type { ConversationView } from "./contracts.ts";
import { readCursor, writeCursor } from "./cursors.ts";
import { isoOf, notFound } from "./message_store.ts";
import { forgetKeys, type PageCacheParts } from "./page_cache.ts";

interface ConversationRow {
  id: string;
  title: string;
  created_at: Date;
  updated_at: Date;
  /** Microseconds since 1970: a moment as Postgres tells them apart. */
  updated: string;
}

const COLUMNS =
  "id, title, created_at, updated_at, (extract(epoch FROM updated_at) * 1000000)::bigint AS updated";
/** Whole microseconds: as seconds they would be rounded. */
const AT = "(timestamptz 'epoch' + $2::text::bigint * interval '1 microsecond')";
const MICROSECONDS = /^(0|[1-9]\d{0,15})$/;
const ID = /^[A-Za-z0-9_-]{1,64}$/;
/** How long a reply's snapshot lives after its end, as `keys.replySnapshot` says. */
const SNAPSHOT_MS = 3_600_000;

/**
 * The user's conversations, the one that was spoken in last first. One that is spoken in while
 * somebody turns pages moves to the front; the others are listed once each.
 *
 * @throws {BodyInvalidError} for a cursor that is no end of a page of this user's
 */
export async function listConversations(
  sql: Sql,
  user: string,
  { limit, cursor }: { limit: number; cursor?: string },
): Promise<{ conversations: ConversationView[]; cursor?: string }> {
  const [updated = null, id = null] = cursor === undefined
    ? []
    : readCursor(cursor, { field: "cursor", of: user, parts: [MICROSECONDS, ID] });
  const rows = await sql.query<ConversationRow>(
    `SELECT ${COLUMNS} FROM chat_conversations
     WHERE user_id = $1 AND ($2::text IS NULL
       OR updated_at < ${AT} OR (updated_at = ${AT} AND id > $3))
     ORDER BY updated_at DESC, id LIMIT $4::int`,
    [user, updated, id, limit + 1],
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    conversations: page.map(viewOf),
    ...(last && { cursor: writeCursor({ place: [last.updated, last.id], of: user }) }),
  };
}

/** @throws {RequestError} `conversation_not_found` where it is not the user's, as where there is none */
export async function readConversation(
  sql: Sql,
  conversation: string,
  user: string,
): Promise<ConversationView> {
  const [row] = await sql.query<ConversationRow>(
    `SELECT ${COLUMNS} FROM chat_conversations WHERE id = $1 AND user_id = $2`,
    [conversation, user],
  );
  if (!row) throw notFound();
  return viewOf(row);
}

/**
 * Deletes the conversation with its messages and replies, in one statement, and then what Redis holds
 * of them, with one command. False where Redis could not be asked: nobody can read that any more,
 * and it is gone in a day.
 *
 * @throws {RequestError} `conversation_not_found` where it is not the user's, as where there is none
 */
export async function deleteConversation(
  { sql, ...cache }: PageCacheParts & { sql: Sql },
  { conversation, user, now }: { conversation: string; user: string; now: number },
): Promise<boolean> {
  // Replies are locked first, as whoever ends one does: the other way round, both could wait.
  const rows = await sql.query<{ reply: string | null }>(
    `WITH replies AS (
       SELECT id, ended_at FROM chat_replies
       WHERE conversation = $1 AND user_id = $2 ORDER BY position FOR UPDATE
     ), gone AS (
       DELETE FROM chat_conversations
       WHERE id = $1 AND user_id = $2 AND (SELECT count(*) FROM replies) >= 0 RETURNING id
     )
     SELECT replies.id AS reply FROM gone LEFT JOIN replies
       ON replies.ended_at IS NULL OR replies.ended_at > $3::text::timestamptz`,
    [conversation, user, isoOf(now - SNAPSHOT_MS)],
  );
  if (rows.length === 0) throw notFound();
  const replies = rows.flatMap(({ reply }) => reply ?? []);
  const { keys } = cache;
  return await forgetKeys(cache, [
    keys.conversationPage(conversation),
    ...replies.map((reply) => keys.replySnapshot(reply)),
  ]);
}

function viewOf({ id, title, created_at, updated_at }: ConversationRow): ConversationView {
  return {
    id,
    title,
    createdAt: created_at.toISOString(),
    updatedAt: updated_at.toISOString(),
  };
}
