/**
 * What was counted of listings, as it is answered.
 *
 * @module
 */
import assert from "node:assert/strict";
import { postgresEngines } from "../support/postgres_engines.ts";
import { NOW, write } from "./ranked_by_hand.ts";
import { createReadingWorld, type ReadingWorld } from "./reading_world.ts";

const none = { views: 0, impressions: 0, favorites: 0, bookings: 0 };

for (const engine of postgresEngines()) {
  const test = (name: string, fn: (world: ReadingWorld) => Promise<void>) =>
    engine.test(name, async () => {
      await using world = await createReadingWorld(engine);
      await fn(world);
    });

  test("counts are of 1, 7 and 30 UTC days with today, favorites of now", async ({ get, sql }) => {
    await write(sql, {
      days: [
        { age: 0, id: "42", views: 1, impressions: 10, favorites: 1, unfavorites: 2, bookings: 1 },
        { age: 6, id: "42", views: 2, impressions: 20, favorites: 4 },
        { age: 7, id: "42", views: 4 },
        { age: 29, id: "42", views: 8, bookings: 3 },
        { age: 30, id: "42", views: 16, favorites: 5, unfavorites: 1 },
        { age: -1, id: "42", views: 32 },
        { age: 0, id: "43", views: 64 },
      ],
    });
    await write(sql, { days: [{ age: 0, id: "42", views: 128 }], kind: "events" });
    const { status, headers, body } = await get("/api/metrics/locations/42");
    assert.equal(status, 200);
    assert.equal(headers.get("cache-control"), "public, max-age=60");
    assert.equal(headers.get("x-degraded"), null);
    assert.deepEqual(body, {
      kind: "locations",
      id: "42",
      days: {
        1: { views: 1, impressions: 10, favorites: -1, bookings: 1 },
        7: { views: 3, impressions: 30, favorites: 3, bookings: 1 },
        30: { views: 15, impressions: 30, favorites: 3, bookings: 4 },
      },
      favorites: 7,
      asOf: null,
    });
  });

  test("many are answered in the order asked for, unknown ones with zeros, equal ones twice", async ({ get, sql }) => {
    const odd = "späti / 7?&%";
    await write(sql, { days: [{ age: 0, id: "7", views: 7 }, { age: 0, id: odd, views: 9 }] });
    const ids = ["unknown", "7", odd, "7"];
    const query = ids.map((id) => `id=${encodeURIComponent(id)}`).join("&");
    const { status, headers, body } = await get(`/api/metrics/locations?${query}`);
    assert.equal(status, 200);
    assert.equal(headers.get("cache-control"), "public, max-age=60");
    assert.deepEqual(body.counts.map(({ id }: { id: string }) => id), ids);
    assert.deepEqual(
      body.counts.map(({ days }: { days: Record<number, { views: number }> }) => days[1].views),
      [0, 7, 9, 7],
    );
    assert.deepEqual(body.counts[0].days, { 1: none, 7: none, 30: none });
    const one = await get(`/api/metrics/locations/${encodeURIComponent(odd)}`);
    assert.deepEqual(one.body, body.counts[2]);
  });

  test("100 may be asked for at once, not more, nor none, nor what is no id", async ({ get }) => {
    const ids = Array.from({ length: 101 }, (_, index) => `id=${index}`);
    const most = await get(`/api/metrics/locations?${ids.slice(1).join("&")}`);
    assert.equal(most.body.counts.length, 100);
    for (const query of [ids.join("&"), "", "id=", `id=${"x".repeat(129)}`, "id=%00"]) {
      const { status, body } = await get(`/api/metrics/locations?${query}`);
      assert.equal(status, 422, query);
      assert.equal(body.code, "body_invalid");
      assert.match(body.detail, /^Cannot accept the query: id/);
    }
    assert.equal((await get("/api/metrics/locations/a%00b")).status, 422);
  });

  test("an unknown kind is a clear problem", async ({ get }) => {
    for (const path of ["/api/metrics/boats/1", "/api/metrics/boats?id=1"]) {
      const { status, body } = await get(path);
      assert.equal(status, 404);
      assert.equal(body.code, "feed_kind_unknown");
      assert.match(body.detail, /"boats": known are locations, events, services/);
    }
  });

  test("they say until when everything is counted", async ({ get, sql }) => {
    const flush = (job: string, day: string, startedAt: string, endedAt: string | null) =>
      sql.query(
        `INSERT INTO feed_flushes (job, day, started_at, ended_at)
         VALUES ($1, $2::date, $3::timestamptz, $4::timestamptz)`,
        [job, day, startedAt, endedAt],
      );
    const asOf = async () => (await get("/api/metrics/locations/1")).body.asOf;
    await flush("a", "2026-11-20", "2026-11-20T22:00:00Z", "2026-11-20T22:00:05Z");
    assert.equal(await asOf(), "2026-11-20T22:00:00.000Z");
    // After midnight, of the day that has ended: today's events are not in it.
    await flush("b", "2026-11-20", "2026-11-21T00:10:00Z", "2026-11-21T00:10:09Z");
    assert.equal(await asOf(), "2026-11-21T00:00:00.000Z");
    await flush("c", "2026-11-21", "2026-11-21T02:00:00Z", null);
    assert.equal(await asOf(), "2026-11-21T00:00:00.000Z", "one that has not ended says nothing");
    await sql.query("UPDATE feed_flushes SET ended_at = '2026-11-21T02:00:40Z' WHERE job = 'c'");
    assert.equal(await asOf(), "2026-11-21T02:00:00.000Z");
  });

  test("a count is exact up to 2^53 - 1, and refused beyond", async ({ get, sql }) => {
    const half = 2 ** 52;
    await write(sql, {
      days: [{ age: 0, id: "1", views: half }, { age: 1, id: "1", views: half - 1 }],
    });
    const most = await get("/api/metrics/locations/1");
    assert.equal(most.body.days[7].views, Number.MAX_SAFE_INTEGER);
    await sql.query("UPDATE feed_counts SET views = views + 1 WHERE day = '2026-11-21'");
    const { status, body } = await get("/api/metrics/locations/1");
    assert.equal(status, 500);
    assert.equal(body.code, "unexpected");
  });

  test("with Postgres away they are as they were answered last; what was not asked is 503", async ({ get, sql, gate }) => {
    await write(sql, { days: [{ age: 0, id: "1", views: 1 }, { age: 0, id: "2", views: 2 }] });
    const fresh = await get("/api/metrics/locations?id=1&id=2");
    gate.shut();
    const one = await get("/api/metrics/locations/2");
    assert.equal(one.status, 200);
    assert.equal(one.headers.get("x-degraded"), "stale");
    assert.equal(one.headers.get("cache-control"), "no-store");
    assert.deepEqual(one.body, { ...fresh.body.counts[1], stale: true });
    const many = await get("/api/metrics/locations?id=2&id=1&id=2");
    assert.deepEqual(many.body.counts.map(({ id }: { id: string }) => id), ["2", "1", "2"]);
    for (const path of ["/api/metrics/locations/3", "/api/metrics/locations?id=1&id=3"]) {
      const { status, headers, body } = await get(path);
      assert.equal(status, 503);
      assert.equal(body.code, "postgres_unavailable");
      assert.equal(headers.get("retry-after"), "5");
    }
    gate.open();
    await sql.query("UPDATE feed_counts SET views = 9 WHERE listing = '2'");
    const again = await get("/api/metrics/locations/2");
    assert.equal(again.headers.get("x-degraded"), null);
    assert.deepEqual([again.body.days[1].views, again.body.stale], [9, undefined]);
  });

  test("the day is the app's, at any hour of it", async ({ get, sql, cloud }) => {
    await write(sql, { days: [{ age: 0, id: "1", views: 1 }] });
    await cloud.advance(Date.UTC(2026, 10, 21, 23, 59, 59, 999) - NOW);
    assert.equal((await get("/api/metrics/locations/1")).body.days[1].views, 1);
    await cloud.advance(1);
    assert.equal((await get("/api/metrics/locations/1")).body.days[1].views, 0);
  });
}
