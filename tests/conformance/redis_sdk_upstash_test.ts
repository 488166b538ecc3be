/**
 * Where Upstash answers otherwise than Redis does: the same on both engines, by the vendor's SDK.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Redis } from "@upstash/redis";
import { onEachEngine, type SdkCall, testOnEachEngine } from "./redis_gateway.ts";

const copies: SdkCall[] = [
  ["a key onto itself is not copied", async (redis, key) => {
    await redis.set(key, "v");
    return [await redis.copy(key, key), await redis.copy(key, key, { replace: true })];
  }, ["NOT_COPIED", "NOT_COPIED"]],
  ["there is one database", async (redis, key) => {
    await redis.set(key, "v");
    return [
      await raw(redis, "COPY", key, `${key}2`, "DB", "0"),
      await raw(redis, "COPY", key, `${key}3`, "DB", "1").catch(messageOf),
      await redis.get(`${key}2`),
    ];
  }, [1, "ERR DB index is out of range", "v"]],
];
onEachEngine("copy", copies);

const trims: SdkCall[] = [
  ["XTRIM with ~ keeps as many as it was told", async (redis, key) => {
    const adding = redis.pipeline();
    for (let n = 0; n < 150; n++) adding.xadd(key, "*", { n });
    await adding.exec();
    const trimmed = await redis.xtrim(key, { strategy: "MAXLEN", threshold: 30, exactness: "~" });
    return [trimmed, await redis.xlen(key)];
  }, [120, 30]],
  ["so does XADD", async (redis, key) => {
    for (let n = 0; n < 40; n++) {
      await redis.xadd(key, "*", { n }, {
        trim: { type: "MAXLEN", threshold: 5, comparison: "~" },
      });
    }
    return await redis.xlen(key);
  }, 5],
  ["a LIMIT is taken with it", async (redis, key) => {
    await redis.xadd(key, "*", { a: 1 });
    return await redis.xtrim(key, {
      strategy: "MAXLEN",
      threshold: 5,
      exactness: "~",
      limit: 10,
    });
  }, 0],
];
onEachEngine("trims", trims);

async function readers(redis: Redis, key: string): Promise<unknown[]> {
  const consumers = await raw(redis, "XINFO", "CONSUMERS", key, "g") as unknown[][];
  return consumers.map((each) => [each[1], each[3]]);
}

const noAck: SdkCall[] = [
  ["who reads by NOACK is not known by it, and owes nothing", async (redis, key) => {
    await redis.xadd(key, "1-1", { a: 1 });
    await redis.xgroup(key, { type: "CREATE", group: "g", id: "0" });
    const read = await redis.xreadgroup("g", "c", key, ">", { NOACK: true }) as unknown[];
    return [read.length, await readers(redis, key)];
  }, [1, []]],
  ["nor in a transaction", async (redis, key) => {
    await redis.xadd(key, "1-1", { a: 1 });
    await redis.xgroup(key, { type: "CREATE", group: "g", id: "0" });
    const read = redis.multi().xreadgroup("g", "c", key, ">", { NOACK: true }).xlen(key);
    return [(await read.exec())[1], await readers(redis, key)];
  }, [1, []]],
  ["who was known stays known, with what is pending", async (redis, key) => {
    for (const id of ["1-1", "2-1"]) await redis.xadd(key, id, { a: 1 });
    await redis.xgroup(key, { type: "CREATE", group: "g", id: "0" });
    await redis.xreadgroup("g", "c", key, ">", { count: 1 });
    await redis.xreadgroup("g", "c", key, ">", { NOACK: true });
    return await readers(redis, key);
  }, [["c", 1]]],
  ["a group that is not there is an error as ever", async (redis, key) => {
    await redis.xadd(key, "1-1", { a: 1 });
    return (await redis.xreadgroup("none", "c", key, ">", { NOACK: true }).catch(
      messageOf,
    ) as string)
      .split(" ")[0];
  }, "NOGROUP"],
];
onEachEngine("NOACK", noAck);

const library = (name: string) =>
  `#!lua name=${name}
local function get(keys) return redis.call('GET', keys[1]) end
redis.register_function('${name}_get', get)
redis.register_function{
  function_name = '${name}_set', description = 'writes ' .. 'a key',
  callback = function(keys, args) return redis.call('SET', keys[1], args[1]) end
}
redis.register_function{ function_name = '${name}_flagged', callback = get, flags = { 'no-writes' } }
`;

const functions: SdkCall[] = [
  ["FUNCTION LIST tells the description of each function", async (redis) => {
    await redis.functions.load({ code: library("told"), replace: true });
    const [listed] = await redis.functions.list({ libraryName: "told" });
    return listed.functions.map(({ name, description, flags }) => [name, description, flags])
      .sort();
  }, [
    ["told_flagged", undefined, ["no-writes"]],
    ["told_get", undefined, []],
    ["told_set", "writes a key", []],
  ]],
  ["a pattern finds libraries, in any case", async (redis) => {
    await redis.functions.load({ code: library("found_a"), replace: true });
    await redis.functions.load({ code: library("found_b"), replace: true });
    const listed = await redis.functions.list({ libraryName: "FOUND_*" });
    return listed.map(({ libraryName }) => libraryName).sort();
  }, ["found_a", "found_b"]],
  ["FCALL_RO calls what only reads, flagged or not", async (redis, key) => {
    await redis.functions.load({ code: library("reads"), replace: true });
    await redis.set(key, "v");
    return [
      await redis.functions.callRo("reads_get", [key]),
      await redis.functions.callRo("reads_flagged", [key]),
      (await redis.multi().get(key).exec())[0],
    ];
  }, ["v", "v", "v"]],
  ["FCALL_RO refuses what writes, and nothing is written", async (redis, key) => {
    await redis.functions.load({ code: library("writes"), replace: true });
    const said = await redis.functions.callRo("writes_set", [key], ["x"]).catch(messageOf);
    return [/Write commands are not allowed/.test(String(said)), await redis.get(key)];
  }, [true, null]],
  ["what it takes to do so is nowhere to be seen", async (redis, key) => {
    await redis.functions.load({ code: library("seen"), replace: true });
    await redis.functions.callRo("seen_get", [key]);
    const said = await redis.functions.callRo("seen_set", [key], ["x"]).catch(messageOf);
    const listed = await redis.functions.list();
    return [
      listed.some(({ libraryName }) => libraryName.startsWith("zeropoll")),
      String(said).includes("zeropoll"),
      await redis.functions.callRo("no_such", [key]).catch(messageOf),
    ];
  }, [false, false, "ERR Function not found"]],
];
onEachEngine("functions", functions);

const floats: SdkCall[] = [
  ["0.1 and 0.2 are 0.3", async (redis, key) => [
    await redis.incrbyfloat(key, 0.1),
    await redis.incrbyfloat(key, 0.2),
    await redis.hincrbyfloat(`${key}:h`, "f", 0.1),
    await redis.hincrbyfloat(`${key}:h`, "f", 0.2),
  ], [0.1, 0.3, 0.1, 0.3]],
];
onEachEngine("floats", floats);

testOnEachEngine(
  "the sync token moves with each write, and with nothing else",
  async ({ url, token }) => {
    const after = async (path: string, body: unknown) => {
      const answer = await fetch(url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
      await answer.body?.cancel();
      return answer.headers.get("upstash-sync-token");
    };
    const seen = new Set<string | null>();
    const writes: [path: string, body: unknown][] = [
      ["/", ["SET", "sync", "1"]],
      ["/", ["SET", "sync", "1"]],
      ["/pipeline", [["GET", "sync"], ["INCR", "sync"]]],
      ["/multi-exec", [["INCR", "sync"], ["GET", "sync"]]],
      ["/", ["EVAL", "return redis.call('INCR', KEYS[1])", "1", "sync"]],
      ["/multi-exec", [["EVAL", "return redis.call('INCR', KEYS[1])", "1", "sync"]]],
      ["/", ["FUNCTION", "LOAD", "REPLACE", library("synced")]],
      ["/", ["FCALL", "synced_set", "1", "sync", "2"]],
      ["/", ["FUNCTION", "DELETE", "synced"]],
      ["/", ["DEL", "sync"]],
    ];
    for (const [path, body] of writes) {
      const moved = await after(path, body);
      assert.ok(moved && !seen.has(moved), JSON.stringify(body));
      seen.add(moved);
      assert.equal(await after("/", ["GET", "sync"]), moved);
      assert.equal(
        await after("/", ["EVAL", "return redis.call('GET', KEYS[1])", "1", "sync"]),
        moved,
      );
      assert.equal(await after("/", ["SCRIPT", "LOAD", "return 1"]), moved);
    }
  },
);

function raw(redis: Redis, ...command: string[]): Promise<unknown> {
  const { client } = redis as unknown as {
    client: { request(call: { body: string[] }): Promise<{ result: unknown; error?: string }> };
  };
  return client.request({ body: command }).then(({ result }) => result);
}

function messageOf(error: unknown): string {
  const { message } = error as Error;
  return message.replace(/^Command failed: /, "").replace(/, command was: .*$/s, "");
}
