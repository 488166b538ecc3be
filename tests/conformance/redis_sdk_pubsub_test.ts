import assert from "node:assert/strict";
import type { Redis } from "@upstash/redis";
import { testOnEachEngine } from "./redis_gateway.ts";

interface Heard {
  channel?: string;
  pattern?: string;
  message: unknown;
}

testOnEachEngine("a subscriber hears what is published, typed, in order", async ({ redis }) => {
  const listener = await listen(redis, "channel", "news");
  for (const message of [{ a: 1 }, "text", 42, "with, commas", "ünïcode"]) {
    assert.equal(await redis.publish("news", message), 1);
  }
  assert.deepEqual(await listener.heard(5), [
    { channel: "news", message: { a: 1 } },
    { channel: "news", message: "text" },
    { channel: "news", message: 42 },
    { channel: "news", message: "with, commas" },
    { channel: "news", message: "ünïcode" },
  ]);
  await listener.stop();
});

testOnEachEngine("a pattern subscriber hears every channel that matches", async ({ redis }) => {
  const listener = await listen(redis, "pattern", "room:*");
  await redis.publish("elsewhere", 1);
  await redis.publish("room:1", { n: 1 });
  await redis.publish("room:2", { n: 2 });
  assert.deepEqual(await listener.heard(2), [
    { pattern: "room:*", channel: "room:1", message: { n: 1 } },
    { pattern: "room:*", channel: "room:2", message: { n: 2 } },
  ]);
  await listener.stop();
});

testOnEachEngine("every subscriber of a channel gets its own copy", async ({ redis }) => {
  const listeners = await Promise.all([1, 2, 3].map(() => listen(redis, "channel", "all")));
  assert.equal(await redis.publish("all", "x"), 3);
  for (const listener of listeners) {
    assert.deepEqual(await listener.heard(1), [{ channel: "all", message: "x" }]);
    await listener.stop();
  }
});

testOnEachEngine("a subscriber that hangs up no longer counts", async ({ redis }) => {
  const listener = await listen(redis, "channel", "brief");
  await listener.stop();
  // The server learns of it with the next turn of its sockets: ask until it has.
  for (let asked = 0; await redis.publish("brief", "x") !== 0; asked++) {
    assert.ok(asked < 1_000, "the server still counts a subscriber that is gone");
  }
});

testOnEachEngine("a message published by a script or a transaction arrives", async ({ redis }) => {
  const listener = await listen(redis, "channel", "inside");
  await redis.eval("return redis.call('publish', KEYS[1], ARGV[1])", ["inside"], ["from a script"]);
  const transaction = redis.multi();
  transaction.publish("inside", "from a transaction");
  await transaction.exec();
  assert.deepEqual((await listener.heard(2)).map(({ message }) => message), [
    "from a script",
    "from a transaction",
  ]);
  await listener.stop();
});

/** Subscribes through the SDK, and resolves once the server has confirmed it. */
async function listen(redis: Redis, kind: "channel" | "pattern", name: string) {
  const messages: Heard[] = [];
  let wake = () => {};
  const subscriber = kind === "channel" ? redis.subscribe(name) : redis.psubscribe(name);
  const confirmed = Promise.withResolvers<void>();
  subscriber.on("error", (error) => confirmed.reject(error));
  const hear = (message: Heard) => {
    messages.push(message);
    wake();
  };
  if (kind === "channel") {
    subscriber.on("subscribe", () => confirmed.resolve());
    subscriber.on("message", ({ channel, message }) => hear({ channel, message }));
  } else {
    subscriber.on("psubscribe", () => confirmed.resolve());
    subscriber.on(
      "pmessage",
      ({ pattern, channel, message }) => hear({ pattern, channel, message }),
    );
  }
  await confirmed.promise;
  return {
    stop: () => subscriber.unsubscribe(),
    heard: async (count: number) => {
      while (messages.length < count) await new Promise<void>((resolve) => wake = resolve);
      return messages;
    },
  };
}
