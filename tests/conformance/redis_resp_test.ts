import assert from "node:assert/strict";
import type { Engine, Reply } from "../../dev/redis/engines/engine.ts";
import { createRespEngine } from "../../dev/redis/engines/resp.ts";
import { RedisUnreachableError } from "../../dev/redis/engines/resp_connection.ts";
import { commandOf, encodeCommands, ReplyParser } from "../../dev/redis/engines/resp_protocol.ts";
import { long } from "../support/long.ts";
import { startRedisServer } from "../support/redis_server.ts";

const encoder = new TextEncoder();
const bulk = (text: string): Reply => ({ type: "bulk", bytes: encoder.encode(text) });

const wire = "+OK\r\n:9223372036854775807\r\n$-1\r\n*-1\r\n*0\r\n-ERR no\r\n" +
  "*3\r\n$4\r\na\r\nb\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n+x\r\n$2\r\nhi\r\n";
const parsed: Reply[] = [
  { type: "status", text: "OK" },
  { type: "integer", value: 9223372036854775807n },
  { type: "bulk", bytes: null },
  { type: "array", items: null },
  { type: "array", items: [] },
  { type: "error", message: "ERR no" },
  {
    type: "array",
    items: [
      bulk("a\r\nb"),
      {
        type: "array",
        items: [{ type: "integer", value: 1n }, { type: "array", items: [bulk("")] }],
      },
      { type: "status", text: "x" },
    ],
  },
  bulk("hi"),
];

for (const size of [1, 2, 3, 7, 1_000]) {
  Deno.test(`replies are read whole from chunks of ${size} bytes`, () => {
    const bytes = encoder.encode(wire);
    const parser = new ReplyParser();
    const replies: Reply[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      replies.push(...parser.feed(bytes.slice(at, at + size)));
    }
    // Views of one buffer and plain arrays hold the same bytes but are not deeply equal.
    assert.deepEqual(replies.map(plain), parsed.map(plain));
  });
}

Deno.test("bytes that are no RESP2 are refused", () => {
  assert.throws(() => new ReplyParser().feed(encoder.encode("HTTP/1.1 200 OK\r\n")), /RESP2/);
});

for (const url of ["http://localhost", "localhost:6379", "redis://localhost/first"]) {
  Deno.test(`createRespEngine() refuses ${url}`, async () => {
    await assert.rejects(async () => await createRespEngine(url), TypeError);
  });
}

Deno.test("a server that is not there shows as the command's error, without its password", async () => {
  const engine = await createRespEngine("redis://:secret@127.0.0.1:1");
  await assert.rejects(run(engine, "PING"), (error) => {
    assert.ok(error instanceof RedisUnreachableError);
    assert.match(error.message, /^Cannot reach Redis at 127\.0\.0\.1:1: /);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  await engine.close();
});

Deno.test("a command whose reply is lost rejects, is not sent again, and the next one goes on", async () => {
  const server = fakeServer();
  const engine = await createRespEngine(server.url);
  const lost = assert.rejects(run(engine, "INCR", "n"), /went away before it answered/);
  const first = await server.accept();
  assert.equal(await first.read(), "INCR n");
  first.close();
  await lost;

  const answered = run(engine, "GET", "n");
  const second = await server.accept();
  assert.equal(await second.read(), "GET n");
  await second.write("$1\r\n1\r\n");
  assert.deepEqual(plain(await answered), "1");
  await engine.close();
  server.close();
});

Deno.test("a slow server: commands wait in line, and each gets its own reply", async () => {
  const server = fakeServer();
  const engine = await createRespEngine(server.url);
  const replies = ["a", "b", "c"].map((key) => run(engine, "GET", key));
  const peer = await server.accept();
  assert.equal(await peer.read(), "GET a GET b GET c");
  for (const part of ["$2\r", "\nA", "1\r\n$", "-1\r\n$2\r\nC", "3\r\n"]) await peer.write(part);
  assert.deepEqual((await Promise.all(replies)).map(plain), ["A1", null, "C3"]);
  await engine.close();
  server.close();
});

Deno.test({
  ...long("a server that restarts is found again", "redis-server"),
  fn: async () => {
    await using before = await startRedisServer();
    const engine = await createRespEngine(before.url);
    assert.equal(plain(await run(engine, "INCR", "n")), 1n);
    await before.stop();
    await assert.rejects(run(engine, "INCR", "n"), RedisUnreachableError);
    await using _after = await startRedisServer({ port: before.port });
    assert.equal(plain(await run(engine, "INCR", "n")), 1n);
    await engine.close();
  },
});

Deno.test({
  ...long("a password and a database are taken from the URL", "redis-server"),
  fn: async () => {
    await using server = await startRedisServer({ password: "s3cret" });
    const engine = await createRespEngine(`${server.url}/3`);
    await run(engine, "SET", "k", "v");
    assert.match(String(plain(await run(engine, "INFO", "keyspace"))), /db3:keys=1/);
    const wrong = await createRespEngine(server.url.replace("s3cret", "guess"));
    await assert.rejects(run(wrong, "PING"), /refused the login: WRONGPASS/);
    await engine.close();
  },
});

Deno.test({
  ...long("a subscriber is told when the server goes away", "redis-server"),
  fn: async () => {
    await using server = await startRedisServer();
    const engine = await createRespEngine(server.url);
    const ended = Promise.withResolvers<void>();
    await engine.subscribe("channel", "news", () => {}, ended.resolve);
    await server.stop();
    await ended.promise;
    await engine.close();
  },
});

async function run(engine: Engine, ...words: string[]): Promise<Reply> {
  return (await engine.run(commandOf(...words))).reply;
}

function plain(reply: Reply): unknown {
  switch (reply.type) {
    case "status":
      return `+${reply.text}`;
    case "error":
      return `-${reply.message}`;
    case "integer":
      return reply.value;
    case "bulk":
      return reply.bytes && new TextDecoder().decode(reply.bytes);
    case "array":
      return reply.items && reply.items.map(plain);
  }
}

/** A server whose every step the test takes itself. */
function fakeServer() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return {
    url: `redis://127.0.0.1:${listener.addr.port}`,
    close: () => listener.close(),
    accept: async () => {
      const peer = await listener.accept();
      const chunk = new Uint8Array(1_000);
      return {
        close: () => peer.close(),
        read: async () => {
          const text = new TextDecoder().decode(chunk.subarray(0, await peer.read(chunk) ?? 0));
          return text.split("\r\n").filter((line) => /^[^*$]/.test(line)).join(" ");
        },
        write: async (text: string) => void await peer.write(encoder.encode(text)),
      };
    },
  };
}

Deno.test("commands are encoded with the length of their bytes, not of their characters", () => {
  const text = new TextDecoder().decode(encodeCommands([commandOf("SET", "k", "é")]));
  assert.equal(text, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\né\r\n");
});
