import type { Redis } from "@upstash/redis";
import { onEachEngine, type SdkCall } from "./redis_gateway.ts";

const calls: SdkCall[] = [
  ["xadd, xlen, xrange, xrevrange", async (redis, key) => [
    await redis.xadd(key, "1-1", { a: 1, b: "two" }),
    await redis.xadd(key, "2-0", { a: { deep: true } }),
    await redis.xlen(key),
    await redis.xrange(key, "-", "+"),
    await redis.xrange(key, "(1-1", "+", 1),
    Object.keys(await redis.xrevrange(key, "+", "-")),
  ], [
    "1-1",
    "2-0",
    2,
    { "1-1": { a: 1, b: "two" }, "2-0": { a: { deep: true } } },
    { "2-0": { a: { deep: true } } },
    ["2-0", "1-1"],
  ]],
  ["xadd makes ids that grow", async (redis, key) => {
    const ids = [await redis.xadd(key, "*", { a: 1 }), await redis.xadd(key, "*", { a: 1 })];
    return ids.every((id) => /^\d{13}-\d+$/.test(id)) && ids[0] !== ids[1];
  }, true],
  ["xadd refuses an id that does not grow", async (redis, key) => {
    await redis.xadd(key, "2-0", { a: 1 });
    return await failure(redis.xadd(key, "1-0", { a: 1 }));
  }, "ERR The ID specified in XADD is equal or smaller than the target stream top item"],
  ["xadd with a trim, and without making the stream", async (redis, key) => {
    for (let index = 1; index <= 5; index++) {
      await redis.xadd(key, `${index}-0`, { index }, {
        trim: { type: "MAXLEN", comparison: "=", threshold: 3 },
      });
    }
    const approximate = { type: "MAXLEN", comparison: "~", threshold: 1_000 } as const;
    await redis.xadd(key, "6-0", { index: 6 }, { trim: approximate });
    return [
      Object.keys(await redis.xrange(key, "-", "+")),
      await redis.xadd(`${key}:none`, "1-0", { a: 1 }, { nomkStream: true }),
    ];
  }, [["3-0", "4-0", "5-0", "6-0"], null]],
  ["xtrim and xdel", async (redis, key) => {
    await fill(redis, key, 5);
    return [
      await redis.xdel(key, "1-0"),
      await redis.xdel(key, ["2-0", "9-0"]),
      await redis.xtrim(key, { strategy: "MINID", exactness: "=", threshold: "4-0" }),
      await redis.xtrim(key, { strategy: "MAXLEN", exactness: "=", threshold: 1 }),
      Object.keys(await redis.xrange(key, "-", "+")),
    ];
  }, [1, 1, 1, 1, ["5-0"]]],
  ["xread of one and of several streams", async (redis, key) => {
    await fill(redis, `${key}a`, 2);
    await fill(redis, `${key}b`, 1);
    return [
      await redis.xread(`${key}a`, "1-0"),
      await redis.xread([`${key}a`, `${key}b`], ["0", "0"], { count: 1 }),
      await redis.xread(`${key}a`, "2-0"),
    ].map((reply) => JSON.stringify(reply).replaceAll(key, ""));
  }, [
    '[["a",[["2-0",["n",2]]]]]',
    '[["a",[["1-0",["n",1]]]],["b",[["1-0",["n",1]]]]]',
    "null",
  ]],
  ["a group reads, acknowledges, and lists what is pending", async (redis, key) => {
    await fill(redis, key, 3);
    const pending = await (async () => {
      await redis.xgroup(key, { type: "CREATE", group: "g", id: "0" });
      await redis.xreadgroup("g", "ann", key, ">", { count: 2 });
      return await redis.xpending(key, "g", "-", "+", 10) as [string, string, number, number][];
    })();
    return [
      pending.map(([id, consumer, , deliveries]) => [id, consumer, deliveries]),
      await redis.xack(key, "g", ["1-0", "2-0", "9-0"]),
      (await redis.xpending(key, "g", "-", "+", 10)).length,
      JSON.stringify(await redis.xreadgroup("g", "bob", key, ">")).replace(key, ""),
    ];
  }, [[["1-0", "ann", 1], ["2-0", "ann", 1]], 2, 0, '[["",[["3-0",["n",3]]]]]']],
  ["xclaim and xautoclaim move what is pending", async (redis, key) => {
    await fill(redis, key, 2);
    await redis.xgroup(key, { type: "CREATE", group: "g", id: "0" });
    await redis.xreadgroup("g", "ann", key, ">");
    return [
      JSON.stringify(await redis.xclaim(key, "g", "bob", 0, "1-0")),
      JSON.stringify(await redis.xclaim(key, "g", "bob", 0, ["2-0"], { justId: true })),
      JSON.stringify(await redis.xautoclaim(key, "g", "eve", 0, "0-0", { count: 1 })),
    ];
  }, ['[["1-0",["n",1]]]', '["2-0"]', '["2-0",[["1-0",["n",1]]],[]]']],
  ["xgroup in its other forms", async (redis, key) => [
    await redis.xgroup(key, { type: "CREATE", group: "g", id: "$", options: { MKSTREAM: true } }),
    await failure(redis.xgroup(key, { type: "CREATE", group: "g", id: "$" })),
    await redis.xgroup(key, { type: "CREATECONSUMER", group: "g", consumer: "ann" }),
    await redis.xgroup(key, { type: "SETID", group: "g", id: "0" }),
    await redis.xgroup(key, { type: "DELCONSUMER", group: "g", consumer: "ann" }),
    await redis.xgroup(key, { type: "DESTROY", group: "g" }),
  ], ["OK", "BUSYGROUP Consumer Group name already exists", 1, "OK", 0, 1]],
  ["xinfo of groups and consumers", async (redis, key) => {
    await fill(redis, key, 1);
    await redis.xgroup(key, { type: "CREATE", group: "g", id: "0" });
    await redis.xreadgroup("g", "ann", key, ">");
    const facts = [
      ...await redis.xinfo(key, { type: "GROUPS" }),
      ...await redis.xinfo(key, { type: "CONSUMERS", group: "g" }),
    ] as unknown[][];
    return facts.map((flat) => [
      flat[flat.indexOf("name") + 1],
      flat[flat.indexOf("pending") + 1],
    ]);
  }, [["g", 1], ["ann", 1]]],
  ["a group that is not there", async (redis, key) => {
    await fill(redis, key, 1);
    return (await failure(redis.xreadgroup("none", "ann", key, ">"))).split(" ")[0];
  }, "NOGROUP"],
];

onEachEngine("streams", calls);

async function fill(redis: Redis, key: string, entries: number): Promise<void> {
  for (let n = 1; n <= entries; n++) await redis.xadd(key, `${n}-0`, { n });
}

/** The text of the error that the server gave. */
async function failure(call: Promise<unknown>): Promise<string> {
  try {
    return `no failure: ${JSON.stringify(await call)}`;
  } catch (error) {
    return (error as Error).message.replace(/^Command failed: /, "");
  }
}
