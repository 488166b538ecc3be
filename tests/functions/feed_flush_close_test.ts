/**
 * The end of a day, as QStash and the clock bring it about: proven, or tried again until it is.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { AppRegistry } from "../../functions/jobs/registry.ts";
import { createFlushJobs } from "../../functions/feed/flush/flush_jobs.ts";
import { closeDay, type CloseInput, nextTryAt } from "../../functions/feed/flush/close.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import {
  DAY_MS,
  PostgresUnavailableError,
  recordUnique,
  refusedFrom,
  startOfDay,
} from "../../shared/mod.ts";
import { startDatabase } from "../support/database.ts";
import { openFeedCloud, told } from "./feed_flush_cloud.ts";
import { DAY, NEXT, openDays } from "./feed_flush_days.ts";
import { assertCounted, People, person } from "./feed_flush_world.ts";
import { Died, mortal } from "./feed_mortal.ts";

const server = await startDatabase();
const database = createPostgres({ url: server.url });
Deno.test.afterAll(async () => {
  await database.close();
  await server.close();
});

const openCloud = (jobs?: Partial<AppRegistry>) =>
  openFeedCloud({ url: server.url, database, jobs });

Deno.test("a day is flushed at its slots, closed at 00:10, proven, and its stream let go", async () => {
  await using world = await openCloud();
  const { cloud, deps } = world;
  await world.view("1", "anna");
  await world.view("1", "ben");
  await world.post("favorites", { kind: "events", id: "1", session: "session-anna" });
  await world.post("impressions", {
    batch: "batch-0000000001",
    impressions: [{ kind: "events", id: "1", count: 3 }],
    session: "session-anna",
  });
  assert.equal((await world.day()).views, 0);
  await cloud.advance("2h");
  assert.deepEqual(await world.day(), { isProven: false, views: 2 });
  await world.view("2", "carla");
  await cloud.advance("12h9m");
  assert.deepEqual(await world.day(), { isProven: false, views: 3 });
  await cloud.advance("2m");
  assert.deepEqual(await world.day(), { isProven: true, views: 3 });
  const length = await deps.redis.run(["XLEN", deps.keys.eventLog(DAY)]);
  assert.equal(length, 1, "the last entry stays, so that the next comes after it");
  const audits = await database.query(
    "SELECT differing::int, compared::int, log_compared FROM feed_audits",
  );
  assert.deepEqual(audits, [{ differing: 0, compared: 4, log_compared: true }]);
  assert.deepEqual(told(world, "day.not_proven"), []);
});

Deno.test("a late event of a proven day is counted, and the day is proven anew", async () => {
  await using world = await openCloud();
  const { cloud, deps } = world;
  await world.view("1", "anna");
  await world.post("impressions", {
    batch: "batch-0000000001",
    impressions: [{ kind: "events", id: "1", count: 3 }],
    session: "session-anna",
  });
  await cloud.advance("15h");
  assert.deepEqual(await world.day(), { isProven: true, views: 1 });
  await cloud.advance("3d");
  const at = startOfDay(DAY) + DAY_MS - 1;
  await deps.jobs.enqueue("feed.record", {
    uniques: "exact",
    events: [
      { type: "view", at, kind: "events", id: "1", by: person("ben") },
      {
        type: "impressions",
        at,
        batch: "batch-0000000002",
        counts: [["events", "1", 4]],
      },
      { type: "favorite", at, kind: "events", id: "2", by: person("ben"), favorited: true },
    ],
  });
  await cloud.advance("5m");
  await cloud.advance("30m");
  assert.deepEqual(await world.day(), { isProven: true, views: 2 });
  const [counts] = await database.query(
    "SELECT impressions::int, favorites::int FROM feed_counts WHERE day = $1 AND listing = '1'",
    [DAY],
  );
  assert.deepEqual(counts, { impressions: 7, favorites: 0 });
  assert.deepEqual(told(world, "day.not_proven"), []);
});

Deno.test("a day that cannot be proven is tried every 6 hours until Redis forgets it, then is a dead letter", async () => {
  await using world = await openCloud();
  const { cloud } = world;
  await world.view("1", "anna");
  await cloud.advance("2h");
  await database.query("UPDATE feed_counts SET views = views + 1");
  await cloud.advance("12h11m");
  assert.deepEqual(await world.day(), { isProven: false, views: 2 });
  const [line] = told(world, "day.not_proven");
  assert.equal(line.because, "0 counts are pending, 1 have drifted");
  for (let hours = 0; hours < 8 * 24; hours += 6) await cloud.advance("6h");
  const tries = told(world, "day.not_proven");
  assert.equal(tries.length, 1 + 27 + 1);
  assert.equal(tries.at(-1)!.nextTryAt, undefined);
  const { letters } = await world.deps.deadLetters.list();
  assert.deepEqual(letters.map(({ job }) => job), ["feed.close"]);
});

Deno.test("once what hindered it is mended, the next try proves the day, and no further one follows", async () => {
  await using world = await openCloud();
  const { cloud } = world;
  await world.view("1", "anna");
  await cloud.advance("2h");
  await database.query("UPDATE feed_counts SET views = 2");
  await cloud.advance("13h");
  await database.query("UPDATE feed_counts SET views = 1");
  await cloud.advance("6h");
  assert.deepEqual(await world.day(), { isProven: true, views: 1 });
  cloud.qstash.meter.reset();
  await cloud.advance("24h");
  assert.equal(cloud.qstash.meter.snapshot().messages, 0);
});

Deno.test("a day that goes on is closed when it is over, whoever asks before", async () => {
  await using world = await openCloud();
  await world.view("1", "anna");
  await world.deps.jobs.enqueue("feed.close", { day: DAY });
  await world.cloud.advance("2h");
  assert.deepEqual(await world.day(), { isProven: false, views: 1 });
  assert.equal(told(world, "day.not_proven")[0].because, "it is not over");
  await world.cloud.advance("12h11m");
  assert.deepEqual(await world.day(), { isProven: true, views: 1 });
});

Deno.test("the last try comes shortly before Redis forgets the day", () => {
  const last = refusedFrom(DAY) - 3_600_000;
  assert.equal(nextTryAt(DAY, last - 3 * 3_600_000), last);
  assert.equal(nextTryAt(DAY, last - 1), last);
  assert.equal(nextTryAt(DAY, last), undefined);
});

Deno.test("with Postgres away for 4 hours a flush is retried, and counts what came", async () => {
  await using world = await openCloud();
  const { cloud } = world;
  const query = world.deps.database!.query;
  const session = world.deps.database!.session;
  await world.view("1", "anna");
  const away = () => Promise.reject(new PostgresUnavailableError("Postgres is away"));
  Object.assign(world.deps.database!, {
    session: () => ({ query: away, transaction: away, close: () => Promise.resolve() }),
  });
  await cloud.advance("2h");
  await cloud.advance("4h");
  assert.equal((await world.day()).views, 0);
  assert.equal(told(world, "job.failed").length, 0);
  assert.equal(told(world, "job.put_back").length, 5);
  Object.assign(world.deps.database!, { query, session });
  await cloud.advance("6h");
  assert.deepEqual(await world.day(), { isProven: false, views: 1 });
  assert.deepEqual((await world.deps.deadLetters.list()).letters, []);
});

Deno.test("a closing that fails to its last attempt is tried again hours later", async () => {
  await using world = await openCloud();
  const { cloud } = world;
  await world.view("1", "anna");
  await cloud.advance("2h");
  const { session } = world.deps.database!;
  const away = () => Promise.reject(new PostgresUnavailableError("Postgres is away"));
  Object.assign(world.deps.database!, {
    session: () => ({ query: away, transaction: away, close: () => Promise.resolve() }),
  });
  for (let hours = 0; hours < 26; hours++) await cloud.advance("1h");
  const [line] = told(world, "day.not_proven");
  assert.equal(line.because, "Postgres is away");
  Object.assign(world.deps.database!, { session });
  await cloud.advance("7h");
  assert.deepEqual(await world.day(), { isProven: true, views: 1 });
});

Deno.test("killed at any await, before or after its effect, and begun again, a closing proves the day", async () => {
  let died = 0;
  for (const moment of ["before", "after"] as const) {
    let isWhole = false;
    for (let at = 1; !isWhole; at++) {
      await using world = await openDays(database);
      const parts = world.at(`${NEXT}T00:10:00Z`);
      const people = new People(parts, DAY);
      await people.view("events", "1", person(1));
      await people.favorite("events", "2", person(1));
      await people.impressions("batch-0000000001", [["events", "1", 2]]);
      await people.favorite("events", "2", person(2));
      const input: CloseInput = { day: DAY, uniques: "exact", isRepeat: false };
      const close = (parts: Parameters<typeof closeDay>[0]) =>
        closeDay(parts, input, { run: "close" });
      isWhole = await close(mortal(parts, { at, moment })).then(() => true, (error) => {
        if (!(error instanceof Died)) throw error;
        died++;
        return false;
      });
      const { isProven } = await close(parts);
      assert.equal(isProven, true, `${moment} ${at}`);
      await assertCounted(database, DAY, people);
      assert.equal(await parts.redis.run(["XLEN", parts.keys.eventLog(DAY)]), 1);
      // Late, and after the stream was let go.
      await people.impressions("batch-0000000002", [["events", "1", 2]]);
      await recordUnique(parts.redis, parts.keys, {
        day: DAY,
        metric: "views",
        kind: "events",
        id: "1",
        by: person(2),
      });
      people.note("events", "1", "views", person(2));
      assert.equal((await closeDay(parts, input, { run: "late" })).isProven, true);
      await assertCounted(database, DAY, people);
    }
  }
  assert.ok(died > 60, `${died} deaths`);
});

Deno.test("a flush and a closing that fit into no delivery are chained by QStash until all is done", async () => {
  const { feedFlush, feedClose } = createFlushJobs({ requests: 2 });
  await using world = await openCloud({
    "feed.flush": feedFlush,
    "feed.close": feedClose,
  });
  for (let id = 0; id < 30; id++) await world.view(String(id), "one");
  const started = (job: string) => told(world, "job.started").filter((line) => line.job === job);
  await world.cloud.advance("2h");
  assert.ok(started("feed.flush").length >= 4, `${started("feed.flush").length} deliveries`);
  assert.deepEqual(await world.day(), { isProven: false, views: 30 });
  await world.cloud.advance("13h");
  assert.ok(started("feed.close").length >= 8, `${started("feed.close").length} deliveries`);
  assert.deepEqual(await world.day(), { isProven: true, views: 30 });
});
