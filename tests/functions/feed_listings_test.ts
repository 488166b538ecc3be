/**
 * What backends say of listings, and the job that ranks them.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Cloud } from "../../dev/cloud.ts";
import type { Database, Sql } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { NOW, randomListings, rankByHand, ranked, write } from "./ranked_by_hand.ts";
import { createReadingWorld, type ReadingWorld } from "./reading_world.ts";
import { createRandom } from "../simulation/random.ts";

for (const engine of postgresEngines()) {
  const test = (
    name: string,
    fn: (world: ReadingWorld) => Promise<void>,
    options: Parameters<typeof createReadingWorld>[1] = {},
  ) =>
    engine.test(name, async () => {
      await using world = await createReadingWorld(engine, options);
      await fn(world);
    });

  const kind = "locations";

  test("listings are kept as they are said last, and what changed is counted", async (world) => {
    const say = async (listings: unknown[]) => {
      const { status, body } = await world.post("/api/listings", { listings });
      assert.equal(status, 200, JSON.stringify(body));
      return body;
    };
    assert.deepEqual(
      await say([
        { kind, id: 1, segments: ["paris", "berlin", "paris"] },
        { kind, id: "1b" },
        { kind: "events", id: "1", hidden: true },
      ]),
      { listings: 3, changed: 3 },
    );
    assert.deepEqual(await listings(world.sql), [
      "events 1 {} hidden",
      "locations 1 {berlin,paris}",
      "locations 1b {}",
    ]);
    assert.deepEqual(
      await say([{ kind, id: "1", segments: ["berlin", "paris"] }, {
        kind,
        id: "1b",
        removed: true,
      }]),
      { listings: 2, changed: 1 },
    );
    assert.deepEqual(
      await say([{ kind, id: 1, segments: ["rome"] }, { kind, id: 1 }, {
        kind: "events",
        id: "1",
        segments: ["x"],
      }]),
      { listings: 3, changed: 2 },
      "the last word on 1 is the one without segments",
    );
    assert.deepEqual(await listings(world.sql), [
      "events 1 {x}",
      "locations 1 {}",
      "locations 1b {} hidden removed",
    ]);
    assert.deepEqual(await say([{ kind, id: "1b", segments: ["berlin"] }]), {
      listings: 1,
      changed: 1,
    });
    assert.deepEqual((await listings(world.sql)).at(-1), "locations 1b {berlin}");
  });

  test("only backends may say it, and only what fits", async (world) => {
    const body = { listings: [{ kind, id: 1 }] };
    assert.equal((await world.post("/api/listings", body, "wrong")).body.code, "token_invalid");
    assert.equal(
      (await world.cloud.fetch("/api/listings", { method: "POST", body: "{}" })).status,
      401,
    );
    const many = (count: number) => Array.from({ length: count }, (_, id) => ({ kind, id }));
    assert.deepEqual((await world.post("/api/listings", { listings: many(500) })).body, {
      listings: 500,
      changed: 500,
    });
    const refused = [
      many(501),
      [],
      [{ kind: "boats", id: 1 }],
      [{ kind, id: 1, segments: ["Berlin"] }],
      [{ kind, id: 1, segments: ["a:b"] }],
      [{ kind, id: 1, segments: Array.from({ length: 21 }, (_, index) => `s${index}`) }],
      [{ kind, id: 1, city: "berlin" }],
      [{ kind, id: "a b" }],
      [{ kind, id: "<b>1</b>", segments: ["berlin"] }],
    ];
    for (const listings of refused) {
      const { status, body } = await world.post("/api/listings", { listings });
      assert.deepEqual([status, body.code], [422, "body_invalid"]);
    }
    assert.equal((await listings(world.sql)).length, 500);
  });

  test("the largest request that is allowed is taken", async (world) => {
    const segments = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(64, "x"));
    const listings = Array.from({ length: 500 }, (_, index) => ({
      kind,
      id: `${index}`.padEnd(128, "y"),
      segments,
    }));
    const { status, body } = await world.post("/api/listings", { listings });
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.changed, 500);
  });

  test("what changed is ranked within 10 minutes, by one job", async (world) => {
    const { cloud, post, get } = world;
    const say = (id: number) =>
      post("/api/listings", { listings: [{ kind, id, segments: ["x"] }] });
    await say(1);
    await cloud.advance("4m");
    await say(2);
    await say(2);
    assert.equal((await get("/api/feed/locations:x")).body.rankedAt, null);
    await cloud.advance("6m");
    const { body } = await get("/api/feed/locations:x");
    assert.deepEqual(body.listings.map(({ id }: { id: string }) => id), ["1", "2"]);
    assert.equal(cloud.qstash.meter.snapshot().messages, 1);
    assert.equal(cloud.redis.meter.snapshot().commands, 2, "the job's own");
    await say(2);
    await cloud.advance("1h");
    assert.equal(cloud.qstash.meter.snapshot().messages, 1, "nothing changed, nothing is ranked");
  });

  test("with Postgres away nothing is taken", async (world) => {
    world.gate.shut();
    const { status, body } = await world.post("/api/listings", { listings: [{ kind, id: 1 }] });
    assert.deepEqual([status, body.code], [503, "postgres_unavailable"]);
  });

  test("the job ranks every kind in one delivery", async (world) => {
    const { days, listings } = randomListings(createRandom(11), 20);
    for (const kind of ["locations", "events", "services"]) {
      await write(world.sql, { days, listings, kind });
    }
    const { id } = await world.deps.jobs.enqueue("feed.rank", {});
    await world.cloud.settle();
    assert.equal((await world.deps.jobs.state(id)).state, "succeeded");
    assert.equal(world.cloud.qstash.meter.snapshot().messages, 1);
    for (const kind of ["locations", "events", "services"]) {
      assert.deepEqual(await ranked(world.sql, kind), rankByHand(days, listings, kind));
    }
  });

  test("where Postgres is slow the job goes on in a chain of deliveries", async (world) => {
    const { days, listings } = randomListings(createRandom(12), 20);
    for (const kind of ["locations", "services"]) await write(world.sql, { days, listings, kind });
    await world.deps.jobs.enqueue("feed.rank", {});
    await world.cloud.advance("10m");
    for (const kind of ["locations", "services"]) {
      assert.deepEqual(await ranked(world.sql, kind), rankByHand(days, listings, kind));
    }
    // 3 kinds of 4 steps, and 2 looks for more, of 9 s each: 4 to a delivery.
    const messages = world.cloud.qstash.messages();
    assert.deepEqual(new Set(messages.map(({ state }) => state)), new Set(["DELIVERED"]));
    assert.equal(messages.length, 5);
    assert.deepEqual(await world.sql.query("SELECT DISTINCT complete FROM feed_rankings"), [{
      complete: true,
    }]);
    const [{ jobs }] = await world.sql.query<{ jobs: number }>(
      "SELECT count(DISTINCT job)::int AS jobs FROM feed_rankings",
    );
    assert.equal(jobs, 1, "one run");
  }, { wrap: (deps, cloud) => slow(deps.database!, cloud, 9_000) });
}

async function listings(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ line: string }>(
    `SELECT concat_ws(' ', kind, id, segments::text, CASE WHEN hidden THEN 'hidden' END,
       CASE WHEN removed_at = $1::timestamptz THEN 'removed' END) AS line
     FROM listings ORDER BY kind, id`,
    [new Date(NOW).toISOString()],
  );
  return rows.map(({ line }) => line);
}

/** The same Postgres, but each transaction takes so many virtual ms. */
function slow(database: Database, cloud: () => Cloud, ms: number): Database {
  const slowed: Database = {
    query: (text, params) => database.query(text, params),
    async transaction(work) {
      await cloud().clock.sleep(ms);
      return await database.transaction(work);
    },
    session: () => slowed,
    close: () => database.close(),
  };
  return slowed;
}
