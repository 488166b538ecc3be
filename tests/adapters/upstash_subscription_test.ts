import assert from "node:assert/strict";
import { WallClock } from "../../dev/clock.ts";
import { createRedisServer } from "../../dev/redis/server.ts";
import { listen } from "../../dev/server.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import { newTally } from "../../shared/core/redis_policy.ts";
import { CircuitOpenError, RedisUnavailableError } from "../../shared/errors.ts";

const encoder = new TextEncoder();
const staying = () => ({ signal: new AbortController().signal });

/** The adapter on the local server. */
async function setUp() {
  const clock = new WallClock();
  const server = await createRedisServer({ clock });
  const listening = listen((request) => server.fetch(request));
  const tally = newTally();
  const redis = createUpstashRedis({ url: listening.url, token: server.token, clock }).tallied(
    tally,
  );
  return {
    redis,
    server,
    tally,
    async [Symbol.asyncDispose]() {
      await listening.close();
      await server.close();
    },
  };
}

/** The adapter on a server that answers with these bytes, and keeps the connection as `after` says. */
function scripted(
  chunks: readonly (string | Uint8Array)[],
  { after = "end" as "end" | "stay", status = 200, timeoutMs = 500, seen = [] as Request[] } = {},
) {
  let left = 0;
  const server = listen((request) => {
    seen.push(request);
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        for (const chunk of chunks) {
          controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
          // Each goes out by itself.
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
        if (after === "end") controller.close();
      },
      cancel: () => void left++,
    });
    return new Response(body, { status });
  });
  const tally = newTally();
  const clock = new WallClock();
  return {
    redis: createUpstashRedis({ url: server.url, token: "secret-token", clock, timeoutMs })
      .tallied(tally),
    tally,
    left: () => left,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

Deno.test("what is published after subscribe() has resolved arrives, commas and all", async () => {
  await using parts = await setUp();
  const { redis } = parts;
  const heard = (await redis.subscribe("a:b", staying()))[Symbol.asyncIterator]();
  for (const payload of ["one", "a,b,,c", '{"text":"é😀"}', "", " padded "]) {
    assert.equal(await redis.run(["PUBLISH", "a:b", payload]), 1);
    assert.deepEqual(await heard.next(), { done: false, value: payload });
  }
  await heard.return?.();
});

for (const channel of ["plain", "with,comma", "a/b?c#d%e", "é😀", " "]) {
  Deno.test(`a channel may be named ${JSON.stringify(channel)}`, async () => {
    await using parts = await setUp();
    const heard = (await parts.redis.subscribe(channel, staying()))[Symbol.asyncIterator]();
    await parts.redis.run(["PUBLISH", channel, "message,x,y"]);
    assert.equal((await heard.next()).value, "message,x,y");
    await heard.return?.();
  });
}

Deno.test("a subscription is one command, in the tally as on the meter", async () => {
  await using parts = await setUp();
  const { redis, server, tally } = parts;
  const heard = await redis.subscribe("c", staying());
  await redis.run(["PUBLISH", "c", "m"]);
  const { commands, reads, writes, requests } = server.meter.snapshot();
  assert.deepEqual({ ...tally, waitedMs: 0 }, { commands, reads, writes, requests, waitedMs: 0 });
  assert.equal(commands, 2);
  await heard[Symbol.asyncIterator]().return?.();
});

Deno.test("the request is Upstash's: POST, the token, the channel escaped, no body", async () => {
  const seen: Request[] = [];
  await using parts = scripted(["data: subscribe,a b/c,1\n\n"], { seen });
  await parts.redis.subscribe("a b/c", staying());
  const [{ method, url, headers }] = seen;
  assert.equal(`${method} ${new URL(url).pathname}`, "POST /subscribe/a%20b%2Fc");
  assert.equal(headers.get("authorization"), "Bearer secret-token");
  assert.equal(headers.get("accept"), "text/event-stream");
});

Deno.test("frames may be split at any byte", async () => {
  const frames = encoder.encode(
    "data: subscribe,c,1\n\n: a comment\n\ndata: message,c,é,😀\r\n\ndata: message,other,no\n\n" +
      "data: message,c,last\n\n",
  );
  for (const size of [1, 2, 3, 5, 7, 64]) {
    const chunks = [];
    for (let at = 0; at < frames.length; at += size) chunks.push(frames.slice(at, at + size));
    await using parts = scripted(chunks);
    const heard = await Array.fromAsync(await parts.redis.subscribe("c", staying()));
    assert.deepEqual(heard, ["é,😀\r", "last"], `by ${size}`);
  }
});

Deno.test("the messages end when the server ends the connection", async () => {
  await using parts = await setUp();
  const heard = await parts.redis.subscribe("c", staying());
  await parts.redis.run(["PUBLISH", "c", "before"]);
  parts.server.faults.cutStreams();
  assert.deepEqual(await Array.fromAsync(heard), ["before"]);
});

for (const how of ["signal", "return"] as const) {
  Deno.test(`${how} closes the connection, and ends the messages`, async () => {
    await using parts = scripted(["data: subscribe,c,1\n\n"], { after: "stay" });
    const leaving = new AbortController();
    const heard = (await parts.redis.subscribe("c", { signal: leaving.signal }))
      [Symbol.asyncIterator]();
    const waiting = heard.next();
    if (how === "signal") leaving.abort();
    else await heard.return?.();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    while (parts.left() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  });
}

Deno.test("who has left already sends nothing, and hears nothing", async () => {
  await using parts = scripted([]);
  const heard = await parts.redis.subscribe("c", { signal: AbortSignal.abort() });
  assert.deepEqual(await Array.fromAsync(heard), []);
  assert.equal(parts.tally.commands, 0);
});

Deno.test("who leaves while it opens hears nothing, and Redis is not to blame", async () => {
  await using parts = scripted([], { after: "stay" });
  for (let times = 0; times < 10; times++) {
    const leaving = new AbortController();
    const opening = parts.redis.subscribe("c", { signal: leaving.signal });
    leaving.abort();
    assert.deepEqual(await Array.fromAsync(await opening), []);
  }
});

const refusals: { because: string; chunks: string[]; status?: number; after?: "stay" }[] = [
  { because: "no answer within 60 ms", chunks: [], after: "stay" },
  { because: "no answer within 60 ms", chunks: ["data: subscribe,other,1\n\n"], after: "stay" },
  { because: "the connection ended", chunks: [] },
  { because: "it answered 503", chunks: ["oops"], status: 503 },
  { because: "it answered 400", chunks: ['{"error":"ERR max requests limit"}'], status: 400 },
];
for (const { because, chunks, status, after } of refusals) {
  Deno.test(`subscribe() says that Redis is away: ${because}, after ${chunks}`, async () => {
    await using parts = scripted(chunks, { status, after, timeoutMs: 60 });
    await assert.rejects(parts.redis.subscribe("c", staying()), (error) => {
      assert.ok(error instanceof RedisUnavailableError);
      assert.equal(error.message, `Cannot run SUBSCRIBE: ${because}`);
      return true;
    });
  });
}

Deno.test("five that fail open the breaker, and then nothing is sent", async () => {
  await using parts = scripted(["oops"], { status: 503 });
  for (let times = 0; times < 5; times++) {
    await assert.rejects(parts.redis.subscribe("c", staying()), RedisUnavailableError);
  }
  await assert.rejects(parts.redis.subscribe("c", staying()), CircuitOpenError);
  assert.equal(parts.tally.commands, 5);
});

Deno.test("a reader that falls behind by more than a million characters is cut off", async () => {
  const message = `data: message,c,${"x".repeat(50_000)}\n\n`;
  await using parts = scripted(["data: subscribe,c,1\n\n", ...Array(40).fill(message)], {
    after: "stay",
  });
  const heard = await parts.redis.subscribe("c", staying());
  while (parts.left() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(await Array.fromAsync(heard), [], "what it missed is to be read elsewhere");
});

Deno.test("a line without an end is not waited for beyond a million characters", async () => {
  const line = "x".repeat(100_000);
  await using parts = scripted(["data: subscribe,c,1\n\n", ...Array(12).fill(line)], {
    after: "stay",
  });
  const heard = await parts.redis.subscribe("c", staying());
  assert.deepEqual(await Array.fromAsync(heard), []);
});
