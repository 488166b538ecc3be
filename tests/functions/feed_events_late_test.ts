/**
 * Events that QStash kept while Redis was away: counted late, on their own day, once.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createEventsWorld, DAY, type EventsWorld, keys, NEXT_DAY } from "./feed_events_world.ts";

const session = "session-of-a-browser";
const view = { kind: "locations", id: 42, session };
const batch = { batch: "batch-0123456789", impressions: [{ kind: "events", id: 7 }], session };

const lose = ({ cloud }: EventsWorld) =>
  cloud.redis.faults.add({ kind: "refuse", times: 1_000_000 });

/** Has QStash keep the events, and try each once in vain. */
async function keepLate(world: EventsWorld, ...sent: [path: string, body: unknown][]) {
  lose(world);
  for (const [path, body] of sent) {
    assert.equal((await world.post(path, body)).body.outcome, "later");
  }
  await world.cloud.advance("1s");
}

const sent = ({ cloud }: EventsWorld) =>
  cloud.qstash.messages().filter(({ url }) => url.endsWith("/feed.record"));
/** The messages that wait for a run. */
const waiting = (world: EventsWorld) => sent(world).filter(({ endedAt }) => endedAt === undefined);

Deno.test("an outage of 8 hours loses nothing, on the free plan's 5 retries", async () => {
  await using world = await createEventsWorld({ plan: "free" });
  await keepLate(world, ["views", view], ["impressions", batch], ["favorites", view]);
  await world.cloud.advance("8h");
  assert.equal(waiting(world).length, 3);
  world.cloud.redis.faults.clear();
  await world.cloud.advance("1h");
  assert.equal((await world.members()).length, 1);
  assert.equal((await world.entries()).length, 2);
});

Deno.test("the waits between its attempts are its own, not those that an error names", async () => {
  await using world = await createEventsWorld({ plan: "free" });
  const startAt = world.cloud.clock.now();
  await keepLate(world, ["views", view]);
  const seen: number[] = [];
  for (
    const waits of ["58s", "1s", "4m59s", "1s", "24m59s", "1s", "2h4m59s", "1s", "5h59m59s"]
  ) {
    await world.cloud.advance(waits);
    seen.push(world.messages("feed.record").at(-1)!.runs ?? 0);
  }
  assert.deepEqual(seen, [1, 2, 2, 3, 3, 4, 4, 5, 5]);
  await world.cloud.advance("1s");
  assert.ok(world.cloud.clock.now() - startAt > 8.5 * 3_600_000);
  assert.deepEqual(waiting(world), []);
  assert.equal(world.messages("feed.record").length, 6, "one for each run");
});

Deno.test("after a longer outage it is a dead letter, and counts when it is replayed", async () => {
  await using world = await createEventsWorld({ environment: { DATABASE_URL: "" } });
  const { deps } = world;
  await deps().jobs.enqueue("feed.record", {
    events: [{
      type: "view",
      at: world.cloud.clock.now(),
      kind: "locations",
      id: "42",
      by: "b".repeat(16),
    }],
  });
  const undo = world.cloud.redis.faults.add({
    kind: "refuse",
    commands: ["SADD", "MGET"],
    times: 1_000_000,
  });
  await world.cloud.advance("9h");
  undo();
  await world.cloud.advance("1m");
  const { letters: [letter] } = await deps().deadLetters.list();
  assert.equal(letter.job, "feed.record");
  assert.match(letter.error.message, /Cannot run MGET/);
  await deps().jobs.replay(letter.id);
  await world.cloud.settle();
  assert.equal((await world.members()).length, 1);
});

Deno.test("a delivery that comes twice counts once", async () => {
  await using world = await createEventsWorld();
  await keepLate(world, ["views", view], ["impressions", batch], ["bookings", {
    ...view,
    booking: "b",
  }]);
  world.cloud.redis.faults.clear();
  world.cloud.qstash.faults.add({ kind: "duplicate", times: 3 });
  world.cloud.qstash.faults.add({ kind: "lost", times: 3 });
  await world.cloud.advance("7m");
  assert.equal((await world.members()).length, 2);
  const entries = await world.entries();
  assert.ok(entries.length > 1, "the stream has it more than once");
  assert.deepEqual([...new Set(entries.map(({ batch }) => batch))], ["batch-0123456789"]);
});

Deno.test("an event of today arms today's flushes, as any other", async () => {
  await using world = await createEventsWorld();
  await keepLate(world, ["views", view]);
  assert.equal(world.messages("feed.close").length, 0);
  world.cloud.redis.faults.clear();
  await world.cloud.advance("7m");
  assert.equal((await world.members()).length, 1);
  assert.equal(world.messages("feed.close").length, 1);
  assert.deepEqual(world.messages("feed.flush").map(({ input }) => input.day), [DAY]);
  world.bill();
  await world.post("views", view);
  assert.equal(world.bill().commands, 1, "and this isolate knows");
});

Deno.test("an event from before midnight keeps its day, and has that day flushed again", async () => {
  await using world = await createEventsWorld({ startAt: `${DAY}T23:59:59Z` });
  await keepLate(world, ["views", view], ["favorites", view]);
  world.cloud.redis.faults.clear();
  await world.cloud.advance("7m");
  assert.equal((await world.members(DAY)).length, 1);
  assert.equal((await world.entries(DAY))[0].at, Date.parse(`${DAY}T23:59:59Z`));
  assert.deepEqual(await world.members(NEXT_DAY), []);
  const [late] = world.messages("feed.flush");
  assert.deepEqual(late.input, { day: DAY, uniques: "exact" });
  assert.equal(new Date(late.dueAt).toISOString(), `${NEXT_DAY}T00:13:00.000Z`);
  assert.equal(world.messages("feed.close").length, 0, "the new day has no event");
});

Deno.test("late events of ten minutes have their day flushed once", async () => {
  await using world = await createEventsWorld({ startAt: `${DAY}T23:59:59Z` });
  const sent = Array.from({ length: 4 }, (_, id): [string, unknown] => ["views", { ...view, id }]);
  await keepLate(world, ...sent);
  world.cloud.redis.faults.clear();
  await world.cloud.advance("7m");
  assert.equal((await world.members(DAY)).length, 4);
  assert.equal(world.messages("feed.flush").length, 1);
});

Deno.test("no late event is recorded before its day's flush is armed", async () => {
  await using world = await createEventsWorld({ startAt: `${DAY}T23:59:59Z` });
  await keepLate(world, ["views", view]);
  world.cloud.redis.faults.clear();
  world.cloud.qstash.faults.add({ kind: "publishRefused", times: 1_000 });
  await world.cloud.advance("2m");
  assert.deepEqual(await world.members(DAY), []);
  world.cloud.qstash.faults.clear();
  await world.cloud.advance("6m");
  assert.equal((await world.members(DAY)).length, 1);
});

const inTime = Date.parse(`${NEXT_DAY}T00:00:00Z`) + 7 * 86_400_000;
for (const [when, late, counted] of [["a moment before", -1, 1], ["when", 0, 0]] as const) {
  Deno.test(`${when} 7 days have passed since its day, an event counts ${counted} times`, async () => {
    await using world = await createEventsWorld({
      startAt: new Date(inTime + late).toISOString(),
      environment: { DATABASE_URL: "" },
    });
    const at = Date.parse(`${DAY}T00:00:00Z`);
    const event = { type: "view", at, kind: "locations", id: "42", by: "b".repeat(16) } as const;
    const { id } = await world.deps().jobs.enqueue("feed.record", { events: [event] });
    await world.cloud.settle();
    assert.equal((await world.members(DAY)).length, counted);
    const letter = await world.deps().deadLetters.get(id);
    if (counted === 1) assert.equal(letter, undefined);
    else assert.match(letter!.error.message, /ended more than 7 days ago/);
    assert.deepEqual(sent(world).map(({ retried }) => retried), [0], "it is not tried again");
  });
}

Deno.test("of a message with older ones, those in time are counted", async () => {
  await using world = await createEventsWorld({ environment: { DATABASE_URL: "" } });
  const now = world.cloud.clock.now();
  const event = { type: "view", kind: "locations", by: "b".repeat(16) } as const;
  const { id } = await world.deps().jobs.enqueue("feed.record", {
    events: [{ ...event, id: "old", at: now - 9 * 86_400_000 }, { ...event, id: "new", at: now }],
  });
  await world.cloud.settle();
  assert.equal((await world.members(DAY)).length, 1);
  assert.match(
    (await world.deps().deadLetters.get(id))!.error.message,
    /Cannot count 1 late events/,
  );
});

Deno.test("500 events of one message are 500 commands in one request", async () => {
  await using world = await createEventsWorld();
  await world.post("views", view);
  const now = world.cloud.clock.now();
  await world.deps().jobs.enqueue("feed.record", {
    events: Array.from({ length: 500 }, (_, n) => ({
      type: "view",
      at: now,
      kind: "locations",
      id: `${n}`,
      by: "b".repeat(16),
    })),
  });
  world.cloud.redis.meter.reset();
  await world.cloud.settle();
  const { commands, requests } = world.cloud.redis.meter.snapshot();
  assert.deepEqual({ commands, requests }, { commands: 500, requests: 1 });
  assert.equal((await world.members()).length, 501);
});

Deno.test("in approximate mode a late view is a HyperLogLog's, and registered", async () => {
  await using world = await createEventsWorld({ environment: { FEED_UNIQUES: "approximate" } });
  await keepLate(world, ["views", view], ["views", { ...view, session: "session-of-another" }]);
  world.cloud.redis.faults.clear();
  await world.cloud.advance("7m");
  assert.equal(await world.redis("PFCOUNT", keys.approximateViews(DAY, "locations", "42")), 2);
  assert.deepEqual(await world.redis("SMEMBERS", keys.approximateListings(DAY)), ["locations:42"]);
  assert.deepEqual(world.messages("feed.flush")[0].input, { day: DAY, uniques: "approximate" });
});
