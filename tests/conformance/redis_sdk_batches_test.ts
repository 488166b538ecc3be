import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";
import { onEachEngine, type SdkCall, testOnEachEngine } from "./redis_gateway.ts";

const calls: SdkCall[] = [
  ["a pipeline answers in order", async (redis, key) => {
    const pipeline = redis.pipeline();
    pipeline.set(key, { a: 1 });
    pipeline.get(key);
    pipeline.hgetall(`${key}:none`);
    pipeline.incr(`${key}:n`);
    return await pipeline.exec();
  }, ["OK", { a: 1 }, null, 1]],
  ["a pipeline keeps its errors in their place", async (redis, key) => {
    const pipeline = redis.pipeline();
    pipeline.set(key, "v");
    pipeline.lpush(key, "x");
    pipeline.get(key);
    const items = await pipeline.exec({ keepErrors: true }) as {
      error?: string;
      result?: unknown;
    }[];
    return items.map(({ error, result }) => error?.split(" ")[0] ?? result);
  }, ["OK", "WRONGTYPE", "v"]],
  ["a pipeline of 500 commands", async (redis, key) => {
    const pipeline = redis.pipeline();
    for (let index = 0; index < 500; index++) pipeline.incr(key);
    return (await pipeline.exec<number[]>()).at(-1);
  }, 500],
  ["an OK inside an array is a value like any other", async (redis, key) => {
    await redis.rpush(key, "OK", "ok");
    return await redis.lrange(key, 0, -1);
  }, ["OK", "ok"]],
  ["a transaction runs as one", async (redis, key) => {
    const transaction = redis.multi();
    transaction.set(key, 1);
    transaction.incrby(key, 5);
    transaction.rpush(`${key}:list`, "a", "b");
    transaction.lrange(`${key}:list`, 0, -1);
    return await transaction.exec();
  }, ["OK", 6, 2, ["a", "b"]]],
  ["a transaction goes on after an error at run time", async (redis, key) => {
    const transaction = redis.multi();
    transaction.set(key, "v");
    transaction.incr(key);
    transaction.set(`${key}:2`, "w");
    const failed = await transaction.exec().then(() => false, () => true);
    return [failed, await redis.mget(key, `${key}:2`)];
  }, [true, ["v", "w"]]],
  ["a transaction with a command that is not there does nothing", async (redis, key) => {
    const transaction = redis.multi();
    transaction.set(key, "v");
    // The SDK has no such command, so it is put where its commands are.
    (transaction as unknown as { commands: { command: string[] }[] }).commands.push({
      command: ["NOSUCH", key],
    });
    const failed = await transaction.exec().then(() => false, () => true);
    return [failed, await redis.exists(key)];
  }, [true, 0]],
  ["a script in a transaction", async (redis, key) => {
    const transaction = redis.multi();
    transaction.set(key, 20);
    transaction.eval("return redis.call('incrby', KEYS[1], 22)", [key], []);
    return await transaction.exec();
  }, ["OK", 42]],
  ["calls of one tick travel together and keep their answers", async (redis, key) => {
    await redis.mset({ [`${key}a`]: "a", [`${key}b`]: "b" });
    return await Promise.all([
      redis.get(`${key}a`),
      redis.get(`${key}b`),
      redis.get(`${key}c`),
      redis.strlen(`${key}a`),
    ]);
  }, ["a", "b", null, 1]],
  ["the sync token changes with what is written", async (redis, key) => {
    await redis.set(key, 1);
    const first = redis.readYourWritesSyncToken;
    await redis.set(key, 2);
    const second = redis.readYourWritesSyncToken;
    return [Boolean(first), Boolean(second), first !== second];
  }, [true, true, true]],
];

onEachEngine("pipelines and transactions", calls);

testOnEachEngine("300 transactions at once never nest, and lose no update", async ({ redis }) => {
  const key = "batches:nesting";
  const replies = await Promise.all(Array.from({ length: 300 }, () => {
    const transaction = redis.multi();
    transaction.incr(key);
    transaction.incr(key);
    return transaction.exec<[number, number]>();
  }));
  assert.ok(replies.every(([first, second]) => second === first + 1));
  assert.equal(Number(await redis.get(key)), 600);
});

testOnEachEngine("a client without automatic pipelining gets the same answers", async (gateway) => {
  const redis = new Redis({
    url: gateway.url,
    token: gateway.token,
    enableAutoPipelining: false,
    enableTelemetry: false,
  });
  const answers = await Promise.all([redis.set("plain", "v"), redis.incr("plain:n")]);
  assert.deepEqual([...answers, await redis.get("plain")], ["OK", 1, "v"]);
});

testOnEachEngine("values stay as they were written without deserialization", async (gateway) => {
  const redis = new Redis({
    url: gateway.url,
    token: gateway.token,
    automaticDeserialization: false,
  });
  await redis.set("raw", "12345678901234567890");
  await redis.hset("raw:hash", { a: "1.0" });
  assert.equal(await redis.get("raw"), "12345678901234567890");
  assert.deepEqual(await redis.hgetall("raw:hash"), ["a", "1.0"]);
});

testOnEachEngine("without base64 encoding text comes back just the same", async (gateway) => {
  const { url, token } = gateway;
  const redis = new Redis({ url, token, responseEncoding: false });
  await redis.set("unencoded", "héllo ☃");
  await redis.rpush("unencoded:list", "OK", "b");
  assert.equal(await redis.get("unencoded"), "héllo ☃");
  assert.deepEqual(await redis.lrange("unencoded:list", 0, -1), ["OK", "b"]);
});

testOnEachEngine("the server's error reaches the caller in its own words", async ({ redis }) => {
  await redis.set("worded", "v");
  await assert.rejects(redis.lpush("worded", "x"), /WRONGTYPE Operation against a key/);
  await assert.rejects(redis.exec(["GET"]), /ERR wrong number of arguments for 'get' command/);
  await assert.rejects(redis.exec(["INCR", "worded"]), /ERR value is not an integer/);
});

for (
  const command of [
    ["BLPOP", "list", "0"],
    ["XREAD", "BLOCK", "0", "STREAMS", "s", "0"],
    ["OBJECT", "ENCODING", "k"],
    ["LCS", "a", "b"],
    ["SORT", "list"],
    ["MULTI"],
    ["WATCH", "k"],
    ["CLIENT", "KILL", "TYPE", "normal"],
    ["SELECT", "1"],
    ["SHUTDOWN"],
    ["CONFIG", "SET", "maxmemory", "1"],
    ["JSON.SET", "k", "$", "1"],
    ["SEARCH.QUERY", "index", "{}"],
    ["NOSUCH"],
  ] as [string, ...string[]][]
) {
  testOnEachEngine(`${command.join(" ")} is refused with an error`, async ({ redis }) => {
    await assert.rejects(redis.exec(command), { name: "UpstashError" });
    assert.equal(await redis.ping(), "PONG");
  });
}
