/**
 * Views, impressions, favorites and bookings, as a browser sends them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { BROWSER, createEventsWorld, DAY, keys, NEXT_DAY } from "./feed_events_world.ts";

const session = "session-of-a-browser";
const view = { kind: "locations", id: 42, session };
const favorite = { kind: "services", id: "s-1", session };
const booking = { kind: "events", id: "e-1", booking: "b-1", session };
const impressions = (listings: unknown[], batch = "batch-0123456789") => ({
  batch,
  impressions: listings,
  session,
});

Deno.test("a view counts once for each person and UTC day", async () => {
  await using world = await createEventsWorld();
  const first = await world.post("views", view);
  assert.equal(first.status, 200);
  assert.deepEqual(first.body, { outcome: "counted" });
  assert.deepEqual((await world.post("views", view)).body, { outcome: "repeated" });
  const other = { ...view, session: "session-of-another" };
  assert.deepEqual((await world.post("views", other)).body, { outcome: "counted" });
  assert.equal((await world.members()).length, 2);
});

Deno.test("five minutes after midnight UTC a view belongs to the new day", async () => {
  await using world = await createEventsWorld({ startAt: `${DAY}T23:59:59.999Z` });
  assert.equal((await world.post("views", view)).body.outcome, "counted");
  await world.cloud.advance("5m");
  assert.equal((await world.post("views", view)).body.outcome, "counted");
  assert.equal((await world.members(DAY)).length, 1);
  assert.deepEqual(await world.members(NEXT_DAY), await world.members(DAY));
});

Deno.test("the integer 42 and the text 42 are one listing, and 042 is another", async () => {
  await using world = await createEventsWorld();
  const outcomes = [];
  for (const id of [42, "42", 42.0, "042"]) {
    outcomes.push((await world.post("views", { ...view, id })).body.outcome);
  }
  assert.deepEqual(outcomes, ["counted", "repeated", "repeated", "counted"]);
});

Deno.test("equal ids of two kinds are two listings", async () => {
  await using world = await createEventsWorld();
  for (const kind of ["locations", "events", "services"]) {
    assert.equal((await world.post("views", { ...view, kind })).body.outcome, "counted");
  }
});

for (
  const id of ["a.b", "__proto__", "constructor", "~-_.A9", "x".repeat(128), "0", ".."]
) {
  Deno.test(`a listing may have the id ${JSON.stringify(id.slice(0, 20))}`, async () => {
    await using world = await createEventsWorld();
    assert.equal((await world.post("views", { ...view, id })).body.outcome, "counted");
    const [member] = await world.members();
    assert.equal(member.slice(17), `locations:${id}`);
  });
}

Deno.test("a batch of impressions is one entry, with equal listings added up", async () => {
  await using world = await createEventsWorld();
  const shown = [
    { kind: "locations", id: 42 },
    { kind: "events", id: "e-1", count: 3 },
    { kind: "locations", id: "42", count: 2 },
    { kind: "services", id: "__proto__" },
  ];
  const { status, body } = await world.post("impressions", impressions(shown));
  assert.deepEqual([status, body], [200, { outcome: "counted" }]);
  assert.deepEqual(await world.entries(), [{
    type: "impressions",
    batch: "batch-0123456789",
    counts: [["locations", "42", 3], ["events", "e-1", 3], ["services", "__proto__", 1]],
  }]);
});

Deno.test("a favorite and its undo are two words of one person", async () => {
  await using world = await createEventsWorld();
  assert.equal((await world.post("favorites", favorite)).body.outcome, "counted");
  assert.equal(
    (await world.post("favorites", { ...favorite, undo: true })).body.outcome,
    "counted",
  );
  const [one, other] = await world.entries();
  assert.deepEqual([one.favorited, other.favorited], [true, false]);
  assert.equal(one.by, other.by);
  assert.equal("at" in one, false, "the stream's own clock says when");
});

Deno.test("a booking counts once for its own id, whoever sends it", async () => {
  await using world = await createEventsWorld();
  const outcomes = [];
  for (
    const sent of [booking, { ...booking, session: undefined }, { ...booking, booking: "b-2" }]
  ) {
    outcomes.push((await world.post("bookings", sent)).body.outcome);
  }
  assert.deepEqual(outcomes, ["counted", "repeated", "counted"]);
  for (const id of [7, "7"]) {
    outcomes.push((await world.post("bookings", { ...booking, booking: id })).body.outcome);
  }
  assert.deepEqual(outcomes.slice(3), ["counted", "repeated"]);
});

Deno.test("a view and a booking of one listing are told apart", async () => {
  await using world = await createEventsWorld();
  await world.post("views", { ...booking, booking: undefined });
  await world.post("bookings", booking);
  assert.deepEqual((await world.members()).map((member) => member[0]), ["b", "v"]);
});

const priced: [what: string, path: string, body: unknown][] = [
  ["a new view", "views", { ...view, id: "new" }],
  ["a repeated view", "views", view],
  [
    "100 impressions of any kinds and ids",
    "impressions",
    impressions(Array.from({ length: 100 }, (_, n) => ({
      kind: ["locations", "events", "services"][n % 3],
      id: n % 2 === 0 ? n : `id-${n}-`.padEnd(128, "~"),
    }))),
  ],
  ["a favorite", "favorites", favorite],
  ["an undone favorite", "favorites", { ...favorite, undo: true }],
  ["a booking", "bookings", booking],
];
for (const [what, path, body] of priced) {
  Deno.test(`${what} costs 1 command, in 1 request to Redis, and no message`, async () => {
    await using world = await createEventsWorld();
    await world.post("views", view);
    world.bill();
    const { status, headers } = await world.post(path, body);
    assert.equal(status, 200);
    assert.equal(world.cloud.redis.meter.snapshot().requests, 1);
    assert.deepEqual(world.bill(), { commands: 1, messages: 0 });
    assert.match(headers.get("server-timing")!, /desc="1 commands"/);
  });
}

for (
  const type of [
    "text/plain;charset=UTF-8",
    "application/json",
    "application/x-www-form-urlencoded",
    "",
  ]
) {
  Deno.test(`a body is JSON, and "${type}" as its type changes nothing`, async () => {
    await using world = await createEventsWorld();
    const bytes = new TextEncoder().encode(JSON.stringify(view));
    const headers: HeadersInit = type ? { "content-type": type } : {};
    assert.equal((await world.post("views", bytes, headers)).body.outcome, "counted");
  });
}

Deno.test("in approximate mode a view is a HyperLogLog's, and all else as before", async () => {
  await using world = await createEventsWorld({ environment: { FEED_UNIQUES: "approximate" } });
  assert.equal((await world.post("views", view)).body.outcome, "counted");
  world.bill();
  assert.equal((await world.post("views", view)).body.outcome, "repeated");
  assert.equal(
    (await world.post("views", { ...view, session: "session-2" })).body.outcome,
    "counted",
  );
  assert.deepEqual(world.bill(), { commands: 2, messages: 0 });
  assert.equal(await world.redis("PFCOUNT", keys.approximateViews(DAY, "locations", "42")), 2);
  assert.deepEqual(await world.redis("SMEMBERS", keys.approximateListings(DAY)), ["locations:42"]);
  await world.post("bookings", booking);
  assert.equal((await world.members()).length, 1);
});

Deno.test("100 first views at once pay for one arming of two slots", async () => {
  await using world = await createEventsWorld();
  const sent = Array.from({ length: 100 }, (_, id) => world.post("views", { ...view, id }));
  for (const { body } of await Promise.all(sent)) assert.equal(body.outcome, "counted");
  assert.equal(world.bill().commands, 100 + 3);
  assert.equal(world.cloud.qstash.messages().length, 2);
});

Deno.test("another isolate pays for its read alone", async () => {
  await using world = await createEventsWorld();
  await world.post("views", view);
  world.cloud.restart();
  world.bill();
  await world.post("views", view);
  assert.deepEqual(world.bill(), { commands: 2, messages: 0 });
  await world.post("views", view);
  assert.deepEqual(world.bill(), { commands: 1, messages: 0 });
  assert.equal(world.cloud.qstash.messages().length, 2);
});

Deno.test("the flush is due at its slot's end, and the day's last one after midnight UTC", async () => {
  await using world = await createEventsWorld();
  await world.post("views", view);
  const [flush] = world.messages("feed.flush");
  const [close] = world.messages("feed.close");
  assert.deepEqual(flush.input, { day: DAY, uniques: "exact" });
  assert.deepEqual(close.input, { day: DAY, uniques: "exact" });
  assert.equal(new Date(flush.dueAt).toISOString(), `${DAY}T12:00:00.000Z`);
  assert.equal(new Date(close.dueAt).toISOString(), `${NEXT_DAY}T00:10:00.000Z`);
});

for (const missing of ["IDENTITY_SECRET", "DATABASE_URL"]) {
  Deno.test(`without ${missing} every endpoint says that it is not configured, and does nothing`, async () => {
    await using world = await createEventsWorld({ environment: { [missing]: "" } });
    for (const path of ["views", "impressions", "favorites", "bookings"]) {
      const { status, body } = await world.post(path, view);
      assert.equal(status, 503);
      assert.equal(body.code, "not_configured");
      assert.equal(body.detail, `Cannot use the feed: set ${missing}`);
    }
    assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
  });
}

Deno.test("what a request costs, and no id or token, stands in its log line", async () => {
  await using world = await createEventsWorld();
  await world.post("views", { ...view, id: "listing-id" });
  const line = world.lines.find(({ event }) => event === "request.ended")!;
  assert.equal(line.route, "/api/metrics/views");
  assert.equal(line.redisCommands, 4);
  assert.ok(!JSON.stringify(world.lines).includes("listing-id"));
  assert.ok(!JSON.stringify(world.lines).includes(session));
  assert.ok(!JSON.stringify(world.lines).includes(BROWSER));
});
