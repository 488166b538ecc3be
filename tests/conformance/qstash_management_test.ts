/**
 * The vendor's SDK, unmodified, manages schedules, queues, URL groups and flow control.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { CreateScheduleRequest } from "@upstash/qstash";
import { type Cloud, refusal, withCloud } from "./qstash_cloud.ts";

const HOUR_MS = 3_600_000;

const scheduleSettings: [
  name: string,
  request: Partial<CreateScheduleRequest>,
  schedule: object,
][] = [
  ["nothing but a cron", {}, { method: "POST", retries: 3, isPaused: false }],
  ["a cron with blanks around it", { cron: " 0 * * * * " }, { cron: "0 * * * *" }],
  ["a zone", { cron: "CRON_TZ=Europe/Berlin 0 9 * * *" }, {
    cron: "CRON_TZ=Europe/Berlin 0 9 * * *",
  }],
  ["an id", { scheduleId: "nightly_1.a-b" }, { scheduleId: "nightly_1.a-b" }],
  ["method, retries, delay", { method: "PUT", retries: 1, delay: "1h30m" as "1h" }, {
    method: "PUT",
    retries: 1,
    delay: 5400,
  }],
  ["callbacks", { callback: "https://x.dev/ok", failureCallback: "https://x.dev/bad" }, {
    callback: "https://x.dev/ok",
    failureCallback: "https://x.dev/bad",
  }],
  ["a queue", { queueName: "q" }, { queueName: "q" }],
  ["labels", { label: ["a", "b"] }, { label: "a", labels: ["a", "b"] }],
  ["a retry delay", { retryDelay: "1000" }, { retryDelayExpression: "1000" }],
  ["flow control", { flowControl: { key: "k", rate: 2, parallelism: 3, period: 60 } }, {
    flowControlKey: "k",
    rate: 2,
    ratePerSecond: 2,
    parallelism: 3,
    period: 60,
  }],
  ["a body and headers", { body: "hi", headers: { "X-One": "1" } }, {
    body: "hi",
    header: { "X-One": ["1"], "Content-Type": ["application/json"] },
  }],
];
for (const [name, request, expected] of scheduleSettings) {
  Deno.test(`schedules.create() with ${name} can be read back`, () =>
    withCloud(async ({ client, clock }) => {
      const destination = "https://example.com/tick?x=1";
      const { scheduleId } = await client.schedules.create({
        destination,
        cron: "0 * * * *",
        ...request,
      });
      const schedule = await client.schedules.get(scheduleId);
      for (const [field, value] of Object.entries({ scheduleId, destination, ...expected })) {
        assert.deepEqual(schedule[field as keyof typeof schedule], value, field);
      }
      assert.equal(schedule.createdAt, clock.now());
      assert.deepEqual(await client.schedules.list(), [schedule]);
      if (!request.scheduleId) assert.match(scheduleId, /^scd_/);
    }));
}

Deno.test("a schedule delivers at each of its times, and says when it did and will", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    await clock.advance(HOUR_MS - clock.now() % HOUR_MS);
    const { scheduleId } = await client.schedules.create({
      destination: endpoint.url("/tick"),
      cron: "30 * * * *",
      body: "x",
    });
    await clock.advance(3 * HOUR_MS);
    assert.equal(endpoint.calls.length, 3);
    const [call] = endpoint.calls;
    assert.equal(call.text, "x");
    assert.equal(call.headers.get("upstash-schedule-id"), scheduleId);
    const schedule = await client.schedules.get(scheduleId) as unknown as Record<string, unknown>;
    assert.equal(schedule.lastScheduleTime, clock.now() - HOUR_MS / 2);
    assert.equal(schedule.nextScheduleTime, clock.now() + HOUR_MS / 2);
    const { logs } = await client.logs({ filter: { scheduleId, state: "DELIVERED" } });
    assert.equal(logs.length, 3);
  }));

Deno.test("a schedule's delay shifts each of its messages", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    await clock.advance(HOUR_MS - clock.now() % HOUR_MS);
    await client.schedules.create({
      destination: endpoint.url("/tick"),
      cron: "0 * * * *",
      delay: "10m",
    });
    await clock.advance(HOUR_MS + 10 * 60_000 - 1);
    assert.equal(endpoint.calls.length, 0);
    await clock.advance(1);
    assert.equal(endpoint.calls.length, 1);
  }));

Deno.test("schedules.pause() skips the times until schedules.resume(); both can be repeated", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const { scheduleId } = await client.schedules.create({
      destination: endpoint.url("/tick"),
      cron: "0 * * * *",
    });
    await client.schedules.pause({ schedule: scheduleId });
    await client.schedules.pause({ schedule: scheduleId });
    assert.equal((await client.schedules.get(scheduleId)).isPaused, true);
    await clock.advance(3 * HOUR_MS);
    assert.equal(endpoint.calls.length, 0);
    await client.schedules.resume({ schedule: scheduleId });
    await client.schedules.resume({ schedule: scheduleId });
    assert.equal((await client.schedules.get(scheduleId)).isPaused, false);
    await clock.advance(HOUR_MS);
    assert.equal(endpoint.calls.length, 1);
  }));

Deno.test("schedules.create() under an id that is taken replaces the whole", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const request = { destination: endpoint.url("/old"), scheduleId: "one", cron: "0 * * * *" };
    await client.schedules.create({ ...request, body: "old", retries: 1, label: "old" });
    await client.schedules.create({ ...request, destination: endpoint.url("/new") });
    const schedule = await client.schedules.get("one");
    assert.equal(schedule.body, undefined);
    assert.equal(schedule.label, undefined);
    assert.equal(schedule.retries, 3);
    assert.equal((await client.schedules.list()).length, 1);
    await clock.advance(HOUR_MS);
    assert.deepEqual(endpoint.calls.map(({ target }) => target), ["/new"]);
  }));

Deno.test("schedules.delete() ends it, and leaves the messages it made", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    await clock.advance(HOUR_MS - clock.now() % HOUR_MS);
    const { scheduleId } = await client.schedules.create({
      destination: endpoint.url("/tick"),
      cron: "0 * * * *",
      delay: "5m",
    });
    await clock.advance(HOUR_MS);
    await client.schedules.delete(scheduleId);
    await clock.advance(3 * HOUR_MS);
    assert.equal(endpoint.calls.length, 1);
    assert.deepEqual(await client.schedules.list(), []);
    assert.equal((await refusal(() => client.schedules.get(scheduleId))).status, 404);
  }));

const badSchedules: [name: string, request: Partial<CreateScheduleRequest>][] = [
  ["seconds", { cron: "0 0 * * * *" }],
  ["an unknown zone", { cron: "CRON_TZ=Mars/Base 0 * * * *" }],
  ["an id with a blank", { scheduleId: "a b" }],
  ["a destination without a scheme", { destination: "example.com" }],
];
for (const [name, request] of badSchedules) {
  Deno.test(`schedules.create() with ${name} is refused with 400`, () =>
    withCloud(async ({ client }) => {
      const error = await refusal(() =>
        client.schedules.create({ destination: "https://x.dev", cron: "0 * * * *", ...request })
      );
      assert.equal(error.status, 400);
      assert.deepEqual(await client.schedules.list(), []);
    }));
}

Deno.test("queue().upsert(), get(), list() and delete()", () =>
  withCloud(async ({ client, clock }) => {
    const queue = client.queue({ queueName: "orders" });
    await queue.upsert({ parallelism: 2 });
    const createdAt = clock.now();
    assert.deepEqual(await queue.get(), {
      name: "orders",
      createdAt,
      updatedAt: createdAt,
      parallelism: 2,
      paused: false,
      lag: 0,
    });
    await clock.advance(5_000);
    await queue.upsert({ parallelism: 1, paused: true });
    assert.partialDeepStrictEqual(await queue.get(), {
      createdAt,
      updatedAt: createdAt + 5_000,
      parallelism: 1,
      paused: true,
    });
    assert.deepEqual((await queue.list()).map(({ name }) => name), ["orders"]);
    await queue.delete();
    await queue.delete();
    assert.deepEqual(await queue.list(), []);
    assert.equal((await refusal(() => queue.get())).status, 404);
  }));

Deno.test("enqueue() makes the queue, delivers in order, and waits for retries", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const queue = client.queue({ queueName: "orders" });
    endpoint.answer("/1", 500, 500, 200);
    for (const name of ["/1", "/2", "/3"]) {
      await queue.enqueue({ url: endpoint.url(name), retryDelay: "10000" });
    }
    assert.partialDeepStrictEqual(await queue.get(), { parallelism: 1, lag: 3 });
    await clock.advance(19_999);
    assert.deepEqual(endpoint.calls.map(({ target }) => target), ["/1", "/1"]);
    await clock.advance(1);
    assert.deepEqual(endpoint.calls.map(({ target }) => target), ["/1", "/1", "/1", "/2", "/3"]);
    assert.equal((await queue.get()).lag, 0);
  }));

Deno.test("enqueueJSON() to a url group makes a message for each endpoint", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    await client.urlGroups.addEndpoints({
      name: "group",
      endpoints: [{ url: endpoint.url("/a") }, { url: endpoint.url("/b") }],
    });
    const queue = client.queue({ queueName: "orders" });
    const messages = await queue.enqueueJSON({ urlGroup: "group", body: { a: 1 } });
    assert.equal(messages.length, 2);
    await clock.advance(0);
    assert.deepEqual(endpoint.calls.map(({ target, text }) => `${target} ${text}`).sort(), [
      '/a {"a":1}',
      '/b {"a":1}',
    ]);
  }));

Deno.test("queue().pause() keeps accepting, queue().resume() delivers what waited", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const queue = client.queue({ queueName: "orders" });
    await queue.upsert({});
    await queue.pause();
    await queue.enqueue({ url: endpoint.url("/1") });
    await queue.enqueue({ url: endpoint.url("/2") });
    await clock.advance(60_000);
    assert.equal(endpoint.calls.length, 0);
    assert.partialDeepStrictEqual(await queue.get(), { paused: true, lag: 2 });
    await queue.resume();
    await clock.advance(60_000);
    assert.deepEqual(endpoint.calls.map(({ target }) => target), ["/1", "/2"]);
  }));

Deno.test("urlGroups: add, rename, list, get, remove, delete", () =>
  withCloud(async ({ client, clock }) => {
    const { urlGroups } = client;
    const one = "https://x.dev/1";
    const two = "https://x.dev/2";
    await urlGroups.addEndpoints({ name: "g", endpoints: [{ url: one, name: "first" }] });
    await urlGroups.addEndpoints({ name: "g", endpoints: [{ url: two }] });
    const group = await urlGroups.get("g");
    assert.partialDeepStrictEqual(group, { name: "g", createdAt: clock.now() });
    assert.deepEqual(group.endpoints, [{ name: "first", url: one }, { url: two }]);
    assert.deepEqual((await urlGroups.list()).map(({ name }) => name), ["g"]);

    await urlGroups.removeEndpoints({ name: "g", endpoints: [{ name: "first" }] });
    assert.deepEqual((await urlGroups.get("g")).endpoints, [{ url: two }]);
    await urlGroups.removeEndpoints({ name: "g", endpoints: [{ url: two }] });
    assert.equal((await refusal(() => urlGroups.get("g"))).status, 404);

    await urlGroups.addEndpoints({ name: "g", endpoints: [{ url: one }] });
    await urlGroups.delete("g");
    await urlGroups.delete("g");
    assert.deepEqual(await urlGroups.list(), []);
  }));

/** Publishes to `/k` under the key "k". */
function publishLimited(
  { client, endpoint }: Cloud,
  limits: { rate?: number; parallelism?: number },
) {
  return client.publish({
    url: endpoint.url("/k"),
    flowControl: { key: "k", period: 60, ...limits } as { key: string; rate: number },
  });
}

Deno.test("flowControl.get() knows the key, and its rate is taken, as soon as publish() has answered", () =>
  withCloud(async (cloud) => {
    await publishLimited(cloud, { rate: 1, parallelism: 2 });
    await publishLimited(cloud, { rate: 1, parallelism: 2 });
    assert.partialDeepStrictEqual(await cloud.client.flowControl.get("k"), {
      flowControlKey: "k",
      waitListSize: 1,
      parallelismMax: 2,
      rateMax: 1,
      rateCount: 1,
      ratePeriod: 60,
      isPaused: false,
      isPinnedParallelism: false,
      isPinnedRate: false,
    });
  }));

Deno.test("a rate holds messages back until the next period", () =>
  withCloud(async (cloud) => {
    const { clock, endpoint } = cloud;
    for (let count = 0; count < 5; count++) await publishLimited(cloud, { rate: 2 });
    const counts: number[] = [];
    for (let period = 0; period < 3; period++) {
      await clock.advance(period === 0 ? 0 : 60_000);
      counts.push(endpoint.calls.length);
    }
    assert.deepEqual(counts, [2, 4, 5]);
  }));

Deno.test("flowControl.resetRate() ends the period at once", () =>
  withCloud(async (cloud) => {
    const { client, clock, endpoint } = cloud;
    await publishLimited(cloud, { rate: 1 });
    await publishLimited(cloud, { rate: 1 });
    await clock.advance(0);
    assert.equal(endpoint.calls.length, 1);
    await client.flowControl.resetRate("k");
    await clock.advance(0);
    assert.equal(endpoint.calls.length, 2);
  }));

Deno.test("flowControl.pause() holds everything, flowControl.resume() lets it go", () =>
  withCloud(async (cloud) => {
    const { client, clock, endpoint } = cloud;
    await publishLimited(cloud, { rate: 10 });
    await clock.advance(0);
    await client.flowControl.pause("k");
    assert.equal((await client.flowControl.get("k")).isPaused, true);
    await publishLimited(cloud, { rate: 10 });
    await clock.advance(600_000);
    assert.equal(endpoint.calls.length, 1);
    await client.flowControl.resume("k");
    await clock.advance(0);
    assert.equal(endpoint.calls.length, 2);
    assert.equal((await client.flowControl.get("k")).isPaused, false);
  }));

Deno.test("flowControl.pin() beats what messages ask for, each half by itself, until unpin()", () =>
  withCloud(async (cloud) => {
    const { flowControl } = cloud.client;
    await publishLimited(cloud, { rate: 1, parallelism: 1 });
    await flowControl.pin("k", { rate: 7, period: 30 });
    await publishLimited(cloud, { rate: 2, parallelism: 2 });
    assert.partialDeepStrictEqual(await flowControl.get("k"), {
      rateMax: 7,
      ratePeriod: 30,
      parallelismMax: 2,
      isPinnedRate: true,
      isPinnedParallelism: false,
    });
    await flowControl.pin("k", { parallelism: 9 });
    assert.partialDeepStrictEqual(await flowControl.get("k"), {
      rateMax: 7,
      parallelismMax: 9,
      isPinnedRate: true,
      isPinnedParallelism: true,
    });
    await flowControl.unpin("k", { rate: true });
    await publishLimited(cloud, { rate: 3, parallelism: 3 });
    assert.partialDeepStrictEqual(await flowControl.get("k"), {
      rateMax: 3,
      parallelismMax: 9,
      isPinnedRate: false,
      isPinnedParallelism: true,
    });
  }));

Deno.test("flowControl.getGlobalParallelism() is the plan's", () =>
  withCloud(async ({ client }) => {
    assert.deepEqual(await client.flowControl.getGlobalParallelism(), {
      parallelismMax: 10,
      parallelismCount: 0,
    });
  }, { plan: "free" }));

Deno.test("flowControl.get() of an unknown key is a 404", () =>
  withCloud(async ({ client }) => {
    assert.equal((await refusal(() => client.flowControl.get("none"))).status, 404);
  }));
