import { onEachEngine, type SdkCall } from "./redis_gateway.ts";

const hashes: SdkCall[] = [
  ["hset, hget, hgetall, hmget", async (redis, key) => [
    await redis.hset(key, { name: "Ann", age: 30, tags: ["a"] }),
    await redis.hget(key, "name"),
    await redis.hgetall(key),
    await redis.hmget(key, "age", "none"),
    await redis.hgetall(`${key}:none`),
  ], [3, "Ann", { name: "Ann", age: 30, tags: ["a"] }, { age: 30, none: null }, null]],
  ["hmset, hsetnx, hexists, hlen, hstrlen, hdel", async (redis, key) => [
    await redis.hmset(key, { a: "1", b: "22" }),
    await redis.hsetnx(key, "a", 5),
    await redis.hsetnx(key, "c", 5),
    await redis.hexists(key, "c"),
    await redis.hlen(key),
    await redis.hstrlen(key, "b"),
    await redis.hdel(key, "a", "none"),
  ], ["OK", 0, 1, 1, 3, 2, 1]],
  ["hkeys, hvals", async (redis, key) => {
    await redis.hset(key, { a: 1, b: 2 });
    return [(await redis.hkeys(key)).sort(), (await redis.hvals(key)).sort()];
  }, [["a", "b"], [1, 2]]],
  ["hincrby, hincrbyfloat", async (redis, key) => [
    await redis.hincrby(key, "n", 5),
    await redis.hincrby(key, "n", -7),
    await redis.hincrbyfloat(key, "f", 2.5),
  ], [5, -2, 2.5]],
  ["hrandfield", async (redis, key) => {
    await redis.hset(key, { a: 1 });
    return [
      await redis.hrandfield(key),
      await redis.hrandfield(key, 5),
      await redis.hrandfield(key, 1, true),
    ];
  }, ["a", ["a"], { a: 1 }]],
  ["hscan", async (redis, key) => {
    await redis.hset(key, { a: 1, b: 2, ab: 3 });
    const [cursor, page] = await redis.hscan(key, 0, { match: "a*", count: 100 });
    return [cursor, page.length];
  }, ["0", 4]],
];

const fieldTimes: SdkCall[] = [
  ["hexpire, httl, hpersist", async (redis, key) => {
    await redis.hset(key, { a: 1, b: 2 });
    return [
      await redis.hexpire(key, ["a", "none"], 100),
      (await redis.httl(key, "a"))[0] > 95,
      await redis.httl(key, ["b", "none"]),
      await redis.hpersist(key, "a"),
      await redis.httl(key, "a"),
    ];
  }, [[1, -2], true, [-1, -2], [1], [-1]]],
  ["hpexpire, hpttl", async (redis, key) => {
    await redis.hset(key, { a: 1 });
    await redis.hpexpire(key, "a", 100_000);
    return [(await redis.hpttl(key, "a"))[0] > 95_000, await redis.hexpire(key, "a", 5, "GT")];
  }, [true, [0]]],
  ["hexpireat, hexpiretime, hpexpireat, hpexpiretime", async (redis, key) => {
    await redis.hset(key, { a: 1, b: 1 });
    return [
      await redis.hexpireat(key, "a", 4_102_444_800),
      await redis.hexpiretime(key, "a"),
      await redis.hpexpireat(key, "b", 4_102_444_800_000),
      await redis.hpexpiretime(key, "b"),
    ];
  }, [[1], [4_102_444_800], [1], [4_102_444_800_000]]],
  ["a field whose time has passed is gone", async (redis, key) => {
    await redis.hset(key, { a: 1, b: 2 });
    return [await redis.hexpireat(key, "a", 1), await redis.hgetall(key)];
  }, [[2], { b: 2 }]],
  ["hgetdel, hgetex, hsetex", async (redis, key) => [
    await redis.hsetex(key, { expiration: { ex: 100 } }, { a: 1, b: 2 }),
    (await redis.httl(key, "a"))[0] > 95,
    await redis.hgetex(key, { persist: true }, "a"),
    await redis.httl(key, "a"),
    await redis.hgetdel(key, "a"),
    await redis.hgetall(key),
  ], [1, true, { a: 1 }, [-1], { a: 1 }, { b: 2 }]],
];

const lists: SdkCall[] = [
  ["push and pop at both ends", async (redis, key) => [
    await redis.rpush(key, "b", "c"),
    await redis.lpush(key, "a"),
    await redis.lrange(key, 0, -1),
    await redis.lpop(key),
    await redis.rpop(key, 2),
    await redis.lpop(key),
    await redis.llen(key),
  ], [2, 3, ["a", "b", "c"], "a", ["c", "b"], null, 0]],
  ["lpushx and rpushx need a list", async (redis, key) => [
    await redis.lpushx(key, "a"),
    await redis.rpush(key, "b"),
    await redis.lpushx(key, "a"),
    await redis.rpushx(key, "c"),
  ], [0, 1, 2, 3]],
  ["lindex, lset, linsert, lrem, ltrim, lpos", async (redis, key) => {
    await redis.rpush(key, "a", "b", "a", "c");
    return [
      await redis.lindex(key, -1),
      await redis.lset(key, 3, { deep: true }),
      await redis.lindex(key, 3),
      await redis.linsert(key, "before", "b", "x"),
      await redis.lpos(key, "a"),
      await redis.lpos(key, "a", { rank: 2 }),
      await redis.lpos(key, "a", { count: 0 }),
      await redis.lrem(key, 1, "a"),
      await redis.ltrim(key, 0, 1),
      await redis.lrange(key, 0, -1),
    ];
  }, ["c", "OK", { deep: true }, 5, 0, 3, [0, 3], 1, "OK", ["x", "b"]]],
  ["lmove, lmpop", async (redis, key) => {
    await redis.rpush(key, "a", "b");
    return [
      await redis.lmove(key, `${key}:2`, "left", "right"),
      await redis.lmpop(2, [`${key}:none`, key], "LEFT", 5),
      await redis.lmpop(1, [`${key}:none`], "LEFT"),
    ].map((each) => Array.isArray(each) ? each[1] : each);
  }, ["a", ["b"], null]],
];

const sets: SdkCall[] = [
  ["sadd, scard, smembers, sismember, smismember, srem", async (redis, key) => [
    await redis.sadd(key, "a", "b", "b"),
    await redis.scard(key),
    (await redis.smembers(key)).sort(),
    await redis.sismember(key, "a"),
    await redis.smismember(key, ["a", "x"]),
    await redis.srem(key, "a", "x"),
  ], [2, 2, ["a", "b"], 1, [1, 0], 1]],
  ["sinter, sunion, sdiff and their stores", async (redis, key) => {
    await redis.sadd(`${key}a`, 1, 2, 3);
    await redis.sadd(`${key}b`, 2, 3, 4);
    return [
      (await redis.sinter(`${key}a`, `${key}b`)).sort(),
      (await redis.sunion(`${key}a`, `${key}b`)).sort(),
      await redis.sdiff(`${key}a`, `${key}b`),
      await redis.sinterstore(`${key}c`, `${key}a`, `${key}b`),
      await redis.sunionstore(`${key}c`, `${key}a`, `${key}b`),
      await redis.sdiffstore(`${key}c`, `${key}a`, `${key}b`),
      await redis.sintercard([`${key}a`, `${key}b`], { limit: 1 }),
    ];
  }, [[2, 3], [1, 2, 3, 4], [1], 2, 4, 1, 1]],
  ["smove, spop, srandmember, sscan", async (redis, key) => {
    await redis.sadd(key, "a");
    return [
      await redis.srandmember(key),
      await redis.srandmember(key, 5),
      await redis.sscan(key, 0, { match: "a*", count: 10 }),
      await redis.smove(key, `${key}:2`, "a"),
      await redis.spop(key),
      await redis.spop(`${key}:2`, 5),
    ];
  }, ["a", ["a"], ["0", ["a"]], 1, null, ["a"]]],
];

const sortedSets: SdkCall[] = [
  ["zadd and its options", async (redis, key) => [
    await redis.zadd(key, { score: 1, member: "a" }, { score: 2, member: "b" }),
    await redis.zadd(key, { nx: true }, { score: 5, member: "a" }),
    await redis.zadd(key, { xx: true, ch: true }, { score: 5, member: "a" }),
    await redis.zadd(key, { gt: true, ch: true }, { score: 3, member: "a" }),
    await redis.zadd(key, { incr: true }, { score: 1.5, member: "a" }),
    await redis.zscore(key, "a"),
  ], [2, 0, 1, 0, 6.5, 6.5]],
  ["zrange in its forms", async (redis, key) => {
    for (const [index, member] of ["a", "b", "c"].entries()) {
      await redis.zadd(key, { score: index + 1, member });
    }
    return [
      await redis.zrange(key, 0, -1),
      await redis.zrange(key, 0, 0, { withScores: true }),
      await redis.zrange(key, 0, 1, { rev: true }),
      await redis.zrange(key, "(1", "+inf", { byScore: true }),
      await redis.zrange(key, "+inf", "-inf", { byScore: true, rev: true, offset: 0, count: 1 }),
      await redis.zrange(key, "-", "[b", { byLex: true }),
    ];
  }, [["a", "b", "c"], ["a", 1], ["c", "b"], ["b", "c"], ["c"], ["a", "b"]]],
  ["zcard, zcount, zlexcount, zrank, zrevrank, zmscore", async (redis, key) => {
    await redis.zadd(key, { score: 1, member: "a" }, { score: 2, member: "b" });
    return [
      await redis.zcard(key),
      await redis.zcount(key, "(1", "+inf"),
      await redis.zlexcount(key, "-", "+"),
      await redis.zrank(key, "b"),
      await redis.zrevrank(key, "b"),
      await redis.zrank(key, "x"),
      await redis.zmscore(key, ["a", "x"]),
    ];
  }, [2, 1, 2, 1, 0, null, [1, null]]],
  ["zincrby, zrem, zpopmin, zpopmax", async (redis, key) => {
    await redis.zadd(key, { score: 1, member: "a" }, { score: 2, member: "b" });
    return [
      await redis.zincrby(key, 2.5, "a"),
      await redis.zpopmin(key),
      await redis.zpopmax(key, 5),
      await redis.zrem(key, "a"),
    ];
  }, [3.5, ["b", 2], ["a", 3.5], 0]],
  ["zremrangeby rank, score and lex", async (redis, key) => {
    const members = ["a", "b", "c", "d"].map((member, score) => ({ score, member }));
    await redis.zadd(key, members[0], ...members.slice(1));
    return [
      await redis.zremrangebyrank(key, 0, 0),
      await redis.zremrangebyscore(key, "(1", 2),
      await redis.zremrangebylex(key, "[b", "[b"),
      await redis.zrange(key, 0, -1),
    ];
  }, [1, 1, 1, ["d"]]],
  ["unions, intersections, differences", async (redis, key) => {
    await redis.zadd(`${key}a`, { score: 1, member: "x" }, { score: 2, member: "y" });
    await redis.zadd(`${key}b`, { score: 10, member: "y" });
    return [
      await redis.zunionstore(`${key}c`, 2, [`${key}a`, `${key}b`], { weights: [1, 2] }),
      await redis.zrange(`${key}c`, 0, -1, { withScores: true }),
      await redis.zinterstore(`${key}c`, 2, [`${key}a`, `${key}b`], { aggregate: "max" }),
      await redis.zscore(`${key}c`, "y"),
      await redis.zdiffstore(`${key}c`, 2, `${key}a`, `${key}b`),
      await redis.zunion(2, [`${key}a`, `${key}b`], { withScores: true }),
    ];
  }, [2, ["x", 1, "y", 22], 1, 10, 1, ["x", 1, "y", 12]]],
  ["zscan", async (redis, key) => {
    await redis.zadd(key, { score: 1, member: "a" });
    return await redis.zscan(key, 0, { match: "*", count: 10 });
  }, ["0", ["a", 1]]],
];

const palermo = { longitude: 13.361389, latitude: 38.115556, member: "Palermo" };
const catania = { longitude: 15.087269, latitude: 37.502669, member: "Catania" };

const geo: SdkCall[] = [
  ["geoadd, geodist, geohash", async (redis, key) => [
    await redis.geoadd(key, palermo, catania),
    await redis.geoadd(key, { nx: true }, palermo),
    await redis.geodist(key, "Palermo", "Catania", "KM"),
    await redis.geohash(key, "Palermo", "none"),
  ], [2, 0, 166.2742, ["sqc8b49rny0", null]]],
  ["geopos", async (redis, key) => {
    await redis.geoadd(key, palermo);
    const [{ lng, lat }] = await redis.geopos(key, "Palermo");
    return [lng.toFixed(5), lat.toFixed(5)];
  }, ["13.36139", "38.11556"]],
  ["geosearch and geosearchstore", async (redis, key) => {
    await redis.geoadd(key, palermo, catania);
    const from = { type: "FROMLONLAT", coordinate: { lon: 15, lat: 37 } } as const;
    const within = { type: "BYRADIUS", radius: 100, radiusType: "KM" } as const;
    const wide = { type: "BYBOX", rect: { width: 400, height: 400 }, rectType: "KM" } as const;
    return [
      await redis.geosearch(key, from, within, "ASC"),
      await redis.geosearch(key, { type: "FROMMEMBER", member: "Palermo" }, wide, "DESC", {
        withDist: true,
      }),
      await redis.geosearchstore(`${key}:2`, key, from, within, "ASC"),
    ];
  }, [
    [{ member: "Catania" }],
    [{ member: "Catania", dist: 166.2742 }, { member: "Palermo", dist: 0 }],
    1,
  ]],
];

onEachEngine("hashes", hashes);
onEachEngine("lists", lists);
onEachEngine("sets", sets);
onEachEngine("sorted sets", sortedSets);
onEachEngine("geo", geo);
onEachEngine("hash fields that expire", fieldTimes, {
  only: "embedded",
  because: "the field TTL family came with Redis 7.4",
});
