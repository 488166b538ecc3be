/**
 * Server-sent events: frames byte by byte, and what ends a stream.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";
import { long } from "../../support/long.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import { readFrames, type Rest, withRest } from "./rest.ts";

const suite: [name: string, test: (rest: Rest) => Promise<void>][] = [
  ["a subscriber gets a greeting, then each payload as it is", async ({ fetch, run }) => {
    const response = await fetch("/subscribe/news", {
      method: "POST",
      body: "[]",
      headers: { accept: "text/event-stream", "upstash-encoding": "base64" },
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const frames = readFrames(response);
    assert.equal(await frames.next(), "data: subscribe,news,1");
    assert.equal(await run("PUBLISH", "news", `{"a":"b, c"}`), 1);
    assert.equal(await frames.next(), `data: message,news,{"a":"b, c"}`);
    await run("PUBLISH", "news", "a\nb");
    assert.equal(await frames.next(), "data: message,news,a\nb");
    await frames.close();
  }],
  ["a pattern's subscriber learns pattern and channel", async ({ fetch, run }) => {
    const frames = readFrames(await fetch("/psubscribe/news.*", { method: "POST" }));
    assert.equal(await frames.next(), "data: psubscribe,news.*,1");
    await run("PUBLISH", "news.a", "x");
    assert.equal(await frames.next(), "data: pmessage,news.*,news.a,x");
    await frames.close();
  }],
  ["a channel is percent-decoded", async ({ fetch, run }) => {
    const frames = readFrames(await fetch("/subscribe/a%2Fb%3Fc%23d%25", { method: "POST" }));
    assert.equal(await frames.next(), "data: subscribe,a/b?c#d%,1");
    await run("PUBLISH", "a/b?c#d%", "x");
    assert.equal(await frames.next(), "data: message,a/b?c#d%,x");
    await frames.close();
  }],
  ["several channels on one stream are counted", async ({ fetch, run }) => {
    const frames = readFrames(await fetch("/subscribe/a/b", { method: "POST" }));
    assert.equal(await frames.next(), "data: subscribe,a,1");
    assert.equal(await frames.next(), "data: subscribe,b,2");
    await run("PUBLISH", "b", "x");
    assert.equal(await frames.next(), "data: message,b,x");
    await frames.close();
  }],
  ["a subscriber that leaves is freed", async ({ fetch, run }) => {
    const frames = readFrames(await fetch("/subscribe/news", { method: "POST" }));
    await frames.next();
    assert.equal(await run("PUBLISH", "news", "1"), 1);
    await frames.close();
    const receivers = async () => (await run("PUBSUB", "NUMSUB", "news") as unknown[])[1];
    // The other end learns of it in its own time, but without a message to send.
    for (let tries = 0; await receivers() !== 0 && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(await receivers(), 0);
  }],
  ["the token may be in the query, for EventSource", async ({ url, server, run }) => {
    const frames = readFrames(await fetch(`${url}/subscribe/c?_token=${server.readOnlyToken}`));
    assert.equal(await frames.next(), "data: subscribe,c,1");
    await run("PUBLISH", "c", "x");
    assert.equal(await frames.next(), "data: message,c,x");
    await frames.close();
  }],
  ["close() ends every stream cleanly", async ({ fetch, server }) => {
    const frames = readFrames(await fetch("/subscribe/c", { method: "POST" }));
    await frames.next();
    await server.close();
    assert.equal(await frames.next(), undefined);
  }],
  ["the SDK subscribes, to a channel and to a pattern", async ({ url, server }) => {
    const redis = new Redis({ url, token: server.token });
    const seen: unknown[] = [];
    const channel = redis.subscribe<{ n: number }>(["c"]);
    const pattern = redis.psubscribe<{ n: number }>(["p.*"]);
    await new Promise<void>((resolve) => {
      let ready = 0;
      const count = () => ++ready === 2 && resolve();
      channel.on("subscribe", count);
      pattern.on("psubscribe", count);
    });
    const two = new Promise<void>((resolve) => {
      const note = (event: unknown) => seen.push(event) === 2 && resolve();
      channel.on("message", note);
      pattern.on("pmessage", note);
    });
    await redis.publish("c", { n: 1 });
    await redis.publish("p.x", { n: 2 });
    await two;
    await channel.unsubscribe();
    await pattern.unsubscribe();
    const messages = (seen as { message: { n: number } }[]).map(({ message }) => message.n);
    assert.deepEqual(messages.sort(), [1, 2]);
  }],
];

for (const [name, test] of suite) {
  Deno.test(`embedded: ${name}`, () => withRest(test));
}
Deno.test({
  ...long("a real server: the same streams", "redis-server"),
  fn: async (t) => {
    await using redis = await startRedisServer();
    for (const [name, test] of suite) {
      await t.step(name, () => withRest(test, { redisUrl: redis.url }));
    }
  },
});

Deno.test("20 subscribers get all of 50 messages, in order", () =>
  withRest(async ({ fetch, run }) => {
    const all = await Promise.all(Array.from({ length: 20 }, async () => {
      const frames = readFrames(await fetch("/subscribe/c", { method: "POST" }));
      await frames.next();
      return frames;
    }));
    for (let n = 0; n < 50; n++) assert.equal(await run("PUBLISH", "c", n), 20);
    for (const frames of all) {
      for (let n = 0; n < 50; n++) assert.equal(await frames.next(), `data: message,c,${n}`);
      await frames.close();
    }
  }));

Deno.test("MONITOR shows every command that runs", () =>
  withRest(async ({ fetch, run, post }) => {
    const frames = readFrames(await fetch("/monitor", { method: "POST" }));
    assert.equal(await frames.next(), `data: "OK"`);
    await run("SET", "k", `a "b"`);
    await post("/pipeline", [["GET", "k"]]);
    assert.match(
      (await frames.next())!,
      /^data: \d+\.\d{6} \[0 [\d.]+:\d+\] "SET" "k" "a \\"b\\""$/,
    );
    assert.match((await frames.next())!, / "GET" "k"$/);
    await frames.close();
  }));

const refused: [path: string, status: number, error: RegExp][] = [
  ["/subscribe", 400, /wrong number of arguments for 'subscribe'/],
  ["/psubscribe", 400, /wrong number of arguments for 'psubscribe'/],
];
for (const [path, status, error] of refused) {
  Deno.test(`POST ${path} answers ${status}`, () =>
    withRest(async ({ post }) => {
      const answer = await post(path, []);
      assert.equal(answer.status, status);
      assert.match((answer.body as { error: string }).error, error);
    }));
}

Deno.test("the read-only token may not monitor", () =>
  withRest(async ({ fetch, server }) => {
    const headers = { authorization: `Bearer ${server.readOnlyToken}` };
    const response = await fetch("/monitor", { method: "POST", headers });
    assert.equal(response.status, 400);
    assert.match((await response.json()).error, /^NOPERM/);
  }));
