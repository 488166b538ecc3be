import assert from "node:assert/strict";
import { createHarness, HOUR_MS, START } from "./harness.ts";

const JOB = "https://app.test/job";
const DAY_MS = 24 * HOUR_MS;
const schedule = (cron: string, headers: Record<string, string> = {}) => ({
  headers: { "upstash-cron": cron, ...headers },
  body: "tick",
});
const iso = (at: number) => new Date(at).toISOString().slice(0, 16);

Deno.test("a schedule fires at each tick, and carries its id", async () => {
  const { clock, json, received } = createHarness();
  const { scheduleId } = await json("POST", `/v2/schedules/${JOB}`, schedule("*/20 * * * *"));
  assert.match(scheduleId, /^scd_/);
  await clock.advance(HOUR_MS);
  assert.deepEqual(received.map(({ at }) => iso(at)), [
    "2026-03-02T00:20",
    "2026-03-02T00:40",
    "2026-03-02T01:00",
  ]);
  assert.equal(received[0].headers.get("upstash-schedule-id"), scheduleId);
  assert.equal(received[0].body, "tick");
  const { logs } = await json("GET", `/v2/logs?scheduleId=${scheduleId}&state=DELIVERED`);
  assert.equal(logs.length, 3);
});

Deno.test("a time zone's clock is followed through the change to summer time", async () => {
  const { clock, json, received } = createHarness();
  await clock.advance(Date.UTC(2026, 2, 27, 12) - START);
  await json("POST", `/v2/schedules/${JOB}`, schedule("CRON_TZ=Europe/Berlin 0 9 * * *"));
  await clock.advance(4 * DAY_MS);
  assert.deepEqual(received.map(({ at }) => iso(at)), [
    "2026-03-28T08:00",
    "2026-03-29T07:00",
    "2026-03-30T07:00",
    "2026-03-31T07:00",
  ]);
});

Deno.test("a schedule is shown with its times and the outcome of its latest tick", async () => {
  const { clock, json, answer } = createHarness();
  answer((_, index) => index === 0 ? 200 : 500);
  const { scheduleId } = await json(
    "POST",
    `/v2/schedules/${JOB}`,
    schedule("  0 * * * *  ", { "upstash-retries": "1", "upstash-forward-x": "1" }),
  );
  const path = `/v2/schedules/${scheduleId}`;
  const { header, ...shown } = await json("GET", path);
  assert.deepEqual(header.X, ["1"]);
  assert.deepEqual(shown, {
    scheduleId,
    cron: "0 * * * *",
    createdAt: START,
    destination: JOB,
    method: "POST",
    body: "tick",
    retries: 1,
    isPaused: false,
    callerIP: "127.0.0.1",
    nextScheduleTime: START + HOUR_MS,
  });
  assert.equal((await json("GET", "/v2/schedules")).length, 1);
  await clock.advance(HOUR_MS);
  const after = await json("GET", path);
  assert.equal(after.lastScheduleTime, START + HOUR_MS);
  assert.equal(after.nextScheduleTime, START + 2 * HOUR_MS);
  assert.deepEqual(Object.values(after.lastScheduleStates), ["SUCCESS"]);
  await clock.advance(HOUR_MS);
  assert.deepEqual(Object.values((await json("GET", path)).lastScheduleStates), ["IN_PROGRESS"]);
  await clock.advance(60_000);
  assert.deepEqual(Object.values((await json("GET", path)).lastScheduleStates), ["FAIL"]);
});

Deno.test("a paused schedule lets its ticks pass; pause and resume take POST and PATCH", async () => {
  const { clock, json, api, received } = createHarness();
  const { scheduleId } = await json("POST", `/v2/schedules/${JOB}`, schedule("0 * * * *"));
  for (const method of ["POST", "PATCH"]) {
    assert.equal((await api(method, `/v2/schedules/${scheduleId}/pause`)).status, 200);
    assert.equal((await json("GET", `/v2/schedules/${scheduleId}`)).isPaused, true);
    const before = received.length;
    await clock.advance(3 * HOUR_MS);
    assert.equal(received.length, before);
    assert.equal((await api(method, `/v2/schedules/${scheduleId}/resume`)).status, 200);
    await clock.advance(HOUR_MS);
    assert.equal(received.length, before + 1);
  }
});

Deno.test("the same id replaces the whole definition, and its old ticks are gone", async () => {
  const { clock, json, received } = createHarness();
  const id = { "upstash-schedule-id": "my.schedule-1" };
  await json("POST", `/v2/schedules/${JOB}`, schedule("* * * * *", id));
  const { scheduleId } = await json("POST", `/v2/schedules/${JOB}/2`, {
    headers: { "upstash-cron": "30 * * * *", ...id },
  });
  assert.equal(scheduleId, "my.schedule-1");
  const shown = await json("GET", `/v2/schedules/${scheduleId}`);
  assert.equal("body" in shown, false);
  await clock.advance(HOUR_MS);
  assert.deepEqual(received.map(({ url }) => url), [`${JOB}/2`]);
});

Deno.test("a deleted schedule makes no more messages, and is gone", async () => {
  const { clock, json, api, received } = createHarness();
  const { scheduleId } = await json("POST", `/v2/schedules/${JOB}`, schedule("0 * * * *"));
  assert.equal((await api("DELETE", `/v2/schedules/${scheduleId}`)).status, 200);
  assert.equal((await api("DELETE", `/v2/schedules/${scheduleId}`)).status, 404);
  await clock.advance(DAY_MS);
  assert.equal(received.length, 0);
});

Deno.test("a delay shifts what a tick makes, a queue orders it, Not-Before is refused", async () => {
  const { clock, json, api, seconds, qstash } = createHarness();
  const headers = { "upstash-delay": "10s", "upstash-queue-name": "q" };
  const { scheduleId } = await json("POST", `/v2/schedules/${JOB}`, schedule("0 * * * *", headers));
  const shown = await json("GET", `/v2/schedules/${scheduleId}`);
  assert.deepEqual([shown.delay, shown.queueName], [10, "q"]);
  await clock.advance(HOUR_MS + 10_000);
  assert.deepEqual(seconds(), [3610]);
  assert.equal(qstash.queues()[0].name, "q");
  const late = schedule("0 * * * *", { "upstash-not-before": "1" });
  assert.equal((await api("POST", `/v2/schedules/${JOB}`, late)).status, 400);
});

Deno.test("Upstash-Cron on a publish makes a schedule, for a URL group too", async () => {
  const { clock, json, api, received } = createHarness();
  const endpoints = [{ url: "https://one.test/" }, { url: "https://two.test/" }];
  await api("POST", "/v2/topics/pair/endpoints", { body: JSON.stringify({ endpoints }) });
  assert.match((await json("POST", "/v2/publish/pair", schedule("0 0 * * *"))).scheduleId, /^scd_/);
  await clock.advance(DAY_MS);
  assert.deepEqual(received.map(({ url }) => url), endpoints.map(({ url }) => url));
});
