/**
 * Who may speak for a reply, by its epoch: nobody writes over one that took it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { addMessage } from "../../functions/chat/history/message_store.ts";
import {
  endReply,
  LEASE_MS,
  openReply,
  renewLease,
  seizeReply,
  takeReply,
} from "../../functions/chat/replies/reply_store.ts";
import { ReplyBatches } from "../../shared/core/streams/reply_batches.ts";
import { createKeys } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createChatWorld, NOON } from "./chat_world.ts";

const [engine] = postgresEngines();

engine.test("a lease is renewed by its own epoch alone, and not by one that lost it", async () => {
  const sql = engine.database();
  await sql.query("TRUNCATE chat_conversations CASCADE");
  const question = { conversation: "c1", user: "ada", text: "Hello?", id: "m1", at: NOON };
  await addMessage(sql, question);
  const reply = { id: "r1", conversation: "c1", user: "ada", question: "m1", at: NOON };
  await openReply(sql, reply);
  const epochs: number[] = [];
  for (const now of [NOON, NOON + LEASE_MS]) {
    const taken = await takeReply(sql, "r1", now);
    assert.ok(taken.kind === "taken");
    epochs.push(taken.reply.epoch);
  }
  assert.deepEqual(epochs, [1, 2]);
  const later = NOON + LEASE_MS + 1_000;
  for (const [epoch, held] of [[1, "lost"], [3, "lost"], [2, "held"]] as const) {
    assert.equal(await renewLease(sql, { id: "r1", epoch }, later), held, `epoch ${epoch}`);
  }
});

engine.test("a producer whose reply was ended by another says no more of it", async () => {
  await using world = await createChatWorld(engine.database(), engine.url());
  const path = "/api/chat/conversations/kitchen/messages";
  const viewer = await world.view(path, { body: { text: "/tokens 200", mode: "queued" } });
  await world.until(() => viewer.text().length > 100);
  const { id } = viewer.told[0].data.reply;
  const sql = engine.database();
  const now = world.cloud.clock.now();
  const seized = await seizeReply(sql, id, { text: "said elsewhere", now });
  assert.ok(seized);
  assert.ok(await endReply(sql, seized, { state: "stopped", text: "said elsewhere", now }));
  // Its lease is renewed every 8 s: until then it does not know.
  await world.until(() =>
    world.lines.some(({ event, reply }) =>
      (event === "job.deferred") || (event === "reply.ended" && reply === id)
    )
  );
  assert.ok(!world.lines.some(({ event }) => event === "reply.ended"), "it says no end");
  const { deps } = world;
  const snapshot = JSON.parse(String(await deps.redis.run(["GET", deps.keys.replySnapshot(id)])));
  assert.notEqual(snapshot.end, "done");
  const { body } = await world.call("GET", `/api/chat/replies/${id}`);
  assert.deepEqual([body.state, body.text], ["stopped", "said elsewhere"]);
});

Deno.test("a snapshot is set before its frame is published, at the end and every fourth time", () => {
  const batches = new ReplyBatches(createKeys("test"), { reply: "r1", epoch: 1 });
  const names = [];
  for (let batch = 1; batch <= 5; batch++) {
    batches.append(`word ${batch} `);
    const next = batches.next(batch === 5 ? { end: "done" } : {});
    names.push(next.commands.map(([name]) => name).join(" "));
    batches.sent(next);
  }
  assert.deepEqual(names, ["PUBLISH", "PUBLISH", "PUBLISH", "SET PUBLISH", "SET PUBLISH"]);
});
