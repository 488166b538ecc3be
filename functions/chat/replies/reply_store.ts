/**
 * Replies in Postgres: who may produce one, and how it ended.
 *
 * A producer takes a reply by raising its epoch and holds it by a lease that it renews; one that
 * lost it can write nothing more. Of a conversation's replies only the oldest open one can be taken.
 * The finished text is stored once, as a message, in the transaction that ends the reply.
 *
 * @module
 */
import type { LlmMessage, ReplyEnd, Sql } from "../../../shared/mod.ts";
import type { ReplyState } from "../contracts.ts";

/** How long a producer holds a reply without renewing, in ms: a Worker has as long after its client left. */
export const LEASE_MS = 30_000;

/** An open reply that nobody holds after so long is left behind. */
const LEFT_BEHIND_MS = 300_000;

export interface Reply {
  id: string;
  conversation: string;
  user: string;
  /** The message that it answers. */
  question: string;
  state: ReplyState;
  epoch: number;
  /** Final once it has ended; before, what this epoch had said when it was let go. */
  text: string;
  error?: string;
  /** The provider's word for why it is not whole. */
  endedBy?: string;
  /** Its user wants no more of it. */
  stopRequested: boolean;
}

/** What taking a reply came to. */
export type Taken =
  | { kind: "taken"; reply: Reply }
  /** It has ended, or there is none. */
  | { kind: "over" }
  /** Another produces it; its lease ends at this moment (epoch ms). */
  | { kind: "held"; until: number }
  /**
   * An earlier reply of the conversation comes first. `leftBehind` is that one, where nobody sees to it:
   * its request ended before QStash knew of it, or all attempts at it have failed.
   */
  | { kind: "blocked"; leftBehind?: string };

interface Row {
  id: string;
  conversation: string;
  user_id: string;
  question: string;
  state: ReplyState;
  epoch: number;
  text: string;
  error: string | null;
  ended_by: string | null;
  stop_requested: boolean;
}

const COLUMNS =
  "r.id, r.conversation, r.user_id, r.question, r.state, r.epoch, r.text, r.error, r.ended_by, r.stop_requested";
const moment = (at: number) => new Date(at).toISOString();

/** Makes the reply to a message, or finds the one that was made: a message has one. */
export async function openReply(
  sql: Sql,
  { id, conversation, user, question, at }:
    & Pick<
      Reply,
      "id" | "conversation" | "user" | "question"
    >
    & { at: number },
): Promise<Reply> {
  const [row] = await sql.query<Row>(
    `INSERT INTO chat_replies AS r (id, conversation, user_id, question, created_at)
     VALUES ($1, $2, $3, $4, $5::text::timestamptz)
     ON CONFLICT (question) DO UPDATE SET question = excluded.question RETURNING ${COLUMNS}`,
    [id, conversation, user, question, moment(at)],
  );
  return fromRow(row);
}

/** The reply, if it is this user's. */
export async function findReply(sql: Sql, id: string, user: string): Promise<Reply | undefined> {
  const [row] = await sql.query<Row>(
    `SELECT ${COLUMNS} FROM chat_replies r WHERE r.id = $1 AND r.user_id = $2`,
    [id, user],
  );
  return row && fromRow(row);
}

/** Takes the reply, for as long as the lease is renewed. */
export async function takeReply(sql: Sql, id: string, now: number): Promise<Taken> {
  const [row] = await sql.query<Row>(
    `UPDATE chat_replies r
     SET state = 'producing', epoch = r.epoch + 1, lease_until = $2::text::timestamptz,
       text = CASE WHEN r.stop_requested THEN r.text ELSE '' END
     WHERE r.id = $1 AND r.state IN ('waiting', 'producing')
       AND (r.lease_until IS NULL OR r.lease_until <= $3::text::timestamptz)
       AND NOT EXISTS (
         SELECT 1 FROM chat_replies earlier
         WHERE earlier.conversation = r.conversation AND earlier.position < r.position
           AND earlier.state IN ('waiting', 'producing'))
     RETURNING ${COLUMNS}`,
    [id, moment(now + LEASE_MS), moment(now)],
  );
  if (row) return { kind: "taken", reply: fromRow(row) };
  const [held] = await sql.query<
    { state: ReplyState; lease_until: Date | null; left_behind: string | null }
  >(
    `SELECT r.state, r.lease_until,
       CASE WHEN (earlier.lease_until IS NULL OR earlier.lease_until <= $2::text::timestamptz)
         AND (earlier.epoch = 0 OR earlier.created_at <= $3::text::timestamptz)
       THEN earlier.id END AS left_behind
     FROM chat_replies r LEFT JOIN LATERAL (
       SELECT id, epoch, lease_until, created_at FROM chat_replies e
       WHERE e.conversation = r.conversation AND e.position < r.position
         AND e.state IN ('waiting', 'producing')
       ORDER BY e.position LIMIT 1
     ) earlier ON true
     WHERE r.id = $1`,
    [id, moment(now), moment(now - LEFT_BEHIND_MS)],
  );
  if (!held || (held.state !== "waiting" && held.state !== "producing")) return { kind: "over" };
  const until = held.lease_until?.getTime() ?? 0;
  if (until > now) return { kind: "held", until };
  return { kind: "blocked", ...(held.left_behind !== null && { leftBehind: held.left_behind }) };
}

/** Renews the lease; `lost` where the reply was taken over or deleted. */
export async function renewLease(
  sql: Sql,
  { id, epoch }: Pick<Reply, "id" | "epoch">,
  now: number,
): Promise<"held" | "lost" | "stop"> {
  const [row] = await sql.query<{ stop_requested: boolean }>(
    `UPDATE chat_replies SET lease_until = $3::text::timestamptz
     WHERE id = $1 AND epoch = $2 AND state = 'producing' RETURNING stop_requested`,
    [id, epoch, moment(now + LEASE_MS)],
  );
  return !row ? "lost" : row.stop_requested ? "stop" : "held";
}

/**
 * Lets go of the reply, to be taken anew; what was said stands until then. False where another has it,
 * or it has ended.
 */
export async function releaseReply(
  sql: Sql,
  { id, epoch }: Pick<Reply, "id" | "epoch">,
  text: string,
): Promise<boolean> {
  const rows = await sql.query(
    `UPDATE chat_replies SET state = 'waiting', lease_until = NULL, text = $3
     WHERE id = $1 AND epoch = $2 AND state = 'producing' RETURNING id`,
    [id, epoch, text],
  );
  return rows.length > 0;
}

/**
 * Ends the reply and stores its text as a message, both or neither. False where it had ended, or
 * was taken over.
 */
export async function endReply(
  sql: Sql,
  { id, epoch }: Pick<Reply, "id" | "epoch">,
  { state, text, error, endedBy, now }: {
    state: ReplyEnd;
    text: string;
    error?: string;
    endedBy?: string;
    now: number;
  },
): Promise<boolean> {
  const rows = await sql.query(
    `WITH ended AS (
       UPDATE chat_replies SET state = $3, text = $4, error = $5, ended_by = $7,
         lease_until = NULL, ended_at = $6::text::timestamptz
       WHERE id = $1 AND epoch = $2 AND state = 'producing'
       RETURNING id, conversation, user_id
     ), said AS (
       INSERT INTO chat_messages (id, conversation, user_id, role, text, created_at)
       SELECT 'reply-' || id, conversation, user_id, 'assistant', $4, $6::text::timestamptz
       FROM ended WHERE $4 <> ''
     )
     UPDATE chat_conversations c SET updated_at = $6::text::timestamptz
     FROM ended WHERE c.id = ended.conversation RETURNING c.id`,
    [id, epoch, state, text, error ?? null, moment(now), endedBy ?? null],
  );
  return rows.length > 0;
}

/** Remembers that the user wants no more of it; undefined where it has ended, or is not theirs. */
export async function requestStop(
  sql: Sql,
  { id, user }: { id: string; user: string },
): Promise<Reply | undefined> {
  const [row] = await sql.query<Row>(
    `UPDATE chat_replies r SET stop_requested = true
     WHERE r.id = $1 AND r.user_id = $2 AND r.state IN ('waiting', 'producing')
     RETURNING ${COLUMNS}`,
    [id, user],
  );
  return row && fromRow(row);
}

/**
 * Takes an open reply away from whoever produces it, to end it with what was said. Undefined where it
 * has ended.
 */
export async function seizeReply(
  sql: Sql,
  id: string,
  { text, now }: { text: string; now: number },
): Promise<Reply | undefined> {
  const [row] = await sql.query<Row>(
    `UPDATE chat_replies r SET state = 'producing', epoch = r.epoch + 1, text = $3,
       lease_until = $2::text::timestamptz
     WHERE r.id = $1 AND r.state IN ('waiting', 'producing') RETURNING ${COLUMNS}`,
    [id, moment(now + LEASE_MS), text],
  );
  return row && fromRow(row);
}

/** What was said last up to this question, each answer behind its own: at most so many messages. */
export async function lastTurns(
  sql: Sql,
  { conversation, question }: Pick<Reply, "conversation" | "question">,
  messages: number,
): Promise<LlmMessage[]> {
  const rows = await sql.query<{ role: "user" | "assistant"; text: string }>(
    `SELECT role, text FROM (
       SELECT m.role, m.text, coalesce(q.position, m.position) AS turn
       FROM chat_messages m
       LEFT JOIN chat_replies r ON m.role = 'assistant' AND 'reply-' || r.id = m.id
       LEFT JOIN chat_messages q ON q.id = r.question
       WHERE m.conversation = $1
     ) turns
     WHERE turn <= (SELECT position FROM chat_messages WHERE id = $2)
     ORDER BY turn DESC, role LIMIT $3::int`,
    [conversation, question, messages],
  );
  return rows.reverse().map(({ role, text }) => ({ role, content: text }));
}

/** The reply that comes next in this conversation, if one waits. */
export async function nextReply(sql: Sql, conversation: string): Promise<string | undefined> {
  const [row] = await sql.query<{ id: string; state: ReplyState }>(
    `SELECT id, state FROM chat_replies
     WHERE conversation = $1 AND state IN ('waiting', 'producing') ORDER BY position LIMIT 1`,
    [conversation],
  );
  return row?.state === "waiting" ? row.id : undefined;
}

function fromRow({ user_id, error, ended_by, stop_requested, ...row }: Row): Reply {
  return {
    ...row,
    user: user_id,
    stopRequested: stop_requested,
    ...(error !== null && { error }),
    ...(ended_by !== null && { endedBy: ended_by }),
  };
}
