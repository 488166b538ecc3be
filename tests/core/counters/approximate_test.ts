import assert from "node:assert/strict";
import { createCloud } from "../../../dev/cloud.ts";
import { createUpstashRedis } from "../../../shared/adapters/upstash_redis.ts";
import {
  countApproximateViews,
  createKeys,
  forgottenAtSeconds,
  recordApproximateView,
  RegisteredListings,
  scanApproximateListings,
} from "../../../shared/mod.ts";

const day = "2026-11-21";
const keys = createKeys("approximate");

async function openWorld() {
  const cloud = await createCloud({
    app: () => ({ fetch: () => new Response() }),
    startAt: Date.parse(`${day}T10:00:00Z`),
  });
  const redis = createUpstashRedis({
    url: cloud.environment.UPSTASH_REDIS_REST_URL,
    token: cloud.environment.UPSTASH_REDIS_REST_TOKEN,
    clock: cloud.clock,
  });
  const registered = new RegisteredListings();
  return {
    redis,
    view: (kind: string, id: string, by: string, isolate = registered) =>
      recordApproximateView(redis, keys, isolate, { day, kind, id, by }),
    cost() {
      const { commands } = cloud.redis.meter.snapshot();
      cloud.redis.meter.reset();
      return commands;
    },
    [Symbol.asyncDispose]: () => cloud.close(),
  };
}

Deno.test("a view costs 1 command; a listing's first of an isolate 2 more, and a day's first 1", async () => {
  await using world = await openWorld();
  assert.equal(await world.view("events", "1", "a".repeat(16)), true);
  assert.equal(world.cost(), 4);
  assert.equal(await world.view("events", "1", "a".repeat(16)), false, "a repeat changes nothing");
  assert.equal(world.cost(), 1);
  await world.view("events", "2", "a".repeat(16));
  assert.equal(world.cost(), 3);
  await world.view("events", "2", "b".repeat(16), new RegisteredListings());
  assert.equal(world.cost(), 4, "another isolate");
});

Deno.test("both keys of a view are forgotten 7 days and an hour after their day", async () => {
  await using world = await openWorld();
  await world.view("events", "1", "a".repeat(16));
  for (const key of [keys.approximateViews(day, "events", "1"), keys.approximateListings(day)]) {
    assert.equal(await world.redis.run(["EXPIRETIME", key]), forgottenAtSeconds(day), key);
  }
});

Deno.test("every listing with views is found, and counted to within 3 %", async () => {
  await using world = await openWorld();
  const odd = ["a:b", "__proto__", "élan ☃", "0"];
  for (const id of odd) await world.view("services", id, "a".repeat(16));
  const people = Array.from({ length: 5_000 }, (_, n) => `person${n}`.padEnd(16, "_"));
  for (let start = 0; start < people.length; start += 500) {
    const key = keys.approximateViews(day, "services", "a:b");
    await world.redis.run(["PFADD", key, ...people.slice(start, start + 500)]);
  }
  const { cursor, listings } = await scanApproximateListings(world.redis, keys, day, "0");
  assert.equal(cursor, "0");
  assert.deepEqual(listings.map(({ id }) => id).sort(), [...odd].sort());
  const counts = await countApproximateViews(world.redis, keys, day, listings);
  const byId = new Map(listings.map(({ id }, index) => [id, counts[index]]));
  assert.equal(byId.get("__proto__"), 1);
  assert.ok(Math.abs(byId.get("a:b")! - 5_001) < 150, `${byId.get("a:b")}`);
});

Deno.test("1,200 listings are counted in 3 requests, one command each", async () => {
  await using world = await openWorld();
  const listings = Array.from({ length: 1_200 }, (_, n) => ({ kind: "events", id: `${n}` }));
  await world.view("events", "1199", "a".repeat(16));
  world.cost();
  const counts = await countApproximateViews(world.redis, keys, day, listings);
  assert.equal(counts.length, 1_200);
  assert.equal(counts[1_199], 1);
  assert.equal(counts[0], 0);
  assert.equal(world.cost(), 1_200);
});

Deno.test("what an isolate remembers is bounded; a listing that it forgot is registered again", () => {
  const registered = new RegisteredListings();
  registered.add(day, "events:first");
  for (let n = 0; n < 10_000; n++) registered.add(day, `events:${n}`);
  assert.equal(registered.has(day, "events:first"), false);
  assert.equal(registered.has(day, "events:9999"), true);
  assert.equal(registered.has("2026-11-22", "events:9999"), false);
});
