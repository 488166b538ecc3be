/**
 * Who decides the feed: what a backend has declared, unless an install of before says otherwise.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { migrate } from "../../shared/migrations/migrate.ts";
import { migrations } from "../../shared/migrations/migrations.ts";
import { type LogFields, readConfig } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { BROWSER } from "./feed_events_world.ts";
import { forgetAll, write } from "./ranked_by_hand.ts";
import { createReadingWorld, type ReadingWorld } from "./reading_world.ts";

const kind = "locations";
const counted = [
  { age: 0, id: "shown", views: 5 },
  { age: 1, id: "made-up", views: 900 },
  { age: 1, id: "<b>bold</b>", bookings: 900 },
  { age: 1, id: "a b", bookings: 900 },
];

for (const engine of postgresEngines()) {
  const test = (
    name: string,
    environment: Record<string, string>,
    fn: (world: ReadingWorld) => Promise<void>,
  ) =>
    engine.test(name, async () => {
      await using world = await createReadingWorld(engine, { environment });
      await fn(world);
    });
  const ranked = async ({ deps, cloud, get }: ReadingWorld) => {
    await deps.jobs.enqueue("feed.rank", {});
    await cloud.advance("2s"); // upkeep is two a second
    const { body } = await get(`/api/feed/${kind}`);
    return body.listings.map(({ id }: { id: string }) => id);
  };
  const declare = (world: ReadingWorld, ...ids: string[]) =>
    world.post("/api/listings", { listings: ids.map((id) => ({ kind, id })) });
  const warnings = async ({ cloud }: ReadingWorld) => {
    const page = await cloud.fetch("/admin/analytics/feed", {
      headers: { authorization: "Bearer dev-operator-token", accept: "text/html" },
    });
    assert.equal(page.status, 200);
    const text = await page.text();
    return ["FEED_RANK is not set", "no listing is declared"].filter((said) => text.includes(said));
  };

  test("declared: ids that no backend has named are counted, and not ranked", {
    FEED_RANK: "declared",
  }, async (world) => {
    await write(world.sql, { days: counted });
    assert.deepEqual(await ranked(world), []);
    assert.deepEqual(await warnings(world), ["no listing is declared"]);
    await declare(world, "shown", "quiet");
    assert.deepEqual(await ranked(world), ["shown", "quiet"]);
    assert.deepEqual(await warnings(world), []);
  });

  test("all: every id of today's form is ranked, whoever named it", {
    FEED_RANK: "all",
  }, async (world) => {
    await write(world.sql, { days: counted });
    await declare(world, "shown");
    assert.deepEqual(await ranked(world), ["made-up", "shown"]);
    assert.deepEqual(await warnings(world), []);
  });

  test("a new install ranks what is declared, from its first flush on", {}, async (world) => {
    const { deps, cloud, sql } = world;
    await deps.jobs.enqueue("feed.flush", { day: "2026-11-21" });
    await cloud.settle();
    await write(sql, { days: counted });
    assert.deepEqual(await ranked(world), []);
    assert.deepEqual(await warnings(world), ["no listing is declared"]);
    await declare(world, "shown");
    assert.deepEqual(await ranked(world), ["shown"]);
  });

  test(
    "an install with counts and nothing declared goes on with all, warned, until FEED_RANK is set",
    {},
    async (world) => {
      const { sql } = world;
      await write(sql, { days: counted });
      assert.deepEqual(await ranked(world), ["made-up", "shown"]);
      assert.deepEqual(await warnings(world), ["FEED_RANK is not set"]);
      await declare(world, "shown");
      assert.deepEqual(
        await ranked(world),
        ["made-up", "shown"],
        "one listing does not hide the rest",
      );
      assert.deepEqual(await warnings(world), ["FEED_RANK is not set"]);
    },
  );

  test("so it does where a listing is declared before anything else happens", {}, async (world) => {
    await write(world.sql, { days: counted });
    await declare(world, "shown");
    assert.deepEqual(await ranked(world), ["made-up", "shown"]);
  });

  test(
    "ids of an older form are read, hidden and removed, and not declared anew",
    {},
    async (world) => {
      await write(world.sql, { days: counted });
      for (const id of ["<b>bold</b>", "a b"]) {
        const { status, body } = await world.get(`/api/metrics/${kind}/${encodeURIComponent(id)}`);
        assert.deepEqual([status, body.days[7].bookings], [200, 900]);
        for (const how of ["hidden", "removed"]) {
          const said = await world.post("/api/listings", { listings: [{ kind, id, [how]: true }] });
          assert.equal(said.status, 200, how);
        }
        const { status: refused, body: problem } = await declare(world, id);
        assert.deepEqual([refused, problem.fields[0].path], [422, "listings[0].id"]);
      }
    },
  );

  engine.test("a database of the version before keeps its feed when it is migrated", async () => {
    const sql = engine.database();
    await forgetAll(sql);
    await sql.query("DROP TABLE feed_rank");
    await sql.query("DELETE FROM schema_migrations WHERE id = 5");
    await write(sql, { days: counted });
    await migrate(sql, migrations);
    await using world = await createReadingWorld(engine, { environment: {} });
    await write(sql, { days: counted });
    assert.deepEqual(await ranked(world), ["made-up", "shown"]);
  });
}

Deno.test("a crowd that nobody knows neither books nor gets an id of its own into the feed", async () => {
  const lines: string[] = [];
  const log = (event: string, _fields?: LogFields) => void lines.push(event);
  let deps: ReturnType<typeof createDeps> | undefined;
  await using cloud = await createCloud({
    postgres: true,
    app: (environment) => {
      deps = createDeps(readConfig(environment), { log: { info: log, warn: log, error: log } });
      return createApp(deps);
    },
  });
  const send = async (path: string, body: unknown, headers: Record<string, string>) => {
    const answer = await cloud.fetch(path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  };
  const backend = { authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` };
  const browser = { "user-agent": BROWSER };
  await send("/api/listings", { listings: [{ kind, id: 42 }, { kind, id: 7 }] }, backend);
  for (let number = 0; number < 20; number++) {
    const booking = { kind, id: "made-up", booking: `invented-${number}` };
    const { status, body } = await send("/api/metrics/bookings", booking, browser);
    assert.deepEqual([status, body.code], [403, "booking_refused"]);
    const session = `session-${number}`;
    await send("/api/metrics/favorites", { kind, id: "made-up", session }, browser);
    await send("/api/metrics/views", { kind, id: 42, session }, browser);
  }
  const marked = await send("/api/metrics/views", { kind, id: "<img src=x>" }, browser);
  assert.equal(marked.status, 422);
  const booked = await send("/api/metrics/bookings", { kind, id: 7, booking: "b-1" }, backend);
  assert.deepEqual(booked.body, { outcome: "counted" });
  await cloud.advance("2h");
  const feed = await (await cloud.fetch(`/api/feed/${kind}`)).json();
  assert.deepEqual(feed.listings.map(({ id }: { id: string }) => id), ["42", "7"]);
  assert.ok(!lines.includes("feed.rank_doubtful"));
  await deps!.database?.close();
});
