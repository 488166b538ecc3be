/**
 * What a flush meets: midnight, late events, batches that come again, what is malformed, a Redis
 * that lost its data.
 *
 * @module
 */
import assert from "node:assert/strict";
import { closeDay } from "../../functions/feed/flush/close.ts";
import { readDay } from "../../functions/feed/flush/day_store.ts";
import type { FeedParts } from "../../functions/feed/parts.ts";
import { appendToLog, dayOf, memberOf, recordUnique, UNIQUE_SHARDS } from "../../shared/mod.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import { startDatabase } from "../support/database.ts";
import { DAY, flush, NEXT, openDays } from "./feed_flush_days.ts";
import { assertCounted, People, person, readCounted } from "./feed_flush_world.ts";

const server = await startDatabase();
const database = createPostgres({ url: server.url });
const openWorld = (limits = {}) => openDays(database, limits);
Deno.test.afterAll(async () => {
  await database.close();
  await server.close();
});

Deno.test("00:05 belongs to the new day, and the day before is read first", async () => {
  await using world = await openWorld();
  const { parts } = world;
  const before = new People(parts, DAY);
  await before.favorite("events", "1", person("anna"));
  await before.favorite("events", "1", person("ben"));
  // Still in the stream of the day before when the new day is flushed for the first time.
  await before.favorite("events", "1", person("ben"), false);
  const after = new People(parts, NEXT);
  assert.equal(dayOf(Date.parse(`${NEXT}T00:05:00Z`)), NEXT);
  await recordUnique(parts.redis, parts.keys, {
    day: NEXT,
    metric: "views",
    kind: "events",
    id: "1",
    by: person("anna"),
  });
  await appendToLog(parts.redis, parts.keys, NEXT, {
    type: "favorite",
    kind: "events",
    id: "1",
    by: person("anna"),
    favorited: false,
  });
  await flush(parts, NEXT);
  assert.deepEqual(after.counted, {});
  assert.deepEqual(await readCounted(database, NEXT), { "events:1": { views: 1, unfavorites: 1 } });
  await flush(parts, DAY);
  await assertCounted(database, DAY, before);
});

Deno.test("the day before is read once, by a day's first flush", async () => {
  await using world = await openWorld();
  await flush(world.parts);
  const first = world.commands();
  await flush(world.parts);
  assert.equal(first - world.commands(), 1);
});

Deno.test("a late view, booking, favorite and batch raise the counts of their day", async () => {
  await using world = await openWorld();
  const { parts } = world;
  const people = new People(parts, DAY);
  await people.view("events", "1", person(1));
  await people.impressions("batch-0000000001", [["events", "1", 2]]);
  await flush(parts);
  await people.view("events", "1", person(2));
  await people.view("events", "1", person(1));
  await people.booking("events", "2", person("booking"));
  await people.favorite("events", "2", person(1));
  await people.impressions("batch-0000000002", [["events", "3", 5]]);
  await people.impressions("batch-0000000001", [["events", "1", 2]]);
  await flush(world.at("2026-11-27T23:00:00Z"));
  await assertCounted(database, DAY, people);
});

Deno.test("a batch counts once, whether it comes again in its page, on another, or on another day", async () => {
  await using world = await openWorld();
  const { parts } = world;
  const people = new People(parts, DAY);
  const counts: [string, string, number][] = [["events", "1", 3], ["locations", "1", 1], [
    "events",
    "1",
    1,
  ]];
  await people.impressions("batch-0000000001", counts);
  await people.impressions("batch-0000000001", counts);
  await flush(parts);
  await people.impressions("batch-0000000001", counts);
  await people.impressions("batch-0000000002", counts);
  await flush(parts, DAY, "tiny", { pageEntries: 1 });
  const next = new People(parts, NEXT);
  await next.impressions("batch-0000000002", counts);
  await flush(parts, NEXT);
  await assertCounted(database, DAY, people);
  assert.deepEqual(await readCounted(database, NEXT), {});
  assert.deepEqual(people.counted, {
    "events:1": { impressions: 8 },
    "locations:1": { impressions: 2 },
  });
});

Deno.test("a kind that is known no more is counted all the same", async () => {
  await using world = await openWorld();
  const people = new People(world.parts, DAY);
  await people.view("castles", "1", person(1));
  await people.impressions("batch-0000000001", [["castles", "1", 1]]);
  await people.favorite("castles", "1", person(1));
  await flush(world.parts);
  await assertCounted(database, DAY, people);
});

Deno.test("what is malformed is left alone, counted and logged, and holds up nothing", async () => {
  await using world = await openWorld();
  const { parts } = world;
  const people = new People(parts, DAY);
  await people.view("events", "1", person(1));
  const log = parts.keys.eventLog(DAY);
  const long = "x".repeat(5_000);
  const texts = [
    "{",
    "[]",
    '{"type":"impressions","batch":"b","counts":[["events","1",-1]]}',
    '{"type":"impressions","batch":"b","counts":[["events","a\\u0000b",1]]}',
    '{"type":"favorite","kind":"events","id":"\\ud800","by":"p","favorited":true}',
    JSON.stringify({ type: "favorite", kind: "events", id: long, by: "p", favorited: true }),
  ];
  for (const text of texts) await parts.redis.run(["XADD", log, "*", "e", text]);
  await parts.redis.run(["XADD", log, "*", "other", "field"]);
  const member = (id: string) =>
    memberOf({ day: DAY, metric: "views", by: person(1), kind: "events", id });
  const members = [
    "",
    "v",
    "x".repeat(17) + "events:1",
    `v${person(1)}events`,
    member(""),
    member("a\0b"),
  ];
  members.push(member(long));
  await parts.redis.run(["SADD", parts.keys.uniqueEvents(DAY, 0), ...members]);
  await people.impressions("batch-0000000001", [["events", "1", 1]]);
  const report = await flush(parts);
  assert.equal(report.skipped, texts.length + 1 + members.length);
  await assertCounted(database, DAY, people);
  assert.deepEqual(world.lines, [{ event: "flush.skipped", day: DAY, skipped: report.skipped }]);
  const [row] = await database.query(
    "SELECT skipped_entries::int, skipped_members::int, entries::int, members::int FROM feed_flushes",
  );
  assert.deepEqual(row, {
    skipped_entries: texts.length + 1,
    skipped_members: members.length,
    entries: 1,
    members: 1,
  });
});

Deno.test("a Redis that lost its data lowers nothing, and the flush says by how much it drifted", async () => {
  await using world = await openWorld();
  const { parts } = world;
  const people = new People(parts, DAY);
  for (let n = 0; n < 20; n++) await people.view("events", String(n % 3), person(n));
  await people.favorite("events", "1", person(1));
  await flush(parts);
  const lost = [...Array(UNIQUE_SHARDS).keys()].map((shard) => parts.keys.uniqueEvents(DAY, shard));
  await parts.redis.run(["DEL", parts.keys.eventLog(DAY), ...lost]);
  // More than were lost, of another listing: what is missing is still seen.
  const fresh = Array.from({ length: 30 }, (_, n) => people.view("locations", "9", person(n)));
  await Promise.all(fresh);
  const report = await flush(parts);
  assert.equal(report.drift, 20);
  await assertCounted(database, DAY, people);
  const [event] = world.lines;
  assert.deepEqual(event, { event: "flush.drifted", day: DAY, drift: 20 });
});

Deno.test("a flush that another overtook reports no drift", async () => {
  await using world = await openWorld();
  const { parts } = world;
  const people = new People(parts, DAY);
  await people.view("events", "1", person(1));
  // The other flush runs between this one's last read and its end.
  let isFirst = true;
  const overtaken: FeedParts = {
    ...parts,
    sql: {
      ...parts.sql,
      async query(text, params) {
        if (text.includes("AS excess") && isFirst) {
          isFirst = false;
          await people.view("events", "1", person(2));
          await flush(parts, DAY, "other");
        }
        return await parts.sql.query(text, params);
      },
    },
  };
  const { drift } = await flush(overtaken, DAY, "overtaken");
  assert.equal(drift, 0);
  assert.equal(isFirst, false);
});

Deno.test("a delivery of a flush that comes again leaves the proof; another flush takes it back", async () => {
  await using world = await openWorld();
  const { parts } = world;
  await new People(parts, DAY).view("events", "1", person(1));
  await flush(parts, DAY, "late");
  const closing = world.at(`${NEXT}T00:10:00Z`);
  const input = { day: DAY, uniques: "exact", isRepeat: false } as const;
  assert.equal((await closeDay(closing, input, { run: "closing" })).isProven, true);
  const isProven = async () => (await readDay(database, DAY)).provenAt !== undefined;
  // The closing that this flush has sent is over: nobody would prove the day anew.
  await flush(closing, DAY, "late");
  assert.equal(await isProven(), true);
  await flush(closing, DAY, "later");
  assert.equal(await isProven(), false);
});
