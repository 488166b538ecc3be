/**
 * What was said, in Postgres: written before anybody hears of it, in an order that never changes.
 *
 * A message's position counts up within its conversation, and is given under a lock of it (a trigger
 * of the table): whoever has seen one position has seen all before it.
 *
 * @module
 */
import { BodyInvalidError, RequestError, type Sql } from "../../../shared/mod.ts";
import type { MessageEnding, MessageView } from "../contracts.ts";
export { forgetCachedPage } from "./page_cache.ts";

export interface StoredMessage {
  id: string;
  conversation: string;
  user: string;
  role: "user" | "assistant";
  text: string;
  /** Counts up within the conversation, from 1. */
  position: number;
  /** Epoch ms. */
  at: number;
  clientId?: string;
  /** Of a message of the user's: the reply that was asked for. */
  reply?: string;
  /** Of an answer that is not whole: how it ended. */
  ending?: MessageEnding;
}

/** A message of a user's, to be stored. */
export interface NewMessage {
  conversation: string;
  user: string;
  text: string;
  /** The page's own id of it: one that is known already is not stored again. */
  clientId?: string;
  id: string;
  /** Epoch ms. */
  at: number;
}

interface MessageRow {
  id: string;
  conversation: string;
  user_id: string;
  role: StoredMessage["role"];
  text: string;
  position: string;
  client_id: string | null;
  created_at: Date;
  reply: string | null;
  ending: MessageEnding | null;
}

const TITLE_LENGTH = 80;
const COLUMNS = `m.id, m.conversation, m.user_id, m.role, m.text, m.position, m.client_id,
  m.created_at, (SELECT r.id FROM chat_replies r WHERE r.question = m.id) AS reply,
  (SELECT jsonb_strip_nulls(
     jsonb_build_object('state', r.state, 'error', r.error, 'endedBy', r.ended_by)
   ) FROM chat_replies r
   WHERE m.role = 'assistant' AND r.id = substr(m.id, 7) AND r.state <> 'done') AS ending`;

/**
 * Stores a message; the first of a conversation makes it. One whose `clientId` is known resolves to
 * what was stored then, and changes nothing. One statement, two for a repeat.
 *
 * @throws {RequestError} `conversation_not_found` where the conversation is somebody else's
 * @throws {BodyInvalidError} for a text that Postgres cannot hold
 */
export async function addMessage(
  sql: Sql,
  message: NewMessage,
): Promise<{ message: StoredMessage; isNew: boolean }> {
  const { conversation, user, text, clientId = null, id, at } = message;
  if (text.includes("\0")) {
    throw new BodyInvalidError([{ path: "text", message: "must not hold a NUL" }]);
  }
  const [added] = await sql.query<{ is_own: boolean } & MessageRow>(
    `WITH own AS (
       INSERT INTO chat_conversations AS c (id, user_id, title, created_at, updated_at)
       VALUES ($1, $2, $3, $4::text::timestamptz, $4::text::timestamptz)
       ON CONFLICT (id) DO UPDATE SET updated_at = CASE
         WHEN EXISTS (SELECT 1 FROM chat_messages k WHERE k.conversation = $1 AND k.client_id = $7)
         THEN c.updated_at ELSE greatest(c.updated_at, excluded.updated_at) END
       WHERE c.user_id = excluded.user_id
       RETURNING c.id
     ), m AS (
       INSERT INTO chat_messages (id, conversation, user_id, role, text, client_id, created_at)
       SELECT $5, own.id, $2, 'user', $6, $7, $4::text::timestamptz FROM own
       ON CONFLICT (conversation, client_id) DO NOTHING
       RETURNING *
     )
     SELECT EXISTS (SELECT 1 FROM own) AS is_own, ${COLUMNS} FROM (SELECT 1) one LEFT JOIN m ON true`,
    [conversation, user, titleOf(text), isoOf(at), id, text, clientId],
  );
  if (!added.is_own) throw notFound();
  if (added.id !== null) return { message: fromRow(added), isNew: true };
  const [stored] = await sql.query<MessageRow>(
    `SELECT ${COLUMNS} FROM chat_messages m WHERE m.conversation = $1 AND m.client_id = $2`,
    [conversation, clientId],
  );
  // It was deleted between the two statements, with its conversation.
  if (!stored) throw notFound();
  return { message: fromRow(stored), isNew: false };
}

/** The last `limit` messages, or the last ones before a position; oldest first. */
export async function lastMessages(
  sql: Sql,
  conversation: string,
  { before, limit }: { before?: number; limit: number },
): Promise<StoredMessage[]> {
  const rows = await sql.query<MessageRow>(
    `SELECT ${COLUMNS} FROM chat_messages m
     WHERE m.conversation = $1 AND ($2::text IS NULL OR m.position < $2::text::bigint)
     ORDER BY m.position DESC LIMIT $3::int`,
    [conversation, before === undefined ? null : `${before}`, limit],
  );
  return rows.reverse().map(fromRow);
}

/** The first `limit` messages after a position, oldest first. */
export async function nextMessages(
  sql: Sql,
  conversation: string,
  { after, limit }: { after: number; limit: number },
): Promise<StoredMessage[]> {
  const rows = await sql.query<MessageRow>(
    `SELECT ${COLUMNS} FROM chat_messages m
     WHERE m.conversation = $1 AND m.position > $2::text::bigint
     ORDER BY m.position LIMIT $3::int`,
    [conversation, `${after}`, limit],
  );
  return rows.map(fromRow);
}

/** @throws {RequestError} `conversation_not_found` where it is not the user's, as where there is none */
export async function assertOwn(sql: Sql, conversation: string, user: string): Promise<void> {
  const [own] = await sql.query(
    "SELECT 1 FROM chat_conversations WHERE id = $1 AND user_id = $2",
    [conversation, user],
  );
  if (!own) throw notFound();
}

/**
 * Changes with every message and every reply that is asked for, and is never the same again, not
 * even for a conversation that is made anew under the same id.
 *
 * @throws {RequestError} `conversation_not_found` where it is not the user's, as where there is none
 */
export async function readVersion(sql: Sql, conversation: string, user: string): Promise<string> {
  const [row] = await sql.query<{ version: string }>(
    `SELECT concat_ws('.', (extract(epoch FROM c.created_at) * 1000000)::bigint,
       (SELECT max(m.position) FROM chat_messages m WHERE m.conversation = c.id),
       (SELECT coalesce(max(r.position), 0) FROM chat_replies r WHERE r.conversation = c.id)
     ) AS version
     FROM chat_conversations c WHERE c.id = $1 AND c.user_id = $2`,
    [conversation, user],
  );
  if (!row) throw notFound();
  return row.version;
}

/** A message as its user sees it. */
export function viewOf(
  { id, role, text, at, reply, ending }: Pick<
    StoredMessage,
    "id" | "role" | "text" | "at" | "reply" | "ending"
  >,
): MessageView {
  return {
    id,
    role,
    text,
    at: isoOf(at),
    ...(reply !== undefined && { reply }),
    ...(ending && { ending }),
  };
}

/** One answer for what is somebody else's and for what is not there. */
export function notFound(): RequestError {
  return new RequestError("conversation_not_found", "Cannot find this conversation");
}

/** The first line that says something. */
function titleOf(text: string): string {
  const line = text.split(/\r\n|\r|\n/).map((each) => each.trim()).find((each) => each !== "");
  return [...line ?? ""].slice(0, TITLE_LENGTH).join("");
}

/** As Postgres takes a moment, whatever zone it is in. */
export function isoOf(at: number): string {
  return new Date(at).toISOString();
}

function fromRow({ user_id, position, client_id, created_at, reply, ending, ...row }: MessageRow) {
  const { id, conversation, role, text } = row;
  return {
    id,
    conversation,
    user: user_id,
    role,
    text,
    position: Number(position),
    at: created_at.getTime(),
    ...(client_id !== null && { clientId: client_id }),
    ...(reply !== null && { reply }),
    ...(ending !== null && { ending }),
  } satisfies StoredMessage;
}
