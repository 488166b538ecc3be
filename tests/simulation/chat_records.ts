/**
 * What Postgres has when all is over, and every change of a reply on the way, held against what the
 * model said and what the tabs were told.
 *
 * @module
 */
import type { Database } from "../../shared/mod.ts";
import type { Said } from "./chat_fleet.ts";
import type { Tab } from "./chat_tab.ts";

/** A message that somebody sent, and what became of it. */
export interface Sent {
  conversation: string;
  clientId: string;
  text: string;
  /** Absent where the person gave up before it was accepted. */
  reply?: string;
  tabs: Tab[];
}

interface Change {
  reply: string;
  conversation: string;
  position: string;
  was: string | null;
  now: string;
  was_epoch: number | null;
  epoch: number;
  /** Who takes it then ends it, and asks nobody. */
  is_stopping: boolean;
}

interface Reply {
  id: string;
  conversation: string;
  question: string;
  state: string;
  text: string;
}

interface Stored {
  id: string;
  conversation: string;
  role: string;
  text: string;
  client_id: string | null;
}

const OPEN = ["waiting", "producing"];

/** Empties every table, and has each change of a reply written down. */
export async function prepareRecords(sql: Database): Promise<void> {
  await sql.query(`
    CREATE TABLE IF NOT EXISTS simulated_changes (number bigserial, reply text, conversation text,
      position bigint, was text, now text, was_epoch int, epoch int, is_stopping boolean);
    CREATE OR REPLACE FUNCTION simulated_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND (old.state, old.epoch, old.text) = (new.state, new.epoch, new.text)
      THEN RETURN new; END IF;
      INSERT INTO simulated_changes
        (reply, conversation, position, was, now, was_epoch, epoch, is_stopping)
      VALUES (new.id, new.conversation, new.position,
        CASE TG_OP WHEN 'UPDATE' THEN old.state END, new.state,
        CASE TG_OP WHEN 'UPDATE' THEN old.epoch END, new.epoch, new.stop_requested);
      RETURN new;
    END $$;
    CREATE OR REPLACE TRIGGER simulated_change AFTER INSERT OR UPDATE ON chat_replies
      FOR EACH ROW EXECUTE FUNCTION simulated_change()`);
  const tables = await sql.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables
     WHERE schemaname = 'public' AND tablename <> 'schema_migrations'`,
  );
  await sql.query(`TRUNCATE ${tables.map(({ name }) => name).join()} RESTART IDENTITY`);
}

/** Everything that is not as it has to be; and all rows, for who wants to compare runs. */
export async function inspectRecords(
  sql: Database,
  sent: readonly Sent[],
  said: readonly Said[],
): Promise<{ complaints: string[]; rows: unknown[] }> {
  const changes = await sql.query<Change>("SELECT * FROM simulated_changes ORDER BY number");
  const replies = await sql.query<Reply>(
    "SELECT id, conversation, question, state, text FROM chat_replies ORDER BY position",
  );
  const messages = await sql.query<Stored>(
    `SELECT id, conversation, role, text, client_id FROM chat_messages
     ORDER BY conversation, position`,
  );
  return {
    complaints: [
      ...checkChanges(changes),
      ...checkReplies(replies, messages, said),
      ...checkSent(sent, { replies, messages }),
    ],
    rows: [...changes, ...replies, ...messages],
  };
}

/**
 * One at a time, in order, each ended once and never touched again, no epoch used twice. A reply may be
 * stopped before its turn: that one is ended at once, and not made.
 */
function checkChanges(all: readonly Change[]): string[] {
  const complaints: string[] = [];
  const producing = new Map<string, string>();
  const done = new Map<string, number>();
  for (const change of all) {
    const { reply, conversation, position, was, now, was_epoch, epoch } = change;
    const name = `${reply} (${was} ${was_epoch} → ${now} ${epoch})`;
    if (was !== null && !OPEN.includes(was)) complaints.push(`${name} was changed after its end`);
    if (was_epoch !== null && epoch < was_epoch) complaints.push(`${name} goes back`);
    if (was === "waiting" && now === "producing" && epoch === was_epoch) {
      complaints.push(`${name} is taken without an epoch of its own`);
    }
    const other = producing.get(conversation);
    const isMade = now === "producing" && !change.is_stopping;
    if (isMade && other !== undefined && other !== reply) {
      complaints.push(`${name} is made while ${other} is`);
    }
    if (isMade) producing.set(conversation, reply);
    else if (other === reply) producing.delete(conversation);
    if (now !== "done") continue;
    const last = done.get(conversation) ?? 0;
    if (Number(position) < last) complaints.push(`${name} is done behind a later one`);
    done.set(conversation, Math.max(Number(position), last));
  }
  return complaints;
}

/** What one answer of the model is or begins with, stored once. */
function checkReplies(
  replies: readonly Reply[],
  messages: readonly Stored[],
  said: readonly Said[],
): string[] {
  const complaints: string[] = [];
  for (const { id, question, state, text } of replies) {
    const asked = messages.find((message) => message.id === question)?.text;
    const number = /^#(\d+) /.exec(text)?.[1];
    const own = said[Number(number)];
    const isSaid = text === "" || (own?.question === asked && own.text.startsWith(text));
    if (!isSaid) complaints.push(`${id} is stored as nobody said it: ${text.slice(0, 60)}`);
    if (state === "done" && text !== own?.text) complaints.push(`${id} is done, and not whole`);
    const answers = messages.filter((message) => message.id === `reply-${id}`);
    const expected = text === "" ? [] : [text];
    if (JSON.stringify(answers.map((each) => each.text)) !== JSON.stringify(expected)) {
      complaints.push(`${id} is stored as ${answers.length} messages`);
    }
  }
  return complaints;
}

function checkSent(
  sent: readonly Sent[],
  { replies, messages }: { replies: readonly Reply[]; messages: readonly Stored[] },
): string[] {
  const complaints: string[] = [];
  for (const { clientId, text, reply, tabs } of sent) {
    const stored = messages.filter((message) => message.client_id === clientId);
    if (reply === undefined) {
      if (stored.length > 1) complaints.push(`${clientId} is stored ${stored.length} times`);
      continue;
    }
    if (stored.length !== 1 || stored[0].text !== text) {
      complaints.push(`${clientId} was accepted, and is stored ${stored.length} times`);
    }
    const own = replies.find(({ id }) => id === reply);
    if (!own || OPEN.includes(own.state)) complaints.push(`${reply} has not ended: ${own?.state}`);
    for (const [seat, tab] of tabs.entries()) {
      if (tab.text !== own?.text || tab.state !== own?.state) {
        complaints.push(
          `tab ${seat} of ${reply} holds ${tab.text.length} characters and ${tab.state}, ` +
            `stored are ${own?.text.length} and ${own?.state}`,
        );
      }
    }
  }
  return complaints;
}
