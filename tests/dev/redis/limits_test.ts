/**
 * Upstash's limits: on a request, a reply, a key, a record, all data, a month, a consumer.
 *
 * @module
 */
import assert from "node:assert/strict";
import { VirtualClock } from "../../../dev/clock.ts";
import { withRest } from "./rest.ts";

const long = (bytes: number) => "x".repeat(bytes);

Deno.test("a command over the request limit answers 413, one at the limit 200", () =>
  withRest(async ({ post, server }) => {
    const { status, body } = await post("/", ["SET", "k", long(1_000)]);
    assert.equal(status, 413);
    assert.deepEqual(body, {
      error: "ERR max request size exceeded. Limit: 1000, Actual: 1004",
    });
    assert.equal(server.meter.snapshot().commands, 0);
    assert.equal((await post("/", ["SET", "k", long(996)])).status, 200);
  }, { limits: { requestBytes: 1_000 } }));

Deno.test("the limit is one command's: a pipeline of many small ones may be larger", () =>
  withRest(async ({ post }) => {
    const small = Array.from({ length: 5 }, (_, n) => ["SET", `k${n}`, long(500)]);
    const { status, body } = await post("/pipeline", [...small, ["SET", "big", long(1_000)]]);
    assert.equal(status, 200);
    assert.deepEqual(body, [
      ...small.map(() => ({ result: "OK" })),
      { error: "ERR max request size exceeded. Limit: 1000, Actual: 1006" },
    ]);
  }, { limits: { requestBytes: 1_000 } }));

Deno.test("a reply over the limit is an error with status 200", () =>
  withRest(async ({ post }) => {
    for (let n = 0; n < 3; n++) await post("/", ["RPUSH", "l", long(500)]);
    const error = "ERR max request size exceeded. Limit: 1000, Actual: 1500";
    const single = await post("/", ["LRANGE", "l", 0, -1]);
    assert.deepEqual([single.status, single.body], [200, { error }]);
    const many = await post("/pipeline", [["LRANGE", "l", 0, 1], ["LRANGE", "l", 0, -1]]);
    assert.deepEqual(many.body, [{ result: [long(500), long(500)] }, { error }]);
  }, { limits: { requestBytes: 1_000 } }));

Deno.test("a transaction with a command over the limit is discarded", () =>
  withRest(async ({ post, run }) => {
    const { status, body } = await post("/multi-exec", [["SET", "a", 1], [
      "SET",
      "k",
      long(1_000),
    ]]);
    assert.equal(status, 400);
    assert.match((body as { error: string }).error, /^ERR max request size exceeded/);
    assert.equal(await run("EXISTS", "a"), 0);
  }, { limits: { requestBytes: 1_000 } }));

Deno.test("a key's name may be 32 KB long, no longer", () =>
  withRest(async ({ run }) => {
    assert.equal(await run("SET", long(32_768), 1), "OK");
    assert.match(String(await run("SET", long(32_769), 1)), /^!ERR max key size exceeded/);
    assert.match(String(await run("MGET", "a", long(32_769))), /^!ERR max key size exceeded/);
  }));

Deno.test("a record grows to its limit, and may be written anew", () =>
  withRest(async ({ run }) => {
    for (let n = 0; n < 4; n++) assert.equal(await run("RPUSH", "l", long(200)), n + 1);
    assert.match(
      String(await run("RPUSH", "l", long(200))),
      /^!ERR max single record size exceeded\. Limit: 1000, Actual: \d+/,
    );
    assert.equal(await run("LLEN", "l"), 4);
    await run("LTRIM", "l", 0, 0);
    assert.equal(await run("RPUSH", "l", long(200)), 2);
    for (let n = 0; n < 9; n++) assert.equal(await run("SET", "s", long(500)), "OK");
    assert.match(String(await run("APPEND", "s", long(600))), /^!ERR max single record size/);
  }, { limits: { recordBytes: 1_000 } }));

Deno.test("writes end when all data is full, and go on when there is room again", () =>
  withRest(async ({ run, server }) => {
    let written = 0;
    while (await run("SET", `k${written}`, long(1_000)) === "OK") written++;
    assert.ok(written >= 8 && written <= 9, `${written} of 1,000 bytes fit into 10,000`);
    const before = server.meter.snapshot().writes;
    assert.match(String(await run("SET", "more", long(1_000))), /^!ERR DB capacity quota exceeded/);
    assert.equal(server.meter.snapshot().writes, before);
    assert.equal(await run("GET", "k0"), long(1_000), "reads go on");
    assert.equal(await run("DEL", "k0", "k1"), 2);
    assert.equal(await run("SET", "more", long(1_000)), "OK");
  }, { limits: { dataBytes: 10_000 } }));

Deno.test("a month's commands end with the quota error, and come back with the next month", async () => {
  const clock = new VirtualClock(Date.UTC(2030, 0, 31, 23));
  await withRest(async ({ post, run, server }) => {
    const error = "ERR max requests limit exceeded. Limit: 3, Usage: 3. " +
      "See https://upstash.com/docs/redis/troubleshooting/max_requests_limit for details";
    assert.equal(await run("SET", "k", 1), "OK");
    const pipeline = await post("/pipeline", [["GET", "k"], ["GET", "k"], ["GET", "k"]]);
    assert.deepEqual(pipeline.body, [{ result: "1" }, { result: "1" }, { error }]);
    const single = await post("/", ["GET", "k"]);
    assert.deepEqual([single.status, single.body], [400, { error }]);
    assert.deepEqual((await post("/multi-exec", [["GET", "k"]])).body, { error });
    assert.equal(await run("PING"), "PONG", "what is free goes on");
    server.meter.reset();
    assert.equal(await run("GET", "k"), `!${error}`, "the meter's reset is not the month's");
    await clock.advance(3_600_000);
    assert.equal(await run("GET", "k"), "1");
  }, { clock, limits: { monthlyCommands: 3 } });
});

Deno.test("a consumer with a full pending list is refused until it acknowledges", () =>
  withRest(async ({ run }) => {
    await run("XGROUP", "CREATE", "s", "g", 0, "MKSTREAM");
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push(await run("XADD", "s", `${n + 1}-0`, "n", n) as string);
    const read = (consumer: string) =>
      run("XREADGROUP", "GROUP", "g", consumer, "COUNT", 5, "STREAMS", "s", ">");
    assert.ok(Array.isArray(await read("c")));
    assert.match(String(await read("c")), /^!ERR XReadGroup is cancelled/);
    assert.ok(Array.isArray(await read("other")), "another consumer reads on");
    await run("XACK", "s", "g", ids[0]);
    assert.equal(await read("c"), null);
  }, { limits: { pendingEntries: 5 } }));
