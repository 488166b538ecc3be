/**
 * A user's conversations: listed, taken away, deleted, and nobody else's.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openReply, takeReply } from "../../functions/chat/replies/reply_store.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { historyTests, type HistoryWorld, someoneWaits } from "./chat_history_world.ts";
import { keys, userToken } from "./limits_world.ts";

const LIST = "/api/chat/conversations";
const as = { as: "ada" };

const asked: [method: string, path: string][] = [
  ["GET", `${LIST}/c1/messages`],
  ["GET", `${LIST}/c1/export`],
  ["HEAD", `${LIST}/c1/export`],
  ["DELETE", `${LIST}/c1`],
];

async function list({ call }: HistoryWorld, query = "", user = "ada") {
  const { status, body } = await call("GET", `${LIST}${query}`, { as: user });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const idsOf = ({ conversations }: { conversations: { id: string }[] }) =>
  conversations.map(({ id }) => id);

for (const engine of postgresEngines()) {
  const test = historyTests(engine);

  test("conversations are listed by who spoke in them last, in pages that move for nobody", async (world) => {
    const at = world.cloud.clock.now();
    for (let number = 0; number < 7; number++) {
      // Some in the same moment.
      const when = at + Math.floor(number / 3);
      await world.say(`Topic ${number}`, { conversation: `c${number}`, at: when });
    }
    await world.say("Another", { conversation: "theirs", user: "eve" });
    const first = await list(world, "?limit=3");
    assert.deepEqual(idsOf(first), ["c6", "c3", "c4"]);
    assert.deepEqual(first.conversations[0], {
      id: "c6",
      title: "Topic 6",
      createdAt: new Date(at + 2).toISOString(),
      updatedAt: new Date(at + 2).toISOString(),
    });
    await world.say("Once more", { conversation: "c6" });
    await world.say("New", { conversation: "c9" });
    const second = await list(world, `?limit=3&cursor=${first.cursor}`);
    assert.deepEqual(idsOf(second), ["c5", "c0", "c1"]);
    const third = await list(world, `?limit=3&cursor=${second.cursor}`);
    assert.deepEqual([idsOf(third), third.cursor], [["c2"], undefined]);
    assert.deepEqual(idsOf(await list(world)).slice(0, 2), ["c9", "c6"]);
    assert.deepEqual(idsOf(await list(world, "", "eve")), ["theirs"]);
    const { status } = await world.call("GET", `${LIST}?cursor=${first.cursor}`, { as: "eve" });
    assert.equal(status, 422, "another user's cursor");
  });

  test("somebody else's conversation is not there: not to read, to take away or to delete", async (world) => {
    await world.exchange("Secret?", "Secret.");
    await world.call("GET", `${LIST}/c1/messages`, as);
    for (const [method, path] of asked) {
      const theirs = await world.call(method, path, { as: "eve" });
      const nowhere = await world.call(method, path.replace("c1", "c7"), { as: "eve" });
      assert.equal(theirs.status, 404, `${method} ${path}`);
      assert.equal(nowhere.status, 404);
      if (method === "HEAD") continue;
      assert.equal(theirs.body.code, "conversation_not_found");
      assert.equal(theirs.body.detail, nowhere.body.detail);
    }
    const { body } = await world.call("GET", "/api/chat/search?q=secret", { as: "eve" });
    assert.deepEqual(body, { results: [] });
    assert.deepEqual(idsOf(await list(world, "", "eve")), []);
    assert.equal((await world.call("GET", `${LIST}/c1/messages`, as)).body.messages.length, 2);
  });

  test("nobody in particular has no history", async ({ call }) => {
    const paths = [...asked, ["GET", LIST], ["GET", "/api/chat/search?q=a"], [
      "GET",
      "/api/chat/searches",
    ]];
    for (const [method, path] of paths) {
      assert.equal((await call(method, path)).status, 401, path);
      const backend = await call(method, path, { as: "backend" });
      assert.equal(backend.status, 401, `a backend's token is no user's: ${path}`);
    }
  });

  test("a conversation is deleted with its messages, replies and what Redis holds of them", async (world) => {
    const { call, commands, redis, sql } = world;
    await world.exchange("One?", "One.");
    await world.say("Two?");
    await openReply(sql, { id: "open", conversation: "c1", user: "ada", question: "m2", at: 0 });
    await world.say("Other", { conversation: "c2" });
    await redis("SET", keys.replySnapshot("r1"), "{}");
    await redis("SET", keys.replySnapshot("open"), "{}");
    await call("GET", `${LIST}/c1/messages`, as);
    commands();
    assert.equal((await call("DELETE", `${LIST}/c1`, as)).status, 204);
    assert.equal(commands(), 1);
    const left = await sql.query(
      `SELECT (SELECT string_agg(id, ' ') FROM chat_conversations) AS conversations,
         (SELECT string_agg(id, ' ') FROM chat_messages) AS messages,
         (SELECT count(*)::int FROM chat_replies) AS replies`,
    );
    assert.deepEqual(left, [{ conversations: "c2", messages: "m3", replies: 0 }]);
    assert.deepEqual(await redis("EXISTS", keys.conversationPage("c1")), 0);
    assert.equal(await redis("EXISTS", keys.replySnapshot("r1"), keys.replySnapshot("open")), 0);
    assert.equal((await call("DELETE", `${LIST}/c1`, as)).status, 404);
    assert.equal((await call("GET", `${LIST}/c1/messages`, as)).status, 404);
    assert.deepEqual((await call("GET", "/api/chat/search?q=one", as)).body, { results: [] });
  });

  test("what Redis keeps of a deleted conversation is shown to nobody, not even under its old id", async (world) => {
    const { call, cloud } = world;
    await world.say("Secret");
    await call("GET", `${LIST}/c1/messages`, as);
    const undo = cloud.redis.faults.add({ kind: "refuse", times: 3, commands: ["DEL"] });
    const deleted = await call("DELETE", `${LIST}/c1`, as);
    assert.equal(deleted.status, 204);
    assert.equal(deleted.headers.get("x-degraded"), "cache");
    undo();
    assert.equal(await world.redis("EXISTS", keys.conversationPage("c1")), 1);
    assert.equal((await call("GET", `${LIST}/c1/messages`, as)).status, 404);
    cloud.redis.faults.add({ kind: "refuse", times: 3, commands: ["DEL"] });
    await world.say("Mine now", { user: "eve" });
    const { body } = await call("GET", `${LIST}/c1/messages`, { as: "eve" });
    assert.deepEqual(body.messages.map(({ text }: { text: string }) => text), ["Mine now"]);
  });

  test("deleted while replies begin and end, all of it is gone, and nobody waits for each other", async (world) => {
    const { call, sql } = world;
    for (let round = 0; round < 5; round++) {
      await world.say("Why?", { conversation: "c1" });
      const question = `m${round + 1}`;
      const id = `r${round}`;
      await openReply(sql, { id, conversation: "c1", user: "ada", question, at: 0 });
      await takeReply(sql, id, 0);
      const { promise: deleted, resolve: isDeleted } = Promise.withResolvers<unknown>();
      const ending = sql.transaction(async (inside) => {
        // As a reply ends: its own row first, then the conversation's.
        await inside.query("UPDATE chat_replies SET state = 'done' WHERE id = $1", [id]);
        call("DELETE", `${LIST}/c1`, as).then(({ status }) => isDeleted(status));
        // PGlite runs one transaction at a time.
        if (engine.isReal) await someoneWaits(sql);
        await inside.query(
          `INSERT INTO chat_messages (id, conversation, user_id, role, text, created_at)
           SELECT 'reply-' || id, conversation, user_id, 'assistant', 'Because', now()
           FROM chat_replies WHERE id = $1`,
          [id],
        );
      });
      await ending;
      assert.equal(await deleted, 204);
      const [{ messages }] = await sql.query("SELECT count(*)::int AS messages FROM chat_messages");
      assert.equal(messages, 0);
    }
  });

  test("an export has every message in its order, in lines of JSON or to read", async (world) => {
    await world.exchange("Grüße\nan alle", "Hallo \u2028 Welt");
    for (let number = 0; number < 250; number++) await world.say(`${number}`);
    const { status, headers, body } = await world.call("GET", `${LIST}/c1/export`, as);
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "application/x-ndjson; charset=utf-8");
    assert.equal(
      headers.get("content-disposition"),
      'attachment; filename="conversation-c1.jsonl"',
    );
    assert.match(headers.get("server-timing")!, /desc="0 commands"/);
    const lines = body.trimEnd().split("\n").map((line: string) => JSON.parse(line));
    assert.equal(lines[0].conversation.title, "Grüße");
    assert.deepEqual(lines[1].message, {
      id: "m1",
      role: "user",
      text: "Grüße\nan alle",
      at: "2026-11-21T10:00:01.000Z",
      reply: "r1",
    });
    assert.deepEqual(
      lines.slice(2).map(({ message }: { message: { text: string } }) => message.text),
      ["Hallo \u2028 Welt", ...Array.from({ length: 250 }, (_, number) => `${number}`)],
    );
    const text = await world.call("GET", `${LIST}/c1/export?format=text`, as);
    assert.equal(text.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.ok(text.body.startsWith(
      "Grüße\n2026-11-21T10:00:01.000Z\n\nYou, 2026-11-21T10:00:01.000Z\nGrüße\nan alle\n\nAssistant, ",
    ));
    const head = await world.call("HEAD", `${LIST}/c1/export`, as);
    assert.deepEqual([head.status, head.body], [200, ""]);
  });

  test("an export breaks off where Postgres goes away, and its line of log comes all the same", async (world) => {
    const { cloud, gate, lines } = world;
    for (let number = 0; number < 40; number++) await world.say("x".repeat(20_000));
    await world.sql.query(
      `INSERT INTO chat_messages (id, conversation, user_id, role, text, created_at)
       SELECT 'more' || n, 'c1', 'ada', 'user', repeat('x', 18000), now()
       FROM generate_series(1, 400) n`,
    );
    const authorization = `Bearer ${await userToken("ada")}`;
    const ended = () => lines.filter(({ route }) => `${route}`.endsWith("/export")).length;
    const open = () => cloud.fetch(`${LIST}/c1/export`, { headers: { authorization } });
    const broken = await open();
    const reader = broken.body!.getReader();
    await reader.read();
    gate.shut();
    await assert.rejects(async () => {
      while (!(await reader.read()).done);
    });
    gate.open();
    const left = await open();
    await left.body!.cancel();
    while (ended() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test("a page of a known origin may read and delete; another may not", async (world) => {
    const call = (origin: string, method: string, path: string) =>
      world.call(method, path, { as: "ada", headers: { origin } });
    await world.say("1");
    const own = world.cloud.url;
    const read = await call(own, "GET", `${LIST}/c1/messages`);
    assert.equal(read.headers.get("access-control-allow-origin"), own);
    assert.equal(read.headers.get("vary"), "Origin");
    const preflight = await world.call("OPTIONS", `${LIST}/c1`, {
      headers: {
        origin: own,
        "access-control-request-method": "DELETE",
        "access-control-request-headers": "authorization",
      },
    });
    assert.equal(preflight.status, 204);
    assert.match(preflight.headers.get("access-control-allow-methods")!, /DELETE/);
    for (const [method, path] of asked) {
      const refused = await call("https://evil.example", method, path);
      assert.equal(refused.status, 403, path);
    }
    assert.equal((await call(own, "DELETE", `${LIST}/c1`)).status, 204);
  });
}
