/**
 * What events cost, as pages send them. A Postgres is set, and never asked.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DAY_MS } from "../../shared/mod.ts";
import type { World } from "../core/jobs/world.ts";
import type { PriceRow } from "./price_list.ts";

const unused = {
  DATABASE_URL: "postgres://nobody@127.0.0.1:9/none",
  FEED_BOOKINGS: "anyone",
};
const approximate = { ...unused, FEED_UNIQUES: "approximate" };
const listing = { kind: "locations", id: 42, session: "session-of-a-browser" };
const other = { ...listing, session: "session-of-another" };

async function post({ cloud }: World, path: string, body: unknown, outcome = "counted") {
  const response = await cloud.fetch(`/api/metrics/${path}`, {
    method: "POST",
    headers: {
      "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    },
    body: JSON.stringify(body),
  });
  assert.equal((await response.json()).outcome, outcome);
}

const view = (world: World) => post(world, "views", listing);
const one = { commands: 1, messages: 0, trips: 1 };

/** Rows of the price list. */
export const eventPrices: readonly PriceRow[] = [
  {
    operation: "one view, new",
    ...one,
    environment: unused,
    prepare: view,
    run: (world) => post(world, "views", other),
  },
  {
    operation: "one view, repeated",
    ...one,
    environment: unused,
    prepare: view,
    run: (world) => post(world, "views", listing, "repeated"),
  },
  {
    operation: "up to 100 impressions in one request, any kinds and ids",
    ...one,
    environment: unused,
    prepare: view,
    run: (world) =>
      post(world, "impressions", {
        batch: "batch-0123456789",
        impressions: Array.from({ length: 100 }, (_, n) => ({
          kind: ["locations", "events", "services"][n % 3],
          id: n % 2 === 0 ? n : `id-${n}`,
        })),
      }),
  },
  {
    operation: "a favorite, or its undo",
    ...one,
    environment: unused,
    prepare: view,
    run: (world) => post(world, "favorites", { ...listing, undo: true }),
  },
  {
    operation: "a booking",
    ...one,
    environment: unused,
    prepare: view,
    run: (world) => post(world, "bookings", { ...listing, booking: "b-1" }),
  },
  {
    operation: "an event of a bot or a prefetch",
    commands: 0,
    messages: 0,
    trips: 0,
    environment: unused,
    run: ({ cloud }) =>
      cloud.fetch("/api/metrics/views", {
        method: "POST",
        headers: { "user-agent": "Googlebot/2.1" },
        body: JSON.stringify(listing),
      }),
  },
  {
    operation: "arming a day and its first slot, once",
    commands: 3,
    messages: 0,
    trips: 3,
    environment: unused,
    beyond: one,
    run: view,
  },
  {
    operation: "arming a further slot, once",
    commands: 2,
    messages: 0,
    trips: 2,
    environment: unused,
    beyond: one,
    prepare: async (world) => {
      // Its jobs are not what is measured.
      world.cloud.qstash.faults.add({ kind: "dropped", times: 1_000 });
      await world.cloud.advance(DAY_MS - world.cloud.clock.now() % DAY_MS);
      await view(world);
      await world.cloud.advance("2h");
    },
    run: (world) => post(world, "views", other),
  },
  {
    operation: "a further isolate's first event of a slot, beyond the event",
    commands: 1,
    messages: 0,
    trips: 1,
    environment: unused,
    beyond: one,
    prepare: async (world) => {
      await view(world);
      world.cloud.restart();
    },
    run: (world) => post(world, "views", other),
  },
  {
    operation: "one view by HyperLogLog",
    ...one,
    environment: approximate,
    prepare: view,
    run: (world) => post(world, "views", other),
  },
  {
    operation: "an isolate's first view of a listing and day by HyperLogLog, beyond the view",
    commands: 2,
    messages: 0,
    trips: 0,
    environment: approximate,
    prepare: view,
    beyond: one,
    run: (world) => post(world, "views", { ...listing, id: 7 }),
  },
  {
    operation: "an event while Redis is away",
    commands: 1,
    messages: 1,
    // Redis is asked three times, and once for all that the message carries.
    trips: 4,
    environment: unused,
    prepare: async (world) => {
      await view(world);
      world.cloud.redis.faults.add({ kind: "refuse", times: 3 });
    },
    run: async (world) => {
      await post(world, "views", other, "later");
      world.cloud.redis.faults.clear();
      await world.cloud.settle();
    },
  },
];
