/**
 * The vendor's SDK, unmodified, makes schedules.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { CreateScheduleRequest } from "@upstash/qstash";
import { refusal, withCloud } from "./qstash_cloud.ts";

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
