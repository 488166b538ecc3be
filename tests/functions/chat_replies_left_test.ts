/**
 * What is left behind by requests that ended too early, found by tests/simulation/chat_test.ts.
 *
 * @module
 */
import assert from "node:assert/strict";
import { produceReply } from "../../functions/chat/replies/produce.ts";
import { requestStop, seizeReply } from "../../functions/chat/replies/reply_store.ts";
import { producePartsOf } from "../../functions/chat/replies/send.ts";
import { PostgresUnavailableError, type Sql } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createChatWorld } from "./chat_world.ts";

const MESSAGES = "/api/chat/conversations/kitchen/messages";
const [engine] = postgresEngines();
const open = (options?: Parameters<typeof createChatWorld>[2]) =>
  createChatWorld(engine.database(), engine.url(), options);

Deno.test("a stop whose request died is made good by the next producer, and keeps what was said", async () => {
  await using world = await open();
  world.cloud.llm.faults.add({ kind: "break", afterTokens: 20 });
  const viewer = await world.view(MESSAGES, { body: { text: "/tokens 60", mode: "queued" } });
  await world.until(() => viewer.told.some(({ event }) => event === "retry"));
  const { id } = viewer.told[0].data.reply;
  await requestStop(engine.database(), { id, user: "ada" });
  await world.ended(viewer);
  const { body } = await world.call("GET", `/api/chat/replies/${id}`);
  assert.equal(body.state, "stopped");
  assert.ok(body.text.length > 50);
  assert.equal(viewer.text(), body.text);
  assert.equal(world.cloud.llm.counts().requests, 1);
});

Deno.test("a stop of a producer that died keeps what Redis has of it", async () => {
  await using world = await open();
  const viewer = await world.view(MESSAGES, { body: { text: "/tokens 2000", mode: "queued" } });
  await world.until(() => viewer.text().length > 300);
  const { id } = viewer.told[0].data.reply;
  const { deps } = world;
  const snapshot = String(await deps.redis.run(["GET", deps.keys.replySnapshot(id)]));
  await world.call("DELETE", `/api/chat/replies/${id}`);
  await world.ended(viewer);
  // As if that producer had died instead, with its lease over and the stop unheard.
  await deps.redis.run(["SET", deps.keys.replySnapshot(id), snapshot, "EX", 3_600]);
  const sql = engine.database();
  await sql.query("DELETE FROM chat_messages WHERE role = 'assistant'");
  await sql.query(
    "UPDATE chat_replies SET state = 'producing', text = '', ended_at = NULL, stop_requested = true",
  );
  await produceReply(producePartsOf(deps), id, { isLast: false });
  const { body } = await world.call("GET", `/api/chat/replies/${id}`);
  assert.equal(body.state, "stopped");
  assert.equal(body.text, JSON.parse(snapshot).text);
});

Deno.test("a reply that was seized by a request that died is ended by the job that lost it", async () => {
  await using world = await open();
  const viewer = await world.view(MESSAGES, { body: { text: "/tokens 600", mode: "queued" } });
  await world.until(() => viewer.text().length > 100);
  const { id } = viewer.told[0].data.reply;
  await requestStop(engine.database(), { id, user: "ada" });
  const said = viewer.text();
  await seizeReply(engine.database(), id, { text: said, now: world.cloud.clock.now() });
  await world.ended(viewer);
  const { body } = await world.call("GET", `/api/chat/replies/${id}`);
  assert.equal(body.state, "stopped");
  assert.equal(body.text, said);
  assert.equal(viewer.text(), said);
});

Deno.test("a message whose sender gave up on a refusal does not hold up what comes after", async () => {
  await using world = await open();
  world.cloud.qstash.faults.add({ kind: "publishRefused", times: 10 });
  const { response } = await world.call("POST", MESSAGES, { body: { text: "/tokens 5 one" } });
  assert.equal(response.status, 503);
  world.cloud.qstash.faults.clear();
  const next = await world.call("POST", MESSAGES, { body: { text: "/tokens 5 two" } });
  assert.equal(next.response.status, 202);
  const viewer = await world.view(next.body.reply.stream);
  await world.ended(viewer);
  assert.equal(viewer.told.at(-1)!.data.state, "done");
  const page = await world.call("GET", MESSAGES);
  assert.equal(page.body.messages.length, 4);
  await world.cloud.advance("10m");
  world.cloud.qstash.meter.reset();
  await world.cloud.advance("1h");
  const { byDestination } = world.cloud.qstash.meter.snapshot();
  assert.equal(Object.keys(byDestination).filter((url) => url.endsWith("chat.reply")).length, 0);
});

Deno.test("a Postgres that fails once the reply was taken does not fail the reply", async () => {
  await using world = await open();
  world.cloud.qstash.faults.add({ kind: "late", ms: 60_000 });
  const { body } = await world.call("POST", MESSAGES, { body: { text: "/tokens 5" } });
  const parts = producePartsOf(world.deps);
  const sql: Sql = {
    ...parts.sql,
    query: (text, params) =>
      text.includes("turn")
        ? Promise.reject(new PostgresUnavailableError("away for a moment"))
        : parts.sql.query(text, params),
  };
  await assert.rejects(
    produceReply({ ...parts, sql }, body.reply.id, { isLast: false }),
    PostgresUnavailableError,
  );
  const viewer = await world.view(body.reply.stream);
  await world.ended(viewer);
  assert.equal(viewer.told.at(-1)!.data.state, "done");
});
