/**
 * The feed's counts under seeded faults: refused, late and lost replies of Redis, QStash and Postgres,
 * each away for a while, deliveries that come twice, late or out of order, requests and isolates that
 * end at any await, clocks that differ, a deploy; people who send again what was not answered well.
 *
 * `ZEROPOLL_SEED=7 deno task test tests/simulation` replays one seed, `ZEROPOLL_SEED=1-200` runs many.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { PostgresServer } from "../../dev/postgres/server.ts";
import { startDatabase } from "../support/database.ts";
import { long, longIf } from "../support/long.ts";
import { weatherFeed } from "./feed_weather.ts";

const SEEDS = [2];
const EVENTS = 1_500;

const given = Deno.env.get("ZEROPOLL_SEED");
const [first, last = first] = (given ?? "").split("-").map(Number);
const seeds = given === undefined
  ? SEEDS
  : Array.from({ length: last - first + 1 }, (_, index) => first + index);

let server: PostgresServer;
Deno.test.beforeAll(async () => {
  server = await startDatabase();
});
Deno.test.afterAll(() => server.close());

for (const [index, seed] of seeds.entries()) {
  Deno.test({
    ...longIf(
      index > 0,
      `seed ${seed}: what was accepted is in Postgres once, and every day is proven`,
    ),
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const end = await weatherFeed(seed, { url: server.url, events: EVENTS });
      if (given !== undefined) console.log(seed, end.summary);
      assert.deepEqual(end.complaints, [], `seed ${seed}`);
    },
  });
}

Deno.test({
  ...long("a seed repeats itself: every row, every answer, every command, every message"),
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const once = await weatherFeed(106, { url: server.url, events: 250 });
    assert.deepEqual(await weatherFeed(106, { url: server.url, events: 250 }), once);
  },
});
