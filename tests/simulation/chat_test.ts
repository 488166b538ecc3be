/**
 * Replies of the chat under seeded faults: isolates that end at any await, clocks that differ, Redis,
 * Postgres and QStash away or late, deliveries that come twice, late, out of order or over each other,
 * a provider that refuses, stalls and breaks off, tabs that leave and come back, and stop from two sides.
 *
 * `ZEROPOLL_SEED=7 deno task test tests/simulation/chat_test.ts` replays one seed, `ZEROPOLL_SEED=1-200`
 * runs many.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { PostgresServer } from "../../dev/postgres/server.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import type { Database } from "../../shared/mod.ts";
import { startDatabase } from "../support/database.ts";
import { long, longIf } from "../support/long.ts";
import { weatherChat } from "./chat_storm.ts";
import { OneDeath, oneDeath, storm } from "./chat_weather.ts";

const SEEDS = [1, 2];
/** Of all awaits, each so manieth is tried by default. */
const EVERY = 30;

const given = Deno.env.get("ZEROPOLL_SEED");
const [first, last = first] = (given ?? "").split("-").map(Number);
const seeds = given === undefined
  ? SEEDS
  : Array.from({ length: last - first + 1 }, (_, index) => first + index);

let server: PostgresServer;
let database: Database;
Deno.test.beforeAll(async () => {
  server = await startDatabase();
  database = createPostgres({ url: server.url });
  await database.query("SELECT 1");
});
Deno.test.afterAll(async () => {
  await database.close();
  await server.close();
});

const sanitize = { sanitizeOps: false, sanitizeResources: false };

for (const [index, seed] of seeds.entries()) {
  Deno.test({
    ...longIf(
      index > 0,
      `seed ${seed}: every message is answered once, and every tab holds what is stored`,
    ),
    ...sanitize,
    fn: async () => {
      const { complaints, summary } = await weatherChat(seed, { database, weather: storm });
      if (given !== undefined) console.log(seed, JSON.stringify(summary));
      assert.deepEqual(complaints, [], `seed ${seed}`);
    },
  });
}

Deno.test({
  ...long("a seed repeats itself: every row, every line of the log"),
  ...sanitize,
  fn: async () => {
    const once = await weatherChat(7, { database, weather: storm });
    assert.deepEqual(await weatherChat(7, { database, weather: storm }), once);
  },
});

for (const mode of ["direct", "queued"] as const) {
  Deno.test({
    name: `the isolate ends at any await of a reply, ${mode}: one reply all the same`,
    ...sanitize,
    fn: async () => {
      const every = given === undefined ? EVERY : 1;
      const die = async (end: number) => {
        const fate = new OneDeath(end);
        const weather = () => oneDeath(fate, mode);
        const { complaints } = await weatherChat(1, { database, weather });
        assert.deepEqual(complaints, [], `ended at await ${end}, ${fate.at ?? "never"}`);
        return fate.points;
      };
      const points = await die(Infinity);
      for (let end = 0; end < points; end += every) await die(end);
      if (given !== undefined) console.log(`${mode}: ended at each of ${points} awaits`);
    },
  });
}
