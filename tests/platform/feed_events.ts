/**
 * Events in, on every runtime.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Cloud } from "../../dev/cloud.ts";
import { createKeys, dayOf, UNIQUE_SHARDS } from "../../shared/mod.ts";
import { authorized, type PlatformCase, until } from "./calls.ts";

const keys = createKeys("zeropoll");
const BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0";

/** Sends an event as a browser would. */
export async function sendEvent(
  cloud: Pick<Cloud, "url">,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${cloud.url}/api/metrics/${path}`, {
    method: "POST",
    headers: { "user-agent": BROWSER, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** A listing that no other case counts. */
const newListing = () => ({ kind: "locations", id: crypto.randomUUID() });
const newSession = () => crypto.randomUUID();

/** How often the listing is in today's sets, or yesterday's where it is just past midnight. */
async function countInRedis(cloud: Cloud, id: string): Promise<number> {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = cloud.environment;
  const days = [0, 86_400_000].map((ago) => dayOf(cloud.clock.now() - ago));
  const commands = days.flatMap((day) =>
    Array.from({ length: UNIQUE_SHARDS }, (_, shard) => ["SMEMBERS", keys.uniqueEvents(day, shard)])
  );
  const response = await fetch(`${url}/pipeline`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(commands),
  });
  const replies: { result: string[] }[] = await response.json();
  return replies.flatMap(({ result }) => result).filter((member) => member.endsWith(id)).length;
}

export const feedEventCases: readonly PlatformCase[] = [
  {
    name: "a view counts once for each session, whatever the content type",
    run: async (cloud) => {
      const view = { ...newListing(), session: newSession() };
      assert.equal((await sendEvent(cloud, "views", view)).body.outcome, "counted");
      const json = { "content-type": "application/json" };
      assert.equal((await sendEvent(cloud, "views", view, json)).body.outcome, "repeated");
      const other = { ...view, session: newSession() };
      assert.equal((await sendEvent(cloud, "views", other)).body.outcome, "counted");
      assert.equal(await countInRedis(cloud, view.id), 2);
    },
  },
  {
    name: "impressions, favorites and bookings are one command each",
    run: async (cloud) => {
      const listing = newListing();
      const session = newSession();
      const slot = () => Math.floor(Date.now() / 7_200_000);
      const armed = slot();
      await sendEvent(cloud, "views", newListing());
      const impressions = Array.from({ length: 100 }, (_, n) => ({ ...listing, id: `${n}~` }));
      for (
        const [path, body] of [
          ["impressions", { batch: crypto.randomUUID(), impressions }],
          ["favorites", { ...listing, session }],
          ["favorites", { ...listing, session, undo: true }],
          ["bookings", { ...listing, booking: crypto.randomUUID() }],
        ] as const
      ) {
        const by = path === "bookings" ? authorized(cloud) : undefined;
        const { status, headers, body: answer } = await sendEvent(cloud, path, body, by);
        assert.equal(status, 200, JSON.stringify(answer));
        assert.equal(answer.outcome, "counted");
        // The first event of a slot arms it.
        if (slot() === armed) {
          assert.match(headers.get("server-timing") ?? "", /desc="1 commands"/);
        }
      }
      assert.equal(await countInRedis(cloud, listing.id), 1);
    },
  },
  {
    name: "a booking of a browser's own is refused, and so is an id that is none",
    run: async (cloud) => {
      const booking = { ...newListing(), booking: crypto.randomUUID() };
      const refused = await sendEvent(cloud, "bookings", booking);
      assert.deepEqual([refused.status, refused.body.code], [403, "booking_refused"]);
      const marked = await sendEvent(cloud, "views", { ...newListing(), id: "<b>" });
      assert.deepEqual([marked.status, marked.body.fields[0].path], [422, "id"]);
    },
  },
  {
    name: "a backend records for whom it says, and a browser may not say",
    run: async (cloud) => {
      const view = { ...newListing(), user: newSession() };
      const answer = await sendEvent(cloud, "views", view, authorized(cloud));
      assert.deepEqual(answer.body, { outcome: "counted" });
      const refused = await sendEvent(cloud, "views", view);
      assert.equal(refused.status, 422);
      assert.equal(refused.body.fields[0].path, "user");
    },
  },
  {
    name: "programs and prefetches do not count",
    run: async (cloud) => {
      const view = newListing();
      const bot = await sendEvent(cloud, "views", view, { "user-agent": "Googlebot/2.1" });
      assert.deepEqual(bot.body, { outcome: "ignored", because: "bot" });
      const ahead = await sendEvent(cloud, "views", view, { "sec-purpose": "prefetch;prerender" });
      assert.deepEqual(ahead.body, { outcome: "ignored", because: "prefetch" });
      assert.equal(await countInRedis(cloud, view.id), 0);
    },
  },
  {
    name: "our own pages may send and read failures, others may not",
    run: async (cloud) => {
      const own = { origin: new URL(cloud.url).origin };
      const failed = await sendEvent(cloud, "views", "{", own);
      assert.equal(failed.status, 400);
      assert.equal(failed.headers.get("access-control-allow-origin"), own.origin);
      const foreign = await sendEvent(cloud, "views", newListing(), {
        origin: "https://evil.example",
      });
      assert.equal(foreign.status, 403);
      assert.equal(foreign.body.code, "origin_refused");
      const preflight = await fetch(`${cloud.url}/api/metrics/views`, {
        method: "OPTIONS",
        headers: { ...own, "access-control-request-method": "POST" },
      });
      assert.equal(preflight.status, 204);
      assert.equal(preflight.headers.get("access-control-max-age"), "86400");
    },
  },
  {
    name: "with Redis away a view is counted later, once",
    run: async (cloud) => {
      const view = { ...newListing(), session: newSession() };
      await sendEvent(cloud, "views", newListing());
      cloud.redis.faults.add({ kind: "refuse", commands: ["SADD"], times: 3 });
      const { status, headers, body } = await sendEvent(cloud, "views", view);
      assert.equal(status, 202, JSON.stringify(body));
      assert.deepEqual(body, { outcome: "later" });
      assert.equal(headers.get("x-degraded"), "later");
      await until(() => countInRedis(cloud, view.id), (count) => count === 1);
      assert.equal((await sendEvent(cloud, "views", view)).body.outcome, "repeated");
    },
  },
];
