/**
 * What a day of counters takes in Redis: bytes of each member and entry on a real redis-server,
 * and the billed commands of the ways to keep unique views that were weighed.
 *
 *     deno run -A bench/feed_storage.ts
 *
 * @module
 */
import { WallClock } from "../dev/clock.ts";
import { createRedisServer } from "../dev/redis/server.ts";
import { createUpstashRedis } from "../shared/adapters/upstash_redis.ts";
import { createKeys, logCommand, memberOf, type RedisCommand, shardOf } from "../shared/mod.ts";
import { startRedisServer } from "../tests/support/redis_server.ts";

const DAY = "2026-11-21";
const keys = createKeys("zeropoll");
await using real = await startRedisServer();
const clock = new WallClock();
const unlimited = { recordBytes: 1e12, dataBytes: 1e12 };
const server = await createRedisServer({ clock, redisUrl: real.url, limits: unlimited });
const redis = createUpstashRedis({
  url: "http://redis.example",
  token: server.token,
  clock,
  timeoutMs: 60_000,
  fetch: (url, init) => server.fetch(new Request(url, init)),
});

const person = (n: number) => n.toString(36).padStart(16, "_");
/** A UUID's length and look; the same for the same number. */
const uuid = (n: number) => {
  const hex = Math.imul(n + 1, 0x9e3779b1).toString(16).replace("-", "").padStart(8, "0").repeat(4);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};

async function send(commands: readonly RedisCommand[]): Promise<void> {
  for (let start = 0; start < commands.length; start += 1_000) {
    await redis.pipeline(commands.slice(start, start + 1_000));
  }
}

/** Bytes of all keys, as MEMORY USAGE has them. */
async function bytesOfAll(): Promise<number> {
  const [, names] = await redis.run(["SCAN", 0, "COUNT", 10_000_000]) as [string, string[]];
  let bytes = 0;
  for (let start = 0; start < names.length; start += 1_000) {
    const commands = names.slice(start, start + 1_000)
      .map((name) => ["MEMORY", "USAGE", name, "SAMPLES", 0] as const);
    for (const each of await redis.pipeline(commands)) bytes += each as number;
  }
  return bytes;
}

/** Forgets everything, without the port, which refuses to. */
async function empty(): Promise<void> {
  const body = JSON.stringify(["FLUSHALL"]);
  const headers = { authorization: `Bearer ${server.token}` };
  await server.fetch(new Request("http://redis.example", { method: "POST", headers, body }));
}

const MB = 1024 * 1024;
const DAYS = 8;

async function measureBytes(what: string, count: number, commands: readonly RedisCommand[]) {
  await empty();
  await send(commands);
  const each = await bytesOfAll() / count;
  const fitting = Math.floor(256 * MB / DAYS / each / 1_000) * 1_000;
  console.log(
    what.padEnd(58),
    each.toFixed(1).padStart(8),
    fitting.toLocaleString("en").padStart(12),
  );
}

console.log("".padEnd(58), "bytes".padStart(8), "a day fit".padStart(12));
const EVENTS = 200_000;
const views = (idOf: (n: number) => string) =>
  Array.from({ length: EVENTS }, (_, n): RedisCommand => {
    const listing = { kind: "locations", id: idOf(n % 20_000) };
    const member = memberOf({ day: DAY, metric: "views", by: person(n), ...listing });
    return ["SADD", keys.uniqueEvents(DAY, shardOf(listing)), member];
  });
await measureBytes(
  "a unique view, id an integer of 5 digits",
  EVENTS,
  views((n) => String(10_000 + n)),
);
await measureBytes("a unique view, id a UUID", EVENTS, views(uuid));
const ENTRIES = 50_000;
const entries = (listings: number, idOf: (n: number) => string) =>
  Array.from({ length: ENTRIES }, (_, n) =>
    logCommand(keys, DAY, {
      type: "impressions",
      batch: `batch-${person(n)}`,
      counts: Array.from({ length: listings }, (_, index) =>
        ["locations", idOf((n + index) % 20_000), 1] as [string, string, number]),
    }));
for (const listings of [1, 20]) {
  const ofSome = `a request of impressions of ${listings}`;
  await measureBytes(
    `${ofSome}, ids integers`,
    ENTRIES,
    entries(listings, (n) => String(10_000 + n)),
  );
  await measureBytes(`${ofSome}, ids UUIDs`, ENTRIES, entries(listings, uuid));
}
const favorites = (idOf: (n: number) => string) =>
  Array.from({ length: ENTRIES }, (_, n) =>
    logCommand(keys, DAY, {
      type: "favorite",
      kind: "locations",
      id: idOf(n % 20_000),
      by: person(n),
      favorited: true,
    }));
await measureBytes("a favorite, id an integer", ENTRIES, favorites((n) => String(10_000 + n)));
await measureBytes("a favorite, id a UUID", ENTRIES, favorites(uuid));

/** A way to keep unique views: what each view sends, and what a flush sends. */
interface Way {
  name: string;
  view(listing: string, by: string): Promise<void> | void;
  /** What views send, gathered. */
  commands?: RedisCommand[];
  flush(): Promise<void>;
}

const UNIQUE = 100_000;
const REPEATED = 25_000;
const LISTINGS = 5_000;
const PAGE = 5_000;

function inSets(name: string, sets: number): Way {
  const commands: RedisCommand[] = [];
  return {
    name,
    commands,
    view: (listing, by) => {
      const set = shardOf({ kind: "locations", id: listing }) +
        8 * (Number(listing) % (sets / 8));
      commands.push(["SADD", `set:${set}`, `v${by}locations:${listing}`]);
    },
    flush: async () => {
      for (let set = 0; set < sets; set++) await redis.run(["SMEMBERS", `set:${set}`]);
    },
  };
}

const setOfListing: Way = {
  name: "a set for each listing",
  commands: [],
  view(listing, by) {
    this.commands!.push(["SADD", `seen:${listing}`, by]);
  },
  async flush() {
    // Some register of listings is needed besides: it is left out here, in this way's favor.
    const all = Array.from({ length: LISTINGS }, (_, n) => ["SCARD", `seen:${n}`] as const);
    for (let start = 0; start < all.length; start += 1_000) {
      await redis.pipeline(all.slice(start, start + 1_000));
    }
  },
};

const oneStream: Way = {
  name: "one stream, told apart in Postgres",
  commands: [],
  view(listing, by) {
    this.commands!.push(["XADD", "stream", "*", "e", `v${by}locations:${listing}`]);
  },
  async flush() {
    for (let after = "0-0";;) {
      const command = ["XRANGE", "stream", `(${after}`, "+", "COUNT", PAGE] as const;
      const page = await redis.run(command) as [string, string[]][];
      if (page.length < PAGE) return;
      after = page.at(-1)![0];
    }
  },
};

const markers: Way = {
  name: "SET NX EX for each view, HINCRBY where it is new",
  async view(listing, by) {
    const isNew = await redis.run(["SET", `seen:${listing}:${by}`, 1, "NX", "EX", 90_000]);
    if (isNew !== null) await redis.run(["HINCRBY", "counts", listing, 1]);
  },
  async flush() {
    await redis.run(["HGETALL", "counts"]);
  },
};

console.log(
  `\n${UNIQUE.toLocaleString("en")} unique and ${
    REPEATED.toLocaleString("en")
  } repeated views of ` +
    `${LISTINGS.toLocaleString("en")} listings\n`,
);
console.log("".padEnd(50), ...["a day", "a flush", "MB"].map((head) => head.padStart(9)));
for (const way of [inSets("8 sets", 8), inSets("32 sets", 32), setOfListing, oneStream, markers]) {
  await empty();
  server.meter.reset();
  for (let n = 0; n < UNIQUE + REPEATED; n++) {
    const seen = n % UNIQUE;
    await way.view(String(seen % LISTINGS), person(seen));
  }
  await send(way.commands ?? []);
  const day = server.meter.snapshot().commands;
  server.meter.reset();
  await way.flush();
  const flush = server.meter.snapshot().commands;
  const bytes = await bytesOfAll();
  console.log(
    way.name.padEnd(50),
    ...[day, flush, (bytes / MB).toFixed(1)].map((cell) => String(cell).padStart(9)),
  );
}
await server.close();
