/**
 * A flush of what is too large for one reply or one delivery, and when its keys end.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  forgottenAtSeconds,
  recordApproximateView,
  RegisteredListings,
  UNIQUE_SHARDS,
} from "../../shared/mod.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import { startDatabase } from "../support/database.ts";
import { DAY, flush, NEXT, openDays } from "./feed_flush_days.ts";
import {
  assertCounted,
  emptyFeed,
  flushWhole,
  People,
  person,
  readCounted,
} from "./feed_flush_world.ts";

const server = await startDatabase();
const database = createPostgres({ url: server.url });
const openWorld = (limits = {}) => openDays(database, limits);
Deno.test.afterAll(async () => {
  await database.close();
  await server.close();
});

Deno.test("a set that Redis will not send whole is walked through in parts, and counts the same", async () => {
  await using world = await openWorld({ requestBytes: 20_000 });
  const { parts } = world;
  const people = new People(parts, DAY);
  for (let n = 0; n < 6_000; n += 500) {
    const commands = Array.from({ length: 500 }, (_, index) => {
      const id = String((n + index) % 90);
      people.note("events", id, "views", person(n + index));
      return people.command("events", id, person(n + index));
    });
    await parts.redis.pipeline(commands);
  }
  for (const partMembers of [1_000_000, 300]) {
    await emptyFeed(database);
    const report = await flush(parts, DAY, `parts of ${partMembers}`, { partMembers });
    assert.equal(report.members, 6_000);
    assert.equal(report.drift, 0);
    await assertCounted(database, DAY, people);
    assert.ok(partMembers > 300 || report.slices > 2, `${report.slices} slices`);
  }
});

Deno.test("a page of the stream that Redis will not send is asked for in smaller ones", async () => {
  await using world = await openWorld({ requestBytes: 5_000 });
  const people = new People(world.parts, DAY);
  for (let n = 0; n < 120; n++) {
    await people.impressions(`batch-of-some-length-${n}`, [["events", String(n % 9), 1]]);
  }
  const { entries } = await flush(world.parts);
  assert.equal(entries, 120);
  await assertCounted(database, DAY, people);
});

Deno.test("each key is given its end by the first flush that meets it, and again once the day is over", async () => {
  await using world = await openWorld();
  const { parts } = world;
  const people = new People(parts, DAY);
  await people.view("events", "1", person(1));
  await flush(parts);
  const ends = async () => {
    const keys = [...Array(UNIQUE_SHARDS).keys()].map((n) => parts.keys.uniqueEvents(DAY, n));
    const times = await parts.redis.pipeline(
      [...keys, parts.keys.eventLog(DAY)].map((key) => ["EXPIRETIME", key] as const),
    ) as number[];
    return times.filter((time) => time !== -2);
  };
  assert.deepEqual(await ends(), [forgottenAtSeconds(DAY)]);
  await people.favorite("events", "1", person(1));
  await flush(parts);
  assert.deepEqual(await ends(), [forgottenAtSeconds(DAY), forgottenAtSeconds(DAY)]);
  world.commands();
  await flush(parts);
  assert.equal(world.commands(), 1 + 8 + 7, "only for keys that are not there");
  await parts.redis.run(["PERSIST", parts.keys.eventLog(DAY)]);
  await flush(world.at(`${NEXT}T00:10:00Z`));
  assert.deepEqual(await ends(), [forgottenAtSeconds(DAY), forgottenAtSeconds(DAY)]);
});

Deno.test("estimates are written listing by listing, in as many deliveries as it takes", async () => {
  await using world = await openWorld();
  const { parts } = world;
  const registered = new RegisteredListings();
  for (let n = 0; n < 40; n++) {
    const view = { day: DAY, kind: "events", id: String(n % 20), by: person(n % 30) };
    await recordApproximateView(parts.redis, parts.keys, registered, view);
  }
  const people = new People(parts, DAY);
  await people.booking("events", "3", person("booking"));
  const input = { day: DAY, uniques: "approximate" as const };
  const report = await flushWhole(parts, input, { limits: { requests: 1 } });
  assert.ok(report.slices > 9, `${report.slices} slices`);
  assert.equal(report.drift, 0);
  const counted = await readCounted(database, DAY);
  assert.equal(Object.keys(counted).length, 20);
  assert.deepEqual(counted["events:3"], { views: 2, bookings: 1 });
});
