/**
 * The ranked feed, as it is answered.
 *
 * @module
 */
import assert from "node:assert/strict";
import { isMatch } from "../../functions/feed/reading/conditional.ts";
import { StaleAnswers } from "../../functions/feed/reading/stale.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { NOW, write } from "./ranked_by_hand.ts";
import { createReadingWorld, type ReadingWorld } from "./reading_world.ts";

const matches: [ifNoneMatch: string | undefined, isMatch: boolean, because: string][] = [
  [undefined, false, "nothing is asked"],
  ['W/"a"', true, "it is the same"],
  ['"a"', true, "the comparison is weak"],
  ['"b", W/"a"', true, "a list may hold it"],
  ['"b","c"', false, "a list may not hold it"],
  [" * ", true, "any will do"],
  ['"*"', false, "a star in quotes is a tag"],
  ['"x, W/"a"', false, "a comma may be in a tag"],
  ["a", false, "a tag has quotes"],
  ['W/"A"', false, "case matters"],
];
for (const [given, expected, because] of matches) {
  Deno.test(`If-None-Match: ${given} ${expected ? "matches" : "does not match"}: ${because}`, () => {
    assert.equal(isMatch(given, 'W/"a"'), expected);
  });
}

Deno.test("the memory for bad times is bounded by count and by bytes; what was kept first goes first", () => {
  const memory = new StaleAnswers({ mostEntries: 3, mostBytes: 200 });
  for (const key of ["a", "b", "a", "c", "d"]) memory.remember(key, { key });
  assert.deepEqual(["a", "b", "c", "d"].map((key) => memory.recall(key) !== undefined), [
    true,
    false,
    true,
    true,
  ]);
  memory.remember("e", "x".repeat(60));
  assert.ok(memory.size.bytes <= 200 && memory.recall("e") !== undefined);
  memory.remember("e", "x".repeat(100));
  assert.equal(
    memory.recall("e"),
    undefined,
    "too large by itself, so the old one is gone as well",
  );
  for (let number = 0; number < 1_000; number++) memory.remember(`${number}`, number);
  assert.deepEqual(memory.size, { entries: 3, bytes: 36 });
});

for (const engine of postgresEngines()) {
  const test = (name: string, fn: (world: ReadingWorld) => Promise<void>) =>
    engine.test(name, async () => {
      await using world = await createReadingWorld(engine);
      await fn(world);
    });

  test("a feed is the ranking of its segment, best first", async (world) => {
    await write(world.sql, {
      days: [
        { age: 0, id: "A", impressions: 300, views: 30, favorites: 2, bookings: 1 },
        { age: 7, id: "B", impressions: 200, views: 40 },
      ],
      listings: [{ id: "A", segments: ["berlin"] }],
    });
    await world.rank();
    const { status, headers, body } = await world.get("/api/feed/locations");
    assert.equal(status, 200);
    assert.equal(headers.get("cache-control"), "public, max-age=60");
    assert.match(headers.get("etag")!, /^W\/"[0-9a-f]{24}"$/);
    assert.deepEqual(body, {
      segment: "locations",
      rankedAt: new Date(NOW).toISOString(),
      listings: [
        { position: 1, kind: "locations", id: "B", score: 0.183333333 },
        { position: 2, kind: "locations", id: "A", score: 0.17 },
      ],
    });
    const berlin = await world.get("/api/feed/locations:berlin");
    assert.deepEqual(berlin.body.listings, [
      { position: 1, kind: "locations", id: "A", score: 0.17 },
    ]);
  });

  test("before the first ranking, and in a segment of nobody, a feed is empty", async (world) => {
    const before = await world.get("/api/feed/events");
    assert.deepEqual(before.body, { segment: "events", rankedAt: null, listings: [] });
    await world.rank("events");
    const empty = await world.get("/api/feed/events");
    assert.deepEqual(empty.body.listings, []);
    assert.equal(empty.body.rankedAt, new Date(NOW).toISOString());
    const nobody = await world.get("/api/feed/events:nowhere");
    assert.deepEqual([nobody.status, nobody.body.listings], [200, []]);
  });

  const refused: [path: string, status: number, code: string, detail: RegExp][] = [
    ["boats", 404, "feed_kind_unknown", /"boats": known are locations, events, services/],
    ["boats:berlin", 404, "feed_kind_unknown", /"boats"/],
    ["locations:", 422, "body_invalid", /segment/],
    ["locations:Berlin", 422, "body_invalid", /segment: must be 1 to 64/],
    ["locations:a:b", 422, "body_invalid", /segment/],
    ["locations?limit=0", 422, "body_invalid", /the query: limit/],
    ["locations?limit=101", 422, "body_invalid", /limit/],
    ["locations?limit=1.5", 422, "body_invalid", /limit/],
    ["locations?limit=ten", 422, "body_invalid", /limit/],
    ["locations?cursor=", 422, "body_invalid", /cursor: is none that a page ended with/],
    ["locations?cursor=%00", 422, "body_invalid", /cursor/],
    ["locations?cursor=bm9uZQ", 422, "body_invalid", /cursor/],
    [`locations?cursor=${"x".repeat(301)}`, 422, "body_invalid", /cursor/],
    [`locations?cursor=${btoa("1.2.events").replaceAll("=", "")}`, 422, "body_invalid", /another/],
    [
      `locations?cursor=${btoa("7.2.locations").replaceAll("=", "")}`,
      410,
      "feed_cursor_gone",
      /anew/,
    ],
  ];
  for (const [path, status, code, detail] of refused) {
    test(`/api/feed/${path.slice(0, 40)} answers ${status} ${code}`, async (world) => {
      const { body, ...answer } = await world.get(`/api/feed/${path}`);
      assert.equal(answer.status, status, JSON.stringify(body));
      assert.equal(body.code, code);
      assert.match(body.detail, detail);
      assert.equal(answer.headers.get("cache-control"), "no-store");
    });
  }

  test("pages follow one another to the last, in one ranking while a newer one appears", async (world) => {
    const ids = await rankMany(world, 7);
    const path = "/api/feed/locations:berlin?limit=3";
    const first = await world.get(path);
    // Written anew, under the next id; the ranking that is read stays.
    await world.sql.query("UPDATE feed_counts SET views = 1000 - views");
    await world.rank();
    const second = await world.get(`${path}&cursor=${first.body.cursor}`);
    const third = await world.get(`${path}&cursor=${second.body.cursor}`);
    assert.deepEqual([first, second, third].flatMap(idsOf), ids);
    assert.deepEqual(third.body.listings.map(({ position }: { position: number }) => position), [
      7,
    ]);
    assert.equal(third.body.cursor, undefined);
    assert.deepEqual(idsOf(await world.get(path)), ids.toReversed().slice(0, 3));
    await world.rank();
    await world.rank();
    const gone = await world.get(`${path}&cursor=${first.body.cursor}`);
    assert.deepEqual([gone.status, gone.body.code], [410, "feed_cursor_gone"]);
  });

  test("a page that ends with the ranking has no cursor", async (world) => {
    await rankMany(world, 4);
    assert.equal((await world.get("/api/feed/locations?limit=4")).body.cursor, undefined);
    assert.notEqual((await world.get("/api/feed/locations?limit=3")).body.cursor, undefined);
    assert.equal((await world.get("/api/feed/locations")).body.listings.length, 4);
  });

  test("who has the page is answered 304, until there is another", async (world) => {
    await rankMany(world, 5);
    const path = "/api/feed/locations?limit=3";
    const { headers } = await world.get(path);
    const tag = headers.get("etag")!;
    for (const ifNoneMatch of [tag, `"other", ${tag}`, tag.replace("W/", ""), "*"]) {
      const answer = await world.get(path, { "if-none-match": ifNoneMatch });
      assert.equal(answer.status, 304);
      assert.equal(answer.body, undefined);
      assert.equal(answer.headers.get("etag"), tag);
      assert.equal(answer.headers.get("cache-control"), "public, max-age=60");
    }
    for (const other of ["/api/feed/locations:berlin?limit=3", "/api/feed/locations?limit=2"]) {
      assert.equal((await world.get(other, { "if-none-match": tag })).status, 200);
    }
    await world.cloud.advance("2h");
    await world.rank();
    const next = await world.get(path, { "if-none-match": tag });
    assert.equal(next.status, 200);
    assert.notEqual(next.headers.get("etag"), tag);
  });

  test("what is hidden is in no page from then on, and its place stays empty", async (world) => {
    await rankMany(world, 6);
    const path = "/api/feed/locations?limit=3";
    const before = await world.get(path);
    await world.post("/api/listings", {
      listings: [{ kind: "locations", id: 1, segments: ["berlin"], hidden: true }],
    });
    const after = await world.get(path, { "if-none-match": before.headers.get("etag")! });
    assert.equal(after.status, 200);
    assert.deepEqual(
      after.body.listings.map((
        { id, position }: { id: string; position: number },
      ) => [id, position]),
      [["0", 1], ["2", 3], ["3", 4]],
    );
    const next = await world.get(`${path}&cursor=${after.body.cursor}`);
    assert.deepEqual(idsOf(next), ["4", "5"]);
  });

  test("with Postgres away a page is as it was answered last; any other is 503", async (world) => {
    const ids = await rankMany(world, 5);
    const path = "/api/feed/locations?limit=3";
    const fresh = await world.get(path);
    world.gate.shut();
    for (let time = 0; time < 2; time++) {
      const { status, headers, body } = await world.get(path);
      assert.equal(status, 200);
      assert.deepEqual(body, { ...fresh.body, stale: true });
      assert.equal(headers.get("x-degraded"), "stale");
      assert.equal(headers.get("cache-control"), "no-store");
      assert.equal(headers.get("etag"), null, "so that nobody keeps it for the fresh one");
    }
    const tag = fresh.headers.get("etag")!;
    const same = await world.get(path, { "if-none-match": tag });
    assert.deepEqual([same.status, same.headers.get("x-degraded")], [304, "stale"]);
    const next = await world.get(`${path}&cursor=${fresh.body.cursor}`);
    assert.deepEqual([next.status, next.body.code], [503, "postgres_unavailable"]);
    world.gate.open();
    await world.sql.query("UPDATE feed_counts SET views = 1000 - views");
    await world.rank();
    const again = await world.get(path);
    assert.deepEqual(idsOf(again), ids.toReversed().slice(0, 3));
    assert.deepEqual([again.body.stale, again.headers.get("x-degraded")], [undefined, null]);
  });
}

/** Ranks so many listings, all in Berlin, the first the best. */
async function rankMany({ sql, rank }: ReadingWorld, count: number) {
  const ids = Array.from({ length: count }, (_, index) => `${index}`);
  await write(sql, {
    days: ids.map((id, index) => ({ age: 0, id, views: 1_000 - index })),
    listings: ids.map((id) => ({ id, segments: ["berlin"] })),
  });
  await rank();
  return ids;
}
function idsOf({ body }: { body: { listings: { id: string }[] } }): string[] {
  return body.listings.map(({ id }) => id);
}
