import assert from "node:assert/strict";
import { createReplyWriter } from "../../../shared/core/streams/reply_writer.ts";
import { BATCH_MS, createStreamWorld, REPLY, type StreamWorld } from "./stream_world.ts";

/** One word each 20 ms. */
async function say(world: StreamWorld, writer: { write(text: string): void }, words: number) {
  for (let count = 0; count < words; count++) {
    writer.write(`word${count} `);
    await world.advance(20);
  }
}

const faults = ["refuse", "disconnect", "dropReply", "quota"] as const;
for (const kind of faults) {
  Deno.test(`Redis is away for three calls (${kind}): then the next batch has all, and nothing twice`, async () => {
    await using world = await createStreamWorld();
    const viewer = world.viewer();
    await world.advance(0);
    const writer = world.writer();
    await say(world, writer, 20);
    world.server.faults.add({ kind, times: 3, commands: ["PUBLISH"] });
    await say(world, writer, 30);
    await world.advance(2_000);
    assert.equal(viewer.text, writer.text);
    assert.equal(world.lines.filter((line) => line === "reply.unsent").length, 1);
    const late = world.viewer();
    await world.advance(0);
    assert.equal(late.text, writer.text, "the batch that came through had a snapshot");
    await writer.end("done");
    await world.advance(0);
    assert.deepEqual([viewer.last, late.last], ["end", "end"]);
  });
}

Deno.test("Redis stays away: write() and end() go on, and the end is given up after two tries", async () => {
  await using world = await createStreamWorld();
  world.server.faults.add({ kind: "refuse", times: 1_000 });
  const writer = world.writer();
  await say(world, writer, 50);
  let hasEnded = false;
  void writer.end("done").then(() => hasEnded = true);
  await world.advance(250);
  assert.ok(hasEnded);
  assert.deepEqual(world.lines, ["reply.unsent", "reply.end_unsent"]);
});

Deno.test("an end that never reached Redis is told from the store, within 45 s of silence", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  const writer = world.writer();
  await say(world, writer, 10);
  world.server.faults.add({ kind: "refuse", times: 1_000 });
  world.stored = { state: "done", text: writer.text, epoch: 1 };
  void writer.end("done");
  await world.advance(45_000);
  assert.equal(viewer.last, "end");
  assert.equal(viewer.text, writer.text);
});

Deno.test("while a batch is on its way, all that comes waits for one more", async () => {
  await using world = await createStreamWorld();
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  const { redis } = world.parts;
  const slow: typeof redis = {
    ...redis,
    pipeline: async (...call) => {
      if (++calls === 1) await gate.promise;
      return await redis.pipeline(...call);
    },
  };
  const viewer = world.viewer();
  await world.advance(0);
  const writer = createReplyWriter({ ...world.parts, redis: slow }, {
    reply: REPLY,
    epoch: 1,
    batchMs: BATCH_MS,
  });
  await say(world, writer, 200);
  assert.equal(calls, 1);
  gate.resolve();
  await world.advance(400);
  assert.equal(calls, 2);
  assert.equal(viewer.text, writer.text);
});

Deno.test("Redis is full: snapshots are refused, frames go on, and a listener hears it all", async () => {
  await using world = await createStreamWorld();
  const { redis, keys } = world.parts;
  const viewer = world.viewer();
  await world.advance(0);
  // As a database answers that takes no more.
  const full: typeof redis = {
    ...redis,
    pipeline: (commands, options) =>
      redis.pipeline(
        commands.map((command) =>
          command[0] === "SET" ? ["LPUSH", keys.replySnapshot("x")] : command
        ),
        options,
      ),
  };
  const writer = createReplyWriter({ ...world.parts, redis: full }, {
    reply: REPLY,
    epoch: 1,
    batchMs: BATCH_MS,
  });
  await say(world, writer, 100);
  await writer.end("done");
  await world.advance(0);
  assert.equal(viewer.text, writer.text);
  assert.equal(viewer.last, "end");
});

Deno.test("a reply of 200,000 characters: frames and snapshots stay in proportion, and viewers whole", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  let bytes = 0;
  let longest = 0;
  const { redis } = world.parts;
  const weighed: typeof redis = {
    ...redis,
    pipeline: (commands, options) => {
      for (const [name, , value] of commands) {
        bytes += String(value).length;
        if (name === "PUBLISH") longest = Math.max(longest, String(value).length);
      }
      return redis.pipeline(commands, options);
    },
  };
  const writer = createReplyWriter({ ...world.parts, redis: weighed }, {
    reply: REPLY,
    epoch: 1,
    batchMs: BATCH_MS,
  });
  for (let count = 0; count < 2_000; count++) {
    writer.write("x".repeat(100));
    await world.advance(100);
  }
  const late = world.viewer({ epoch: 1, offset: 150_000 });
  await world.advance(0);
  await writer.end("done");
  await world.advance(0);
  assert.equal(viewer.text, writer.text);
  assert.equal(late.text, writer.text.slice(150_000));
  assert.ok(longest < 16_000, `the longest frame has ${longest} characters`);
  assert.ok(bytes < 12_000_000, `${bytes} characters were sent`);
});

Deno.test("a text of 3 million characters at once is left to the snapshot", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  const writer = world.writer();
  writer.write("é".repeat(3_000_000));
  // So much takes a few turns to be read.
  while (viewer.text === "") await world.advance(1);
  assert.equal(viewer.text.length, 3_000_000);
});

Deno.test("a connection that is cut is begun anew, and nothing is missing", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  const writer = world.writer();
  for (let cut = 0; cut < 8; cut++) {
    await say(world, writer, 10);
    world.server.faults.cutStreams();
    await say(world, writer, 40);
  }
  await writer.end("done");
  await world.advance(1_000);
  assert.equal(viewer.text, writer.text);
  assert.equal(viewer.last, "end");
});

Deno.test("Redis stays away from a viewer: six tries at growing waits, and then idle", async () => {
  await using world = await createStreamWorld();
  world.server.faults.add({ kind: "refuse", times: 1_000, commands: ["SUBSCRIBE"] });
  const viewer = world.viewer();
  await world.advance(29_000);
  assert.equal(viewer.isOver, false);
  await world.advance(2_000);
  assert.equal(viewer.last, "idle");
  assert.equal(world.loads, 6);
});

Deno.test("a connection that went mute is begun anew once another producer is known to speak", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  await say(world, world.writer(1), 10);
  await world.advance(1_000);
  world.server.faults.muteStreams();
  world.stored.epoch = 2;
  const second = world.writer(2);
  await say(world, second, 10);
  await world.advance(46_000);
  second.write("last");
  await world.advance(500);
  assert.equal(viewer.text, second.text);
});

Deno.test("one that was taken over and speaks on is not heard, whatever it leaves in the snapshot", async () => {
  await using world = await createStreamWorld();
  const early = world.viewer();
  await world.advance(0);
  const first = world.writer(1);
  await say(world, first, 20);
  world.stored.epoch = 2;
  const second = world.writer(2);
  await say(world, second, 20);
  await say(world, first, 100);
  const late = world.viewer();
  await world.advance(0);
  await say(world, second, 100);
  await second.end("done");
  await world.advance(3_000);
  for (const viewer of [early, late]) {
    assert.equal(viewer.text, second.text);
    assert.equal(viewer.last, "end");
  }
});

Deno.test("the end that one tells who was taken over is nobody's end", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  const first = world.writer(1);
  await say(world, first, 20);
  world.stored.epoch = 2;
  const second = world.writer(2);
  await say(world, second, 20);
  await first.end("done");
  await world.advance(500);
  assert.notEqual(viewer.last, "end");
  await say(world, second, 20);
  await second.end("done");
  await world.advance(500);
  assert.equal(viewer.text, second.text);
  assert.equal(viewer.last, "end");
});

Deno.test("the store is away: Redis goes on, and it is logged", async () => {
  await using world = await createStreamWorld();
  world.storeIsAway = true;
  const viewer = world.viewer();
  await world.advance(0);
  const writer = world.writer();
  await say(world, writer, 10);
  await writer.end("failed");
  await world.advance(0);
  assert.equal(viewer.text, writer.text);
  assert.equal(viewer.last, "end");
  assert.ok(world.lines.includes("reply.store_away"));
});

Deno.test("that the provider is asked again is told with its moment, and once", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  const writer = world.writer();
  writer.write("so far");
  await world.advance(0);
  const at = Date.parse("2026-11-21T12:00:07Z");
  await writer.retryAt(at);
  await writer.retryAt(at);
  await world.advance(0);
  assert.deepEqual(viewer.events.slice(1), [
    { id: "1:6", event: "retry", data: { at: "2026-11-21T12:00:07.000Z" } },
  ]);
});

Deno.test("why a reply failed is asked of the store", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  const writer = world.writer();
  writer.write("half");
  world.stored = { state: "failed", text: "half", epoch: 1, error: "rejected" };
  await writer.end("failed");
  await world.advance(0);
  assert.deepEqual(viewer.events.at(-1)!.data, { state: "failed", error: "rejected" });
});

Deno.test("who leaves is let go of at once, and asks nothing more", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  assert.equal(world.wire.open, 1);
  viewer.leave();
  await world.wire.calm();
  assert.equal(world.wire.open, 0);
  assert.ok(viewer.isOver);
  assert.deepEqual(viewer.events, []);
  world.bill();
  await world.advance(600_000);
  assert.equal(world.bill(), 0);
});
