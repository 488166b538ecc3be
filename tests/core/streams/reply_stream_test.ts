import assert from "node:assert/strict";
import { createStreamWorld, REPLY, type StreamWorld } from "./stream_world.ts";

const TOKENS = Array.from({ length: 200 }, (_, index) => `token${index} `);

/** Writes the tokens at 50 a second, and ends. */
async function produce(world: StreamWorld, tokens = TOKENS, epoch = 1) {
  const writer = world.writer(epoch);
  for (const token of tokens) {
    writer.write(token);
    await world.advance(20);
  }
  await writer.end("done");
  await world.advance(0);
  return writer.text;
}

Deno.test("a viewer is told all text, in order, and the end", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  const text = await produce(world);
  assert.equal(viewer.text, text);
  assert.equal(viewer.last, "end");
  assert.equal(viewer.events.at(-1)!.id, `1:${text.length}`);
});

Deno.test("200 tokens at 50 a second cost a writer 18 commands, and a viewer 2", async () => {
  await using world = await createStreamWorld();
  world.viewer();
  await world.advance(0);
  assert.equal(world.bill(), 2, "SUBSCRIBE and GET");
  await produce(world);
  assert.equal(world.bill(), 18);
});

Deno.test("the first text is sent at once, then gaps grow to the bound", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  const begin = world.clock.now();
  const writer = world.writer();
  const heardAt: number[] = [];
  for (let ms = 0; ms < 2_000; ms += 10) {
    writer.write(".");
    const before = viewer.events.length;
    await world.advance(0);
    if (viewer.events.length > before) heardAt.push(world.clock.now() - begin);
    await world.advance(10);
    if (viewer.events.length > before && heardAt.at(-1) !== ms) {
      heardAt.push(world.clock.now() - begin);
    }
  }
  assert.deepEqual(heardAt, [0, 50, 150, 350, 750, 1_150, 1_550, 1_950]);
});

Deno.test("a viewer that comes late is told everything", async () => {
  await using world = await createStreamWorld();
  const writer = world.writer();
  for (let count = 0; count < 50; count++) {
    writer.write("word ");
    await world.advance(20);
  }
  const late = world.viewer();
  await world.advance(0);
  writer.write("more");
  await world.advance(400);
  assert.equal(late.text, writer.text);
});

Deno.test("a reply that is over in Redis is told from the snapshot", async () => {
  await using world = await createStreamWorld();
  const text = await produce(world, TOKENS.slice(0, 20));
  const viewer = world.viewer();
  await world.advance(0);
  assert.equal(viewer.text, text);
  assert.equal(viewer.last, "end");
});

Deno.test("a finished reply is told from the store, for no command", async () => {
  await using world = await createStreamWorld();
  world.stored = { state: "failed", text: "half", epoch: 3, error: "the model is gone" };
  const viewer = world.viewer();
  await world.advance(0);
  assert.equal(world.bill(), 0);
  assert.deepEqual(viewer.events, [
    { id: "3:4", event: "text", data: { text: "half" } },
    { id: "3:4", event: "end", data: { state: "failed", error: "the model is gone" } },
  ]);
});

for (const offset of [0, 1, 7, 100]) {
  Deno.test(`a viewer that resumes after ${offset} characters is told the rest`, async () => {
    await using world = await createStreamWorld();
    const text = await produce(world, TOKENS.slice(0, 30));
    const viewer = world.viewer({ epoch: 1, offset });
    await world.advance(0);
    assert.equal(viewer.text, text.slice(offset));
    assert.ok(!viewer.events.some(({ event }) => event === "reset"));
  });
}

Deno.test("a later producer's text comes after a reset", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  const first = world.writer(1);
  first.write("what the first");
  await world.advance(1_000);
  assert.equal(viewer.text, "what the first");
  world.stored.epoch = 2;
  const text = await produce(world, ["the ", "second"], 2);
  assert.equal(viewer.text, text);
  assert.deepEqual(viewer.events.map(({ event }) => event), [
    "text",
    "reset",
    "text",
    "text",
    "end",
  ]);
});

Deno.test("nothing is asked of Redis while nothing is said, and after 300 s the viewer is told", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  world.bill();
  await world.advance(299_000);
  assert.equal(viewer.isOver, false);
  await world.advance(16_000);
  assert.equal(viewer.last, "idle");
  assert.equal(world.bill(), 0);
  assert.equal(world.loads, 5, "at the start, without a snapshot, and after 30, 120 and 300 s");
});

Deno.test("a channel's foreign messages are passed over", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  const channel = world.parts.keys.replyChannel(REPLY);
  for (const payload of ["", "stop", "{", "[1,2]", '{"epoch":0}', '"a,b"']) {
    await world.parts.redis.run(["PUBLISH", channel, payload]);
  }
  assert.equal(await produce(world, ["a", "b"]), viewer.text);
});
