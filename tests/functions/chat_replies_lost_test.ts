/**
 * A producer that lost its reply to another: it says, stores and renews nothing more.
 *
 * @module
 */
import assert from "node:assert/strict";
import { produceReply } from "../../functions/chat/replies/produce.ts";
import {
  endReply,
  LEASE_MS,
  releaseReply,
  renewLease,
  takeReply,
} from "../../functions/chat/replies/reply_store.ts";
import { producePartsOf } from "../../functions/chat/replies/send.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { type ChatWorld, createChatWorld, NOON } from "./chat_world.ts";

const MESSAGES = "/api/chat/conversations/kitchen/messages";
const [engine] = postgresEngines();

/** A reply that nobody makes, as its job is late. */
async function waiting(text: string) {
  const world = await createChatWorld(engine.database(), engine.url());
  world.cloud.qstash.faults.add({ kind: "late", ms: 3_600_000, times: 9 });
  const { body: { reply } } = await world.call("POST", MESSAGES, { body: { text } });
  return { world, id: reply.id as string };
}

/** As if another had taken it since. */
const takeAway = (id: string) =>
  engine.database().query("UPDATE chat_replies SET epoch = epoch + 1 WHERE id = $1", [id]);

const rowOf = async (id: string) => {
  const [row] = await engine.database().query<
    { state: string; epoch: number; text: string; lease: string | null }
  >(
    "SELECT state, epoch, text, lease_until::text AS lease FROM chat_replies WHERE id = $1",
    [id],
  );
  return row;
};

/** Everything that the reply's channel hears, and the snapshot. */
async function heardOf({ deps }: ChatWorld, id: string) {
  const leaving = new AbortController();
  const frames: { epoch: number; text: string; end?: string; retryAt?: number }[] = [];
  const messages = await deps.redis.subscribe(deps.keys.replyChannel(id), leaving);
  void (async () => {
    for await (const message of messages) frames.push(JSON.parse(message));
  })();
  return {
    frames,
    snapshot: async () =>
      JSON.parse(`${await deps.redis.run(["GET", deps.keys.replySnapshot(id)])}`),
    [Symbol.dispose]: () => leaving.abort(),
  };
}

Deno.test("one that lost its reply before its end neither stores nor tells an end", async () => {
  const { world, id } = await waiting("/tokens 30");
  await using _ = world;
  using heard = await heardOf(world, id);
  let lost: Promise<unknown> | undefined;
  const producing = produceReply(producePartsOf(world.deps), id, {
    isLast: false,
    onText: () => void (lost ??= takeAway(id)),
  });
  let produced: { kind: string } | undefined;
  void producing.then((result) => produced = result);
  await world.until(() => produced !== undefined);
  await lost;
  assert.equal(produced!.kind, "held");
  const { state, text } = await rowOf(id);
  assert.deepEqual({ state, text }, { state: "producing", text: "" });
  assert.ok(heard.frames.every(({ end }) => end === undefined));
  assert.equal((await heard.snapshot())?.end, undefined);
  assert.ok(!world.lines.some(({ event }) => event === "reply.ended"));
  const { body } = await world.call("GET", MESSAGES);
  assert.equal(body.messages.length, 1);
});

Deno.test("one that lost its reply stops speaking when its lease was to be renewed, and the model too", async () => {
  const { world, id } = await waiting("/tokens 3000");
  await using _ = world;
  using heard = await heardOf(world, id);
  let lost: Promise<unknown> | undefined;
  let produced: { kind: string } | undefined;
  const since = world.cloud.clock.now();
  void produceReply(producePartsOf(world.deps), id, {
    isLast: false,
    onText: () => void (lost ??= takeAway(id)),
  }).then((result) => produced = result);
  await world.until(() => produced !== undefined);
  assert.equal(produced!.kind, "held");
  assert.ok(world.cloud.clock.now() - since < 15_000);
  await world.until(() => world.cloud.llm.counts().aborted === 1);
  const before = heard.frames.length;
  for (let step = 0; step < 50; step++) await world.cloud.advance(100);
  assert.equal(heard.frames.length, before);
});

Deno.test("one that lost its reply does not tell that the model is asked again", async () => {
  const { world, id } = await waiting("/tokens 30");
  await using _ = world;
  world.cloud.llm.faults.add({ kind: "break", afterTokens: 20 });
  using heard = await heardOf(world, id);
  let lost: Promise<unknown> | undefined;
  let produced: { kind: string } | undefined;
  void produceReply(producePartsOf(world.deps), id, {
    isLast: false,
    onText: () => void (lost ??= takeAway(id)),
  }).then((result) => produced = result);
  await world.until(() => produced !== undefined);
  assert.equal(produced!.kind, "held");
  assert.ok(heard.frames.every(({ retryAt }) => retryAt === undefined));
  assert.equal((await rowOf(id)).state, "producing");
});

Deno.test("an older epoch renews, lets go of and ends nothing", async () => {
  const { world, id } = await waiting("/tokens 5");
  await using _ = world;
  const sql = engine.database();
  const first = await takeReply(sql, id, NOON);
  const second = await takeReply(sql, id, NOON + LEASE_MS);
  assert.ok(first.kind === "taken" && second.kind === "taken");
  const held = await rowOf(id);
  const later = NOON + LEASE_MS + 5_000;
  assert.equal(await renewLease(sql, first.reply, later), "lost");
  assert.equal(await releaseReply(sql, first.reply, "old"), false);
  const end = { state: "done" as const, text: "old", now: later };
  assert.equal(await endReply(sql, first.reply, end), false);
  assert.deepEqual(await rowOf(id), held);
  assert.equal(await renewLease(sql, second.reply, later), "held");
  assert.notEqual((await rowOf(id)).lease, held.lease);
  assert.equal(await endReply(sql, second.reply, { ...end, text: "new" }), true);
  assert.equal(await renewLease(sql, second.reply, later), "lost");
  assert.equal(await endReply(sql, second.reply, end), false);
  assert.equal((await rowOf(id)).text, "new");
});

Deno.test("a lease that runs is nobody else's, to the last moment", async () => {
  const { world, id } = await waiting("/tokens 5");
  await using _ = world;
  const sql = engine.database();
  await takeReply(sql, id, NOON);
  const early = await takeReply(sql, id, NOON + LEASE_MS - 1);
  assert.deepEqual(early, { kind: "held", until: NOON + LEASE_MS });
  assert.equal((await takeReply(sql, id, NOON + LEASE_MS)).kind, "taken");
});

Deno.test("whoever hears of the end finds the text stored", async () => {
  const { world, id } = await waiting("/tokens 20");
  await using _ = world;
  const { deps } = world;
  const leaving = new AbortController();
  const messages = await deps.redis.subscribe(deps.keys.replyChannel(id), leaving);
  const found = (async () => {
    for await (const message of messages) {
      if (JSON.parse(message).end) return await rowOf(id);
    }
    return undefined;
  })();
  let row: Awaited<typeof found>;
  void found.then((result) => row = result);
  void produceReply(producePartsOf(deps), id, { isLast: false });
  await world.until(() => row !== undefined);
  leaving.abort();
  assert.equal(row!.state, "done");
  assert.ok(row!.text.length > 10);
});
