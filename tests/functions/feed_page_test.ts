/**
 * The feed's dashboard as it is answered; tests/browser has it in a browser.
 *
 * @module
 */
import assert from "node:assert/strict";
import { priced } from "../../dev/redis/meter.ts";
import { addDays } from "../../shared/mod.ts";
import { type Gate, startGate } from "../support/gate.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createDashboardWorld, type DashboardWorld, fill, NOW, TODAY } from "./dashboard_world.ts";

const HOUR_MS = 3_600_000;
const at = (ms: number) => new Date(NOW + ms).toISOString();

for (const engine of postgresEngines()) {
  const test = (
    name: string,
    fn: (world: DashboardWorld, gate: Gate) => Promise<void>,
  ) =>
    engine.test(name, async () => {
      await using gate = startGate(engine.url());
      await using world = await createDashboardWorld(engine.database(), gate.url);
      await fn(world, gate);
    });

  test("the page shows counts, flush, proof, audit and rankings, for 0 commands", async (world) => {
    await fill(world.sql);
    const { commands, requests } = await priced(world.cloud, async () => {
      const { response, text } = await world.page();
      assert.equal(response.status, 200);
      const [{ views }] = await world.sql.query<{ views: string }>(
        "SELECT sum(views) AS views FROM feed_counts WHERE day = $1::date",
        [TODAY],
      );
      const shown = BigInt(views).toLocaleString("en-GB");
      for (
        const part of [
          `<p class="number">${shown}</p>`,
          `<td class="number-cell today">${shown}</td>`,
          '2026-11-21 14:05:00 UTC</time>, <span class="quiet" data-at="' +
          `${NOW - 25 * 60_000}">25 min ago`,
          "in 4 s and 1 slice: 98,120 members, 4,870 entries",
          "Drift 0: Redis and Postgres agree",
          'proven to be complete</span>, <time datetime="2026-11-21T00:10:31.000Z"',
          '41,210 compared, <span class="good">none has drifted',
          '<td class="id">services-10</td>',
          '<option value="berlin">',
        ]
      ) assert.ok(text.replace(/\s+/g, " ").includes(part), part);
      assert.doesNotMatch(text, /class="warning|services-11|Nothing was counted/);
      assert.equal([...text.matchAll(/<svg /g)].length, 4);
      assert.equal([...text.matchAll(/<rect /g)].length, 4 * 14);
    });
    assert.deepEqual({ commands, requests }, { commands: 0, requests: 0 });
    assert.equal(world.cloud.qstash.meter.snapshot().messages, 0);
  });

  test("days and segment can be chosen, and what is none of ours is left out", async (world) => {
    await fill(world.sql);
    const { text } = await world.page("?days=30&segment=paris");
    assert.equal([...text.matchAll(/<rect /g)].length, 4 * 30);
    assert.match(text, /href="[^"]*\?days=14&amp;segment=paris"/);
    assert.match(text, /locations:paris<\/h3>/);
    assert.equal([...text.matchAll(/<td class="id">/g)].length, 3, "no other kind has a paris");
    assert.equal([...text.matchAll(/No listing is in it/g)].length, 2);
    assert.match((await world.page("?segment=locations:paris")).text, /locations:paris<\/h3>/);
    const hostile = encodeURIComponent(`"><script>alert(1)</script>`);
    const { text: whole } = await world.page(`?segment=${hostile}&days=9999&notice=${hostile}`);
    assert.doesNotMatch(whole, /alert/);
    assert.equal([...whole.matchAll(/<rect /g)].length, 4 * 14);
    assert.match(whole, /id="top-locations">locations<\/h3>/);
  });

  test("what a listing is called cannot become part of the page's code", async (world) => {
    await fill(world.sql);
    await world.sql.query("UPDATE feed_ranks SET listing = '<script>alert(1)</script>'");
    await world.sql.query(
      `UPDATE feed_audits SET differing = 1, differences =
        '[{"kind":"events","id":"<script>alert(2)","metric":"views","redis":3,"postgres":4,"is":"drift"}]'`,
    );
    const { text } = await world.page();
    assert.ok(text.includes("&lt;script&gt;alert(1)"));
    assert.ok(!text.includes("<script>alert"));
  });

  const troubles: { name: string; change: string; says: RegExp }[] = [
    {
      name: "a drift",
      change: "UPDATE feed_flushes SET drift = -3 WHERE job = 'flush-0'",
      says: /warning wrong"><b>The last flush of 2026-11-21 left a drift of -3</,
    },
    {
      name: "an audit that differs",
      change: `UPDATE feed_audits SET differing = 2, differences =
        '[{"kind":"events","id":"7","metric":"views","redis":3,"postgres":4,"is":"drift"}]'`,
      says: /"><b>By the last audit, 2 counts of 2026-11-20 have drifted<[\s\S]*"id">events 7</,
    },
    {
      name: "a day that was not closed",
      change: `UPDATE feed_days SET proven_at = NULL WHERE day = '${addDays(TODAY, -3)}'`,
      says: /warning wrong"><b>Not proven to be complete: 2026-11-18</,
    },
    {
      name: "a day of which only counts are known",
      change: `DELETE FROM feed_days WHERE day = '${addDays(TODAY, -1)}'`,
      says: /Not proven to be complete: 2026-11-20<[\s\S]*not proven yet/,
    },
    {
      name: "a flush that does not end",
      change: "UPDATE feed_flushes SET ended_at = NULL WHERE job = 'flush-0'",
      says: /warning wrong"><b>A flush that began 25 min ago has not ended</,
    },
    {
      name: "no flush for long",
      change: `UPDATE feed_flushes SET started_at = started_at - interval '3 hours',
        ended_at = ended_at - interval '3 hours'`,
      says: /warning watch"><b>No flush for 3 h 25 min<[\s\S]*one comes every 2 h\./,
    },
  ];
  for (const { name, change, says } of troubles) {
    test(`${name} is said clearly`, async (world) => {
      await fill(world.sql);
      await world.sql.query(change);
      const { text } = await world.page();
      assert.match(text, says);
      assert.equal([...text.matchAll(/class="warning /g)].length, 1);
    });
  }

  test("shortly after midnight yesterday is not proven, and nobody is alarmed", async (world) => {
    await fill(world.sql);
    await world.cloud.advance(9 * HOUR_MS + 30 * 60_000 + HOUR_MS);
    await world.sql.query(
      "INSERT INTO feed_flushes (job, day, started_at, ended_at) VALUES ('n', $1::date, $2, $2)",
      [TODAY, at(9 * HOUR_MS)],
    );
    const { text } = await world.page();
    assert.match(text, /not proven yet: it is closed after 00:10 UTC/);
    assert.doesNotMatch(text, /class="warning/);
  });

  test("counts beyond what a number holds are shown to the last digit", async (world) => {
    for (const [listing, views] of [["1", "9223372036854775807"], ["2", "9223372036854775807"]]) {
      await world.sql.query(
        "INSERT INTO feed_counts (day, kind, listing, views) VALUES ($1::date, 'events', $2, $3::text::bigint)",
        [TODAY, listing, views],
      );
    }
    assert.match((await world.page()).text, />18,446,744,073,709,551,614</);
  });

  test("while nothing was counted it says what to do, and that works", async (world) => {
    const { text } = await world.page();
    const plain = text.replaceAll("&#39;", "'").replaceAll("&quot;", '"');
    const [, url, agent, body] = /curl -s (\S+) \\\s+-A '([^']+)' \\\s+-d '([^']+)'/.exec(plain) ??
      assert.fail(plain);
    assert.doesNotMatch(text, /class="warning/);
    const [, listings, own] = /curl -s (\S+) -H "[^"]+" \\\s+-d '([^']+)'/.exec(plain) ??
      assert.fail(plain);
    const headers = { Authorization: "Bearer dev-service-token" };
    const declared = await fetch(listings, { method: "POST", headers, body: own });
    assert.deepEqual(await declared.json(), { listings: 1, changed: 1 });
    const answer = await fetch(url, { method: "POST", headers: { "User-Agent": agent }, body });
    assert.deepEqual(await answer.json(), { outcome: "counted" });
    const pressed = await world.press("flush");
    assert.equal(pressed.status, 303, await pressed.text());
    await world.cloud.settle();
    const { text: counted } = await world.page(
      new URL(pressed.headers.get("Location")!, url).search,
    );
    assert.match(counted, /<p class="number">1<\/p>/);
    assert.match(counted, /role="status">The flush was asked for\. It takes some seconds/);
    assert.match(counted, /<td class="id">42<\/td>/, "the flush had it ranked");
  });

  test("each button enqueues its job, once a minute, and the log says who pressed", async (world) => {
    for (const action of ["flush", "rank", "audit"]) {
      const first = await world.press(action, { day: addDays(TODAY, -2) });
      assert.equal(first.headers.get("Location"), `/admin/analytics/feed?notice=${action}`);
      const again = await world.press(action, { day: addDays(TODAY, -2) });
      assert.equal(again.headers.get("Location"), `/admin/analytics/feed?notice=${action}-again`);
    }
    assert.equal(world.cloud.qstash.messages().length, 3);
    const asked = world.lines.filter(({ event }) => event === "operator.asked");
    assert.equal(asked.length, 6);
    assert.match(`${asked[0].operator}`, /^[\w-]{16}$/);
    await world.cloud.settle();
    await world.cloud.advance(60_000);
    const later = await world.press("rank");
    assert.equal(later.headers.get("Location"), "/admin/analytics/feed?notice=rank");
    const { text } = await world.page("?notice=rank-again");
    assert.match(text, /The ranking was asked for less than a minute ago\./);
  });

  test(
    "with Postgres away the page says so, in its frame, and is back with it",
    async (world, gate) => {
      await fill(world.sql);
      gate.shut();
      const { response, text } = await world.page();
      assert.equal(response.status, 503);
      assert.equal(response.headers.get("Retry-After"), "5");
      assert.match(text, /<h1 id="title">Postgres cannot be reached<\/h1>/);
      assert.match(text, /Nothing is lost/);
      assert.match(text, /aria-current="page">Feed<[\s\S]*Sign out/);
      assert.doesNotMatch(text, /postgres:\/\//);
      gate.open();
      assert.equal((await world.page()).response.status, 200);
    },
  );

  test("a day that Redis has forgotten, or that has not begun, is refused", async (world) => {
    for (const day of [addDays(TODAY, -8), addDays(TODAY, 1), "yesterday", "2026-02-30"]) {
      const answer = await world.press("flush", { day });
      assert.equal(answer.status, 422, day);
      const page = await answer.text();
      assert.match(page, /Back to the dashboards[\s\S]*body_invalid/);
      assert.doesNotMatch(page, /<script/, "a page that a form has led to does not ask again");
    }
    assert.equal((await world.press("flush", { day: addDays(TODAY, -7) })).status, 303);
    assert.equal((await world.press("delete")).status, 404);
    assert.equal((await world.press("constructor")).status, 404);
  });
}
