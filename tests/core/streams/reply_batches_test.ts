import assert from "node:assert/strict";
import { createKeys } from "../../../shared/core/keys.ts";
import { ReplyBatches } from "../../../shared/core/streams/reply_batches.ts";
import { createReplyWriter } from "../../../shared/core/streams/reply_writer.ts";
import { createStreamWorld } from "./stream_world.ts";

/** The names of a batch's commands, in their order. */
const named = ({ commands }: ReturnType<ReplyBatches["next"]>) => commands.map(([name]) => name);

Deno.test("a snapshot is set before its frame is published: who misses the frame finds it there", () => {
  const batches = new ReplyBatches(createKeys("t"), { reply: "r", epoch: 1 });
  const orders: string[] = [];
  for (let count = 0; count < 8; count++) {
    batches.append("word ");
    const batch = batches.next();
    orders.push(named(batch).join());
    batches.sent(batch);
  }
  assert.deepEqual(orders, [
    ...["PUBLISH", "PUBLISH", "PUBLISH", "SET,PUBLISH"],
    ...["PUBLISH", "PUBLISH", "PUBLISH", "SET,PUBLISH"],
  ]);
  batches.append("more");
  batches.lost();
  assert.equal(named(batches.next()).join(), "SET,PUBLISH");
  assert.equal(named(batches.next({ end: "done" })).join(), "SET,PUBLISH");
  batches.append("x".repeat(600_000));
  assert.equal(named(batches.next()).join(), "SET,PUBLISH");
});

Deno.test("a frame holds all since the last snapshot that is known to be set, a lost one's too", () => {
  const batches = new ReplyBatches(createKeys("t"), { reply: "r", epoch: 1 });
  const frame = () => JSON.parse(String(batches.next().commands.at(-1)![2]));
  batches.append("one ");
  batches.sent(batches.next());
  batches.append("two ");
  batches.lost();
  assert.deepEqual(frame(), { epoch: 1, at: 0, text: "one two " });
  const kept = batches.next();
  batches.sent(kept);
  batches.append("three");
  assert.deepEqual(frame(), { epoch: 1, at: 8, text: "three" });
});

Deno.test("a writer with a bound sends no more than that, the last ones farther apart, and the end", async () => {
  await using world = await createStreamWorld();
  const viewer = world.viewer();
  await world.advance(0);
  const writer = createReplyWriter(world.parts, {
    reply: "r1",
    epoch: 1,
    batchMs: 400,
    mostBatches: 30,
  });
  const { requests } = world.server.meter.snapshot();
  const heardAt: number[] = [];
  const begin = world.clock.now();
  for (let second = 0; second < 560; second++) {
    writer.write("word ");
    const before = viewer.events.length;
    await world.advance(1_000);
    if (viewer.events.length > before) heardAt.push(world.clock.now() - begin);
  }
  let isOver = false;
  void writer.end("done").then(() => isOver = true);
  await world.advance(1_000);
  assert.ok(isOver);
  assert.ok(world.server.meter.snapshot().requests - requests <= 30);
  // The first has heard nothing for so long that it went away.
  const late = world.viewer();
  await world.advance(0);
  assert.ok(late.text === writer.text);
  assert.equal(late.last, "end");
  // Close together at first, and five minutes are covered.
  assert.ok(heardAt.filter((ms) => ms < 20_000).length >= 14, heardAt.join());
  assert.ok(heardAt.at(-1)! > 300_000, heardAt.join());
});
