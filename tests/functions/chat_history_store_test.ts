/**
 * Messages in Postgres: stored once, in an order that never changes, for their user alone.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  addMessage,
  assertOwn,
  lastMessages,
  type NewMessage,
  nextMessages,
  readVersion,
} from "../../functions/chat/history/message_store.ts";
import { endReply, openReply, takeReply } from "../../functions/chat/replies/reply_store.ts";
import type { Database, Sql } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { someoneWaits } from "./chat_history_world.ts";

const NOON = Date.parse("2026-11-21T12:00:00Z");
let made = 0;

function message(more: Partial<NewMessage> = {}): NewMessage {
  made++;
  return {
    conversation: "c1",
    user: "ada",
    text: `text ${made}`,
    id: `m${made}`,
    at: NOON + made,
    ...more,
  };
}

const texts = (messages: readonly { text: string }[]) => messages.map(({ text }) => text);

for (const engine of postgresEngines()) {
  const test = (name: string, fn: (sql: Database) => Promise<void>) =>
    engine.test(name, async () => {
      const sql = engine.database();
      await sql.query("TRUNCATE chat_conversations CASCADE");
      await fn(sql);
    });

  test("a message is stored as it was sent, and its conversation is called after its first line", async (sql) => {
    const text = "  \r\n  Grüße 👋🏽 'quoted'; DROP TABLE chat_messages; --\n第二行";
    const sent = message({ text, clientId: "tab-1" });
    const { message: stored, isNew } = await addMessage(sql, sent);
    assert.ok(isNew);
    assert.deepEqual(stored, { ...sent, role: "user", position: 1 });
    assert.deepEqual(await lastMessages(sql, "c1", { limit: 50 }), [stored]);
    const [{ title }] = await sql.query("SELECT title FROM chat_conversations");
    assert.equal(title, "Grüße 👋🏽 'quoted'; DROP TABLE chat_messages; --");
  });

  test("a title is cut at 80 characters, and never through one", async (sql) => {
    await addMessage(sql, message({ text: "👋".repeat(100) }));
    const [{ title }] = await sql.query("SELECT title FROM chat_conversations");
    assert.equal(title, "👋".repeat(80));
  });

  test("sent again with its clientId it is the same message, and changes nothing", async (sql) => {
    const first = message({ clientId: "tab-1" });
    const { message: stored } = await addMessage(sql, first);
    const before = await sql.query("SELECT * FROM chat_conversations");
    const again = await addMessage(sql, message({ clientId: "tab-1", text: "another" }));
    assert.deepEqual(again, { message: stored, isNew: false });
    assert.deepEqual(await sql.query("SELECT * FROM chat_conversations"), before);
    const other = await addMessage(sql, message({ clientId: "tab-1", conversation: "c2" }));
    assert.ok(other.isNew, "of another conversation it is another");
  });

  test("20 callers at once with one clientId store one message, in a conversation that is new", async (sql) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => addMessage(sql, message({ clientId: "one" }))),
    );
    assert.equal(answers.filter(({ isNew }) => isNew).length, 1);
    assert.equal(new Set(answers.map(({ message }) => message.id)).size, 1);
    assert.equal((await lastMessages(sql, "c1", { limit: 50 })).length, 1);
  });

  test("40 callers at once have positions without a gap, whoever commits first", async (sql) => {
    await Promise.all(Array.from({ length: 40 }, () => addMessage(sql, message())));
    const stored = await lastMessages(sql, "c1", { limit: 50 });
    assert.deepEqual(
      stored.map(({ position }) => position),
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
  });

  // PGlite runs one transaction at a time, so that none could overtake another.
  if (engine.isReal) {
    test("a message is seen before any with a higher position, whoever writes it and how", async (sql) => {
      await addMessage(sql, message());
      const insert = (inside: Sql, id: string) =>
        inside.query(
          `INSERT INTO chat_messages (id, conversation, user_id, role, text, created_at)
           VALUES ($1, 'c1', 'ada', 'assistant', $1, now())`,
          [id],
        );
      let second: Promise<unknown> | undefined;
      await sql.transaction(async (inside) => {
        await insert(inside, "first");
        second = insert(sql, "second");
        await someoneWaits(sql);
        assert.equal((await lastMessages(sql, "c1", { limit: 50 })).length, 1);
      });
      await second;
      const stored = await lastMessages(sql, "c1", { limit: 50 });
      assert.deepEqual(texts(stored).slice(1), ["first", "second"]);
      assert.deepEqual(stored.map(({ position }) => position), [1, 2, 3]);
    });
  }

  test("somebody else's conversation is as one that is not there, and nothing of it changes", async (sql) => {
    await addMessage(sql, message());
    const before = await sql.query("SELECT * FROM chat_conversations");
    const because = (work: Promise<unknown>) =>
      work.then(() => assert.fail("it was let in"), (error) => `${error.code} ${error.message}`);
    const refusals = await Promise.all([
      because(addMessage(sql, message({ user: "eve" }))),
      because(assertOwn(sql, "c1", "eve")),
      because(assertOwn(sql, "nowhere", "eve")),
      because(readVersion(sql, "c1", "eve")),
      because(readVersion(sql, "nowhere", "eve")),
    ]);
    assert.deepEqual([...new Set(refusals)], [
      "conversation_not_found Cannot find this conversation",
    ]);
    assert.deepEqual(await sql.query("SELECT * FROM chat_conversations"), before);
    assert.equal((await lastMessages(sql, "c1", { limit: 50 })).length, 1);
    await assertOwn(sql, "c1", "ada");
  });

  test("pages go on before and after a position, oldest first", async (sql) => {
    for (let number = 1; number <= 5; number++) {
      await addMessage(sql, message({ text: `${number}` }));
    }
    const read = async (page: Promise<readonly { text: string }[]>) => texts(await page);
    assert.deepEqual(await read(lastMessages(sql, "c1", { limit: 2 })), ["4", "5"]);
    assert.deepEqual(await read(lastMessages(sql, "c1", { before: 4, limit: 2 })), ["2", "3"]);
    assert.deepEqual(await read(lastMessages(sql, "c1", { before: 1, limit: 2 })), []);
    assert.deepEqual(await read(nextMessages(sql, "c1", { after: 0, limit: 2 })), ["1", "2"]);
    assert.deepEqual(await read(nextMessages(sql, "c1", { after: 4, limit: 2 })), ["5"]);
    assert.deepEqual(await read(nextMessages(sql, "c1", { after: 5, limit: 2 })), []);
  });

  test("a NUL is refused by name, before Postgres would", async (sql) => {
    await assert.rejects(
      addMessage(sql, message({ text: "a\0b" })),
      { code: "body_invalid", fields: [{ path: "text", message: "must not hold a NUL" }] },
    );
  });

  test("a question names its reply, the answer comes behind it, and each raises the version", async (sql) => {
    const versions = new Set([await versionAfter(sql, addMessage(sql, message()))]);
    const [{ id: question }] = await lastMessages(sql, "c1", { limit: 1 });
    const reply = { id: "r1", conversation: "c1", user: "ada", question, at: NOON };
    versions.add(await versionAfter(sql, openReply(sql, reply)));
    await takeReply(sql, "r1", NOON);
    const ended = endReply(sql, { id: "r1", epoch: 1 }, { state: "done", text: "Hi", now: NOON });
    versions.add(await versionAfter(sql, ended));
    assert.equal(versions.size, 3);
    const stored = await lastMessages(sql, "c1", { limit: 50 });
    assert.deepEqual(stored.map(({ role, position, reply }) => [role, position, reply]), [
      ["user", 1, "r1"],
      ["assistant", 2, undefined],
    ]);
    assert.equal((await openReply(sql, { ...reply, id: "r2" })).id, "r1", "asked for once");
  });

  test("a conversation made anew under its id has another version", async (sql) => {
    const before = await versionAfter(sql, addMessage(sql, message()));
    await sql.query("DELETE FROM chat_conversations");
    assert.notEqual(await versionAfter(sql, addMessage(sql, message())), before);
  });
}

async function versionAfter(sql: Sql, work: Promise<unknown>): Promise<string> {
  await work;
  return await readVersion(sql, "c1", "ada");
}
