/**
 * Events while Redis is away, QStash is away, or both are.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { FeedEvent } from "../../functions/feed/events/events.ts";
import { Spool } from "../../functions/feed/events/spool.ts";
import { createEventsWorld, DAY, type EventsWorld, keys } from "./feed_events_world.ts";

const session = "session-of-a-browser";
const view = { kind: "locations", id: 42, session };
const bodies: [path: string, body: unknown][] = [
  ["views", view],
  ["impressions", { batch: "batch-0123456789", impressions: [{ kind: "events", id: 7 }], session }],
  ["favorites", { ...view, undo: true }],
  ["bookings", { ...view, booking: "b-1" }],
];

/** Everything that is asked of Redis is refused. */
const lose = ({ cloud }: EventsWorld) =>
  cloud.redis.faults.add({ kind: "refuse", times: 1_000_000 });

/** Redis answers again, the breaker closes, and what QStash holds is delivered. */
async function recover({ cloud }: EventsWorld) {
  cloud.redis.faults.clear();
  await cloud.advance("7m");
}

for (const [path, body] of bodies) {
  Deno.test(`with Redis away POST ${path} answers 202 later, and it is counted when Redis is back`, async () => {
    await using world = await createEventsWorld();
    lose(world);
    const answer = await world.post(path, body);
    assert.equal(answer.status, 202);
    assert.deepEqual(answer.body, { outcome: "later" });
    assert.equal(answer.headers.get("x-degraded"), "later");
    const [{ input }] = world.messages("feed.record");
    assert.equal(input.events.length, 1);
    assert.equal(input.events[0].at, Date.parse(`${DAY}T10:00:00Z`));
    await recover(world);
    assert.equal((await world.members()).length + (await world.entries()).length, 1);
    const [favorite] = await world.entries();
    if (path === "favorites") assert.equal(favorite.at, input.events[0].at, "it says when it was");
  });
}

const failures: [what: string, fail: (world: EventsWorld) => unknown][] = [
  [
    "does not answer in time",
    ({ cloud }) => cloud.redis.faults.add({ kind: "delay", ms: 3_000, clock: "real", times: 3 }),
  ],
  [
    "breaks the connection",
    ({ cloud }) => cloud.redis.faults.add({ kind: "disconnect", times: 3 }),
  ],
  ["has used up its plan's commands", ({ cloud }) => cloud.redis.faults.add({ kind: "quota" })],
  ["refuses the command, as when it is full", async ({ redis }) => {
    for (let shard = 0; shard < 8; shard++) {
      await redis("SET", keys.uniqueEvents(DAY, shard), "full");
    }
  }],
];
for (const [what, fail] of failures) {
  Deno.test(`a Redis that ${what} is away`, async () => {
    // What is waited for is the default, here alone.
    await using world = await createEventsWorld({ environment: { REDIS_TIMEOUT_MS: "0" } });
    await world.post("favorites", view);
    await fail(world);
    assert.equal((await world.post("views", view)).body.outcome, "later");
    assert.equal(world.messages("feed.record").length, 1);
  });
}

Deno.test("a reply that is lost for good is counted once, whatever was applied", async () => {
  await using world = await createEventsWorld();
  await world.post("views", { ...view, id: 1 });
  for (const [path, body] of bodies) {
    world.cloud.redis.faults.add({ kind: "dropReply", times: 3 });
    assert.equal((await world.post(path, body)).body.outcome, "later");
    await world.cloud.advance("31s");
  }
  assert.equal((await world.members()).length, 3);
  const entries = await world.entries();
  assert.equal(new Set(entries.map(({ type, batch, by }) => `${type} ${batch} ${by}`)).size, 2);
});

Deno.test("while the breaker is open Redis is not asked", async () => {
  await using world = await createEventsWorld();
  lose(world);
  for (let time = 0; time < 5; time++) await world.post("views", { ...view, id: time });
  world.cloud.redis.faults.clear();
  world.bill();
  assert.equal((await world.post("views", view)).body.outcome, "later");
  assert.equal(world.cloud.redis.meter.snapshot().requests, 0);
});

Deno.test("QStash is not needed while Redis is there and the slots are armed", async () => {
  await using world = await createEventsWorld();
  await world.post("views", view);
  world.cloud.qstash.faults.add({ kind: "publishRefused", times: 1_000 });
  assert.equal((await world.post("views", { ...view, id: 7 })).body.outcome, "counted");
});

for (const kind of ["publishRefused", "publishDisconnected", "quota"] as const) {
  Deno.test(`what cannot be armed is not recorded, and the next event arms again: ${kind}`, async () => {
    await using world = await createEventsWorld();
    // A call that got no answer is made once more.
    world.cloud.qstash.faults.add({ kind, times: kind === "publishDisconnected" ? 2 : 1 });
    const { status, headers, body } = await world.post("views", view);
    assert.equal(status, 503);
    assert.equal(body.code, "queue_unavailable");
    assert.ok(Number(headers.get("retry-after")) > 0);
    assert.deepEqual(await world.members(), []);
    assert.equal((await world.post("views", view)).body.outcome, "counted");
    assert.equal(world.messages("feed.close").length, 1);
    assert.equal(world.messages("feed.flush").length, 1);
  });
}

Deno.test("a slot's flush that QStash does not take is armed 5 s later: the day's last one is armed", async () => {
  await using world = await createEventsWorld();
  world.cloud.qstash.faults.add({ kind: "publishRefused", matches: theSecond() });
  assert.equal((await world.post("views", view)).body.outcome, "counted");
  assert.equal(world.messages("feed.flush").length, 0);
  assert.ok(world.lines.some(({ event }) => event === "schedule.not_armed"));
  await world.cloud.advance("5s");
  await world.post("views", view);
  assert.equal(world.messages("feed.flush").length, 1);
  assert.equal(world.messages("feed.close").length, 1);
});

function theSecond() {
  let publishes = 0;
  return () => ++publishes === 2;
}

Deno.test("with Redis and QStash away every endpoint answers 503 with Retry-After", async () => {
  await using world = await createEventsWorld();
  lose(world);
  world.cloud.qstash.faults.add({ kind: "publishRefused", times: 1_000 });
  for (const [path, body] of bodies) {
    const { status, headers, body: problem } = await world.post(path, body);
    assert.equal(status, 503);
    assert.equal(problem.code, "queue_unavailable");
    assert.equal(headers.get("retry-after"), "5");
  }
  assert.equal(world.cloud.qstash.messages().length, 0);
});

/** Time to gather, ten times as fast. */
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / 10));

Deno.test("under load one message carries what came in a second, and each is counted once", async () => {
  await using world = await createEventsWorld({ outside: { sleep } });
  lose(world);
  const sent = Array.from({ length: 200 }, (_, id) => world.post("views", { ...view, id }));
  for (const { status } of await Promise.all(sent)) assert.equal(status, 202);
  const sizes = world.messages("feed.record").map(({ input }) => input.events.length);
  assert.deepEqual(sizes.toSorted((one, other) => one - other), [1, 1, 1, 1, 1, 195]);
  await recover(world);
  assert.equal((await world.members()).length, 200);
});

Deno.test("where the gathered message is refused, each of its requests sends its own", async () => {
  await using world = await createEventsWorld({ outside: { sleep } });
  lose(world);
  let publishes = 0;
  world.cloud.qstash.faults.add({ kind: "publishRefused", matches: () => ++publishes === 6 });
  const sent = Array.from({ length: 20 }, (_, id) => world.post("views", { ...view, id }));
  const statuses = (await Promise.all(sent)).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 503).length, 1, "of the one that sent it");
  assert.equal(statuses.filter((status) => status === 202).length, 19);
  await recover(world);
  assert.equal((await world.members()).length, 19);
});

Deno.test("whoever gathers may be stopped: those who wait send their own", async () => {
  let isStopped = true;
  const stopping = (ms: number) =>
    ms > 100 && isStopped ? new Promise<void>(() => {}) : Promise.resolve();
  await using world = await createEventsWorld({ outside: { sleep: stopping } });
  lose(world);
  const sent = Array.from({ length: 20 }, (_, id) => world.post("views", { ...view, id }));
  const answered: number[] = [];
  for (const post of sent) void post.then(({ status }) => answered.push(status), () => {});
  while (answered.length < 19) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([...new Set(answered)], [202]);
  isStopped = false;
  await world.cloud.advance("1s");
  assert.equal((await world.post("views", { ...view, id: 20 })).status, 202, "a second later");
});

const event = (id: string): FeedEvent => ({ type: "view", at: 0, kind: "events", id, by: "x" });

Deno.test("the first five of a second go alone; when a second was loaded, the next one gathers at once", () => {
  const spool = new Spool();
  const puts = (count: number, now: number) =>
    Array.from({ length: count }, (_, n) => spool.put(event(`${n}`), now)?.leads);
  assert.deepEqual(puts(8, 10_000), [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    true,
    false,
    false,
  ]);
  assert.deepEqual(puts(2, 11_000), [true, false]);
  assert.deepEqual(puts(6, 12_000).slice(0, 5), Array(5).fill(undefined), "the load is over");
  assert.deepEqual(puts(5, 20_000), Array(5).fill(undefined), "and a pause forgets it");
});

Deno.test("a message carries at most 500 events, and at most 500 KB", () => {
  const bySize = (make: (n: number) => FeedEvent, count: number) => {
    const spool = new Spool();
    const batches = new Set<{ events: FeedEvent[]; bytes: number }>();
    for (let n = 0; n < count; n++) {
      const put = spool.put(make(n), 10_000);
      if (put) batches.add(put.batch);
    }
    return [...batches];
  };
  const many = bySize((n) => event(`${n}`), 1_205);
  assert.deepEqual(many.map(({ events }) => events.length), [500, 500, 200]);
  const large = bySize((n) => event(`${n}`.padEnd(100_000, "☃")), 12);
  for (const { bytes } of large) assert.ok(bytes <= 500_000);
  assert.deepEqual(large.map(({ events }) => events.length), [1, 1, 1, 1, 1, 1, 1]);
});

Deno.test("a batch of an earlier second, or that is being sent, is not joined", () => {
  const spool = new Spool();
  for (let n = 0; n < 5; n++) spool.put(event(`${n}`), 10_000);
  const first = spool.put(event("first"), 10_000)!;
  assert.equal(spool.put(event("second"), 10_999)!.batch, first.batch);
  first.batch.state = "sealed";
  assert.equal(spool.put(event("third"), 10_999)!.leads, true);
  assert.equal(spool.put(event("fourth"), 11_000)!.leads, true);
  assert.equal(first.batch.events.length, 2);
});
