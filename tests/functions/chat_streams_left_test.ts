/**
 * What viewers and makers of replies leave behind in Redis, once they have gone: nothing.
 *
 * @module
 */
import assert from "node:assert/strict";
import { collectGarbage } from "../support/collect_garbage.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { type ChatWorld, createChatWorld } from "./chat_world.ts";

const MESSAGES = "/api/chat/conversations/kitchen/messages";
const VIEWERS = 40;
const [engine] = postgresEngines();
const open = (options?: Parameters<typeof createChatWorld>[2]) =>
  createChatWorld(engine.database(), engine.url(), options);

/** How many listen to the reply's channels, to its text and to its stop. */
async function listeners({ deps: { redis, keys } }: ChatWorld, reply: string) {
  const [, text, , stop] = await redis.run([
    "PUBSUB",
    "NUMSUB",
    keys.replyChannel(reply),
    keys.replyControl(reply),
  ]) as [string, number, string, number];
  return { text, stop };
}

Deno.test("viewers that left leave no subscription behind, whatever was collected before", async () => {
  await using world = await open({ environment: { STREAMS_PER_USER: `${VIEWERS}` } });
  // Nobody makes it while they look.
  world.cloud.qstash.faults.add({ kind: "late", ms: 3_600_000 });
  const { body: { reply } } = await world.call("POST", MESSAGES, { body: { text: "wait" } });
  const viewers = await Promise.all(
    Array.from({ length: VIEWERS }, () => world.view(reply.stream)),
  );
  await world.until(async () => (await listeners(world, reply.id)).text === VIEWERS);
  await collectGarbage();
  await Promise.all(viewers.map((viewer) => viewer.leave()));
  await world.until(async () => (await listeners(world, reply.id)).text === 0);
});

Deno.test("replies that ended leave no subscription to their stop behind", async () => {
  await using world = await open();
  const replies: string[] = [];
  for (let index = 0; index < 8; index++) {
    const path = `/api/chat/conversations/room-${index}/messages`;
    const viewer = await world.view(path, { body: { text: "/tokens 40" } });
    await world.until(() => viewer.text().length > 20);
    await collectGarbage();
    replies.push(viewer.told[0].data.reply.id);
    await world.ended(viewer);
  }
  for (const reply of replies) {
    await world.until(async () => (await listeners(world, reply)).stop === 0);
    assert.deepEqual(await listeners(world, reply), { text: 0, stop: 0 });
  }
});
