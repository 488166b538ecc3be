/**
 * The embedded engine: what was mended in it, and that time is the clock's.
 *
 * @module
 */
import assert from "node:assert/strict";
import { RedisServerState } from "js-redis-server/core";
import { installClock, VirtualClock } from "../../../dev/clock.ts";
import {
  createEmbeddedEngine,
  type EmbeddedEngineOptions,
} from "../../../dev/redis/engines/embedded.ts";
import { missingMembers, removeCopies } from "../../../dev/redis/engines/embedded_patch.ts";
import type { Engine, Reply } from "../../../dev/redis/engines/engine.ts";
import { withRest } from "./rest.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const words = (command: string) => command.split(" ").map((word) => encoder.encode(word));

function plain(reply: Reply): unknown {
  switch (reply.type) {
    case "status":
      return reply.text;
    case "integer":
      return Number(reply.value);
    case "bulk":
      return reply.bytes && decoder.decode(reply.bytes);
    case "array":
      return reply.items && reply.items.map(plain);
    case "error":
      return `!${reply.message}`;
  }
}

async function withEngine(
  test: (run: (command: string) => Promise<unknown>, engine: Engine) => Promise<void>,
  options?: EmbeddedEngineOptions,
) {
  const engine = await createEmbeddedEngine(options);
  try {
    await test(async (command) => plain((await engine.run(words(command))).reply), engine);
  } finally {
    await engine.close();
  }
}

Deno.test("js-redis-server still has the private members that are replaced", () => {
  const state = new RedisServerState({ activeExpiryIntervalMs: false });
  assert.deepEqual(missingMembers(state), []);
  state.close();
});

Deno.test("a js-redis-server without one of them is refused by name", () => {
  const state = new RedisServerState({ activeExpiryIntervalMs: false });
  const database = state.databases[0] as unknown as { keyspace: Record<string, unknown> };
  database.keyspace.entriesSnapshot = undefined;
  assert.deepEqual(missingMembers(state), ["keyspace.entriesSnapshot"]);
  assert.throws(() => removeCopies(state), /it lacks keyspace\.entriesSnapshot$/);
  state.close();
});

Deno.test("reading a large collection does not copy it", () => {
  const state = new RedisServerState({ activeExpiryIntervalMs: false });
  removeCopies(state);
  const [database] = state.databases;
  const key = Buffer.from("h");
  database.updateHash(key, (hash) => hash.setField(Buffer.from("f"), Buffer.from("v")));
  assert.equal(database.getHash(key), database.getHash(key));
  state.close();
});

Deno.test("a reply that was given does not change with the string it came from", () =>
  withEngine(async (run, engine) => {
    await run("SET k abc");
    const { reply } = await engine.run(words("GET k"));
    await run("SETRANGE k 0 xyz");
    await run("SETBIT k 0 1");
    assert.equal(plain(reply), "abc");
  }));

const mended: [name: string, commands: string[], last: unknown][] = [
  ["ECHO", ["ECHO hi"], "hi"],
  ["MEMORY USAGE of nothing", ["MEMORY USAGE k"], null],
  ["MEMORY USAGE of a key", ["SET k abc", "MEMORY USAGE k SAMPLES 5"], 60],
  ["MEMORY USAGE with other words", ["SET k abc", "MEMORY USAGE k FOO 5"], "!ERR syntax error"],
  ["HEXPIRETIME", [
    "HSET h a 1 b 2",
    "HEXPIREAT h 4102444800 FIELDS 1 a",
    "HEXPIRETIME h FIELDS 3 a b c",
  ], [
    4102444800,
    -1,
    -2,
  ]],
  [
    "HPEXPIRETIME",
    ["HSET h a 1", "HEXPIREAT h 4102444800 FIELDS 1 a", "HPEXPIRETIME h FIELDS 1 a"],
    [
      4102444800000,
    ],
  ],
  ["HEXPIRETIME of nothing", ["HEXPIRETIME h FIELDS 2 a b"], [-2, -2]],
  [
    "HEXPIRETIME without FIELDS",
    ["HEXPIRETIME h a"],
    "!ERR wrong number of arguments for 'hexpiretime' command",
  ],
  ["XADD with an exact length", [
    "XADD s MAXLEN = 1 1-0 a 1",
    "XADD s MAXLEN = 1 2-0 a 2",
    "XLEN s",
  ], 1],
  ["XTRIM with an exact length", ["XADD s 1-0 a 1", "XADD s 2-0 a 2", "XTRIM s MAXLEN = 1"], 1],
  ["XTRIM with an exact id", ["XADD s 1-0 a 1", "XADD s 2-0 a 2", "XTRIM s MINID = 2-0"], 1],
  ["XADD with = as a field", ["XADD s 1-0 = 1", "XRANGE s - +"], [["1-0", ["=", "1"]]]],
  ["BITOP DIFF", ["MSET a abc b ab", "BITOP DIFF d a b", "BITOP OR d d e", "GET d"], "\0\0c"],
  ["BITOP DIFF1", ["MSET a ab b abc c abcd", "BITOP DIFF1 d a b c", "GET d"], "\0\0cd"],
  ["BITOP ANDOR", ["MSET a abcz b ab c xxc", "BITOP ANDOR d a b c", "GET d"], "abc\0"],
  ["BITOP ONE", ["MSET a abc b ab c bc", "BITOP ONE d a b c", "GET d"], "\x02\x01c"],
  ["BITOP ONE of one", ["MSET a abc", "BITOP one d a", "GET d"], "abc"],
  ["BITOP ONE of nothing", ["SET d x", "BITOP ONE d none", "EXISTS d"], 0],
  [
    "BITOP DIFF of one",
    ["BITOP DIFF d a"],
    "!ERR BITOP DIFF must be called with at least two source keys.",
  ],
  [
    "BITOP DIFF of a list",
    ["RPUSH a x", "BITOP DIFF d a b"],
    "!WRONGTYPE Operation against a key holding the wrong kind of value",
  ],
  ["BITFIELD SET of a negative number", [
    "BITFIELD k OVERFLOW SAT SET u8 0 -1 OVERFLOW FAIL SET u8 8 -1",
    "BITFIELD k GET u8 0 GET u8 8 GET i8 0",
  ], [255, 0, -1]],
  ["SUNIONSTORE over a list", ["RPUSH d x", "SADD a m", "SUNIONSTORE d a", "SMEMBERS d"], ["m"]],
  ["ZUNIONSTORE over a string", ["SET d x", "ZADD a 1 m", "ZUNIONSTORE d 1 a", "ZCARD d"], 1],
  ["SUNIONSTORE of a list, over a string", [
    "SET d x EXAT 4102444800",
    "RPUSH a x",
    "SUNIONSTORE d a",
    "EXPIRETIME d",
  ], 4102444800],
  ["SUNIONSTORE of a list, over itself", ["RPUSH d x", "SUNIONSTORE d d", "LLEN d"], 1],
  ["XADD with = after a field called MAXLEN", ["XADD s 1-0 MAXLEN =", "XLEN s"], 1],
];
for (const [name, commands, last] of mended) {
  Deno.test(`${name} answers as Redis does`, () =>
    withEngine(async (run) => {
      let found: unknown;
      for (const command of commands) found = await run(command);
      assert.deepEqual(found, last);
    }));
}

Deno.test("what the engine throws by mistake is an error reply, alone, in a script and in a transaction", () =>
  withEngine(async (run, engine) => {
    const failed = /the embedded engine failed: /;
    await run("ZADD g inf a");
    assert.match(String(await run("GEOHASH g a")), failed);
    const script = encoder.encode("return redis.pcall('GEOHASH', 'g', 'a').err");
    const { reply } = await engine.run([encoder.encode("EVAL"), script, encoder.encode("0")]);
    assert.match(String(plain(reply)), failed);
    const executed = await engine.transaction([words("PING"), words("GEOHASH g a"), words("PING")]);
    assert.ok(!("discarded" in executed));
    const [before, failure, after] = executed.map(({ reply }) => plain(reply));
    assert.deepEqual([before, after], ["PONG", "PONG"]);
    assert.match(String(failure), failed);
  }));

Deno.test("an endless script that makes calls ends, and others are answered", () =>
  withEngine(async (run, engine) => {
    const script = encoder.encode("while true do redis.call('INCR', 'n') end");
    const [endless, other] = await Promise.all([
      engine.run([encoder.encode("EVAL"), script, encoder.encode("0")]),
      run("PING"),
    ]);
    assert.match(String(plain(endless.reply)), /^!ERR the script made calls for 20 ms/);
    assert.equal(other, "PONG");
    // On a busy machine the time may be up before the first.
    const counted = await run("GET n") ?? 0;
    assert.equal(String(counted), String(endless.inner.length), "all that ran is counted");
  }, { longestScriptMs: 20 }));

Deno.test("the names of a script's calls come with its reply, also in a transaction", () =>
  withEngine(async (_run, engine) => {
    const script = encoder.encode(
      "redis.call('SET', 'k', 1) redis.pcall('LPUSH', 'k', 1) return redis.call('XGROUP', 'CREATE', 's', 'g', '0', 'MKSTREAM')",
    );
    const command = [encoder.encode("EVAL"), script, encoder.encode("0")];
    const expected = ["SET", "LPUSH", "XGROUP CREATE"];
    assert.deepEqual((await engine.run(command)).inner, expected);
    const executed = await engine.transaction([words("GET k"), command, words("GET k")]);
    assert.ok(!("discarded" in executed));
    assert.deepEqual(executed.map(({ inner }) => inner), [[], expected, []]);
  }));

Deno.test("commands that change a connection are refused, since all callers share one", () =>
  withEngine(async (run) => {
    assert.match(String(await run("MULTI")), /^!ERR MULTI changes a connection/);
    assert.match(String(await run("SUBSCRIBE c")), /^!ERR SUBSCRIBE changes a connection/);
    assert.equal(await run("PING"), "PONG");
  }));

Deno.test("keys, fields and TIME follow the clock", async () => {
  const clock = new VirtualClock(Date.UTC(2030, 0, 1));
  const uninstall = installClock(clock);
  try {
    await withRest(async ({ run }) => {
      await run("SET", "k", "v", "EX", 60);
      await run("HSET", "h", "a", 1, "b", 2);
      await run("HEXPIRE", "h", 30, "FIELDS", 1, "a");
      assert.deepEqual(await run("TIME"), [String(Date.UTC(2030, 0, 1) / 1000), "0"]);
      assert.equal(await run("EVAL", "return redis.call('TIME')[1]", 0), "1893456000");
      await clock.advance(29_000);
      assert.equal(await run("TTL", "k"), 31);
      assert.deepEqual(await run("HTTL", "h", "FIELDS", 2, "a", "b"), [1, -1]);
      await clock.advance(1_000);
      assert.deepEqual(await run("HGETALL", "h"), ["b", "2"]);
      await clock.advance(29_999);
      assert.equal(await run("GET", "k"), "v");
      await clock.advance(1);
      assert.equal(await run("GET", "k"), null);
      assert.equal(await run("DBSIZE"), 1);
      assert.equal(await run("XADD", "s", "*", "a", 1), `${clock.now()}-0`);
    }, { clock });
  } finally {
    uninstall();
  }
});
