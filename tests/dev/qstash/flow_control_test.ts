import assert from "node:assert/strict";
import { createHarness, type Harness, START } from "./harness.ts";

const JOB = "https://app.test/job";

const send = ({ publish }: Harness, value: string, headers: Record<string, string> = {}) =>
  publish(JOB, {
    "upstash-flow-control-key": "key",
    "upstash-flow-control-value": value,
    ...headers,
  });

Deno.test("a rate lets so many deliveries start in each period, in order", async () => {
  const harness = createHarness();
  for (let index = 0; index < 7; index++) await send(harness, "rate=3, period=1m");
  await harness.clock.advance(600_000);
  assert.deepEqual(harness.seconds(), [0, 0, 0, 60, 60, 60, 120]);
});

Deno.test("a period starts with the first delivery after the one before has ended", async () => {
  const harness = createHarness();
  await send(harness, "rate=1,period=10s");
  await harness.clock.advance(15_000);
  await send(harness, "rate=1,period=10s");
  await send(harness, "rate=1,period=10s");
  await harness.clock.advance(60_000);
  assert.deepEqual(harness.seconds(), [0, 15, 25]);
});

Deno.test("who watches is told of each release, of how long it waited, and of its period", async () => {
  const harness = createHarness();
  const releases: [waitedMs: number, periodStart: number][] = [];
  const undo = harness.qstash.onRelease(({ key, enteredAt, at, periodStartAt, periodMs }) => {
    assert.deepEqual([key, periodMs], ["key", 10_000]);
    releases.push([at - enteredAt, periodStartAt - START]);
  });
  for (let index = 0; index < 3; index++) await send(harness, "rate=2,period=10s");
  await harness.clock.advance(20_000);
  undo();
  await send(harness, "rate=2,period=10s");
  await harness.clock.advance(20_000);
  assert.deepEqual(releases, [[0, 0], [0, 0], [10_000, 10_000]]);
});

Deno.test("parallelism counts calls that wait for their response, over all destinations", async () => {
  const harness = createHarness();
  const { clock, answer, json, publish } = harness;
  answer(async () => {
    await clock.sleep(5000);
    return 200;
  });
  for (let index = 0; index < 5; index++) {
    await publish(`https://app${index}.test/`, {
      "upstash-flow-control-key": "key",
      "upstash-flow-control-value": "parallelism=2",
    });
  }
  await clock.advance(1000);
  const info = await json("GET", "/v2/flowControl/key");
  assert.equal(info.parallelismCount, 2);
  assert.equal(info.waitListSize, 3);
  await clock.advance(60_000);
  assert.deepEqual(harness.seconds(), [0, 0, 5, 5, 10]);
  assert.equal((await json("GET", "/v2/flowControl/key")).parallelismCount, 0);
});

Deno.test("the key is there, and its place taken, when publish returns", async () => {
  const harness = createHarness();
  assert.equal((await harness.api("GET", "/v2/flowControl/key")).status, 404);
  await send(harness, "parallelism=5, rate=10, period=1m");
  const info = await harness.json("GET", "/v2/flowControl/key");
  assert.deepEqual(info, {
    flowControlKey: "key",
    waitListSize: 0,
    parallelismMax: 5,
    parallelismCount: 1,
    rateMax: 10,
    rateCount: 1,
    ratePeriod: 60,
    ratePeriodStart: START / 1000,
    isPaused: false,
    isPinnedParallelism: false,
    isPinnedRate: false,
  });
  assert.deepEqual(await harness.json("GET", "/v2/flowControl"), [info]);
  assert.deepEqual(await harness.json("GET", "/v2/flowControl?search=other"), []);
});

Deno.test("a delayed message makes its key known, and takes its place when it is due", async () => {
  const harness = createHarness();
  await send(harness, "rate=1,period=1m", { "upstash-delay": "30s" });
  assert.equal((await harness.json("GET", "/v2/flowControl/key")).rateCount, 0);
  await send(harness, "rate=1,period=1m");
  await harness.clock.advance(120_000);
  assert.deepEqual(harness.seconds(), [0, 60]);
});

Deno.test("a retry takes a place of its own", async () => {
  const harness = createHarness();
  harness.answer((_, index) => index === 0 ? 500 : 200);
  await send(harness, "rate=1,period=1m", { "upstash-retry-delay": "1000" });
  await send(harness, "rate=1,period=1m");
  await harness.clock.advance(600_000);
  assert.deepEqual(harness.seconds(), [0, 60, 120]);
  assert.deepEqual(harness.received.map(({ headers }) => headers.get("upstash-retried")), [
    "0",
    "0",
    "1",
  ]);
});

Deno.test("the newest message's limits hold for all that wait, unless they are pinned", async () => {
  const harness = createHarness();
  const { api, json, clock } = harness;
  for (let index = 0; index < 4; index++) await send(harness, "rate=1,period=1m");
  await send(harness, "rate=3,period=1m");
  await clock.advance(0);
  assert.equal(harness.received.length, 3);

  assert.equal((await api("POST", "/v2/flowControl/key/pin?rate=4&period=60")).status, 200);
  const pinned = await json("GET", "/v2/flowControl/key");
  assert.deepEqual([pinned.rateMax, pinned.isPinnedRate, pinned.isPinnedParallelism], [
    4,
    true,
    false,
  ]);
  await send(harness, "rate=100, parallelism=9");
  const still = await json("GET", "/v2/flowControl/key");
  assert.deepEqual([still.rateMax, still.parallelismMax, still.ratePeriod], [4, 9, 60]);

  await api("POST", "/v2/flowControl/key/pin?parallelism=2");
  await api("POST", "/v2/flowControl/key/unpin?rate=true");
  await send(harness, "rate=100, parallelism=9");
  const last = await json("GET", "/v2/flowControl/key");
  assert.deepEqual([last.rateMax, last.parallelismMax], [100, 2]);
});

Deno.test("a paused key lets nothing start while its period runs on", async () => {
  const harness = createHarness();
  const { api, clock, json } = harness;
  await send(harness, "rate=1,period=10s");
  await clock.advance(0);
  await api("POST", "/v2/flowControl/key/pause");
  await send(harness, "rate=1,period=10s");
  await clock.advance(60_000);
  assert.equal(harness.received.length, 1);
  assert.equal((await json("GET", "/v2/flowControl/key")).isPaused, true);
  await api("POST", "/v2/flowControl/key/resume");
  await clock.advance(0);
  assert.deepEqual(harness.seconds(), [0, 60]);
});

Deno.test("resetRate ends the period at once", async () => {
  const harness = createHarness();
  const { api, clock } = harness;
  await send(harness, "rate=1,period=1h");
  await send(harness, "rate=1,period=1h");
  await clock.advance(5000);
  await api("POST", "/v2/flowControl/key/resetRate");
  await clock.advance(0);
  assert.deepEqual(harness.seconds(), [0, 5]);
});

Deno.test("a cancelled message takes no place", async () => {
  const harness = createHarness();
  const { api, clock } = harness;
  await send(harness, "rate=1,period=10s");
  const second = await send(harness, "rate=1,period=10s");
  await send(harness, "rate=1,period=10s");
  await api("DELETE", `/v2/messages/${second}`);
  await clock.advance(60_000);
  assert.deepEqual(harness.seconds(), [0, 10]);
});

Deno.test("two thousand messages on a rate of two a second take 1,000 s of virtual time", async () => {
  const harness = createHarness();
  for (let index = 0; index < 2_000; index++) await send(harness, "rate=2");
  await harness.clock.advance(998_999);
  assert.equal(harness.received.length, 1_998);
  await harness.clock.advance(1);
  assert.equal(harness.received.length, 2_000);
});

Deno.test("pinning a rate opens a new period, and a period that is over counts nothing", async () => {
  const harness = createHarness();
  const { api, json, clock } = harness;
  await send(harness, "rate=1,period=1m");
  await send(harness, "rate=1,period=1m");
  await clock.advance(5_000);
  await api("POST", "/v2/flowControl/key/pin?rate=1&period=60");
  await clock.advance(59_000);
  assert.deepEqual(harness.seconds(), [0, 5]);
  assert.equal((await json("GET", "/v2/flowControl/key")).rateCount, 1);
  await clock.advance(1_000);
  assert.equal((await json("GET", "/v2/flowControl/key")).rateCount, 0);
});
