import assert from "node:assert/strict";
import { createHarness, type Harness, HOUR_MS } from "./harness.ts";

const enqueue = async (
  { json }: Harness,
  name: string,
  headers: Record<string, string> = {},
): Promise<string> => {
  const path = `/v2/enqueue/q/https://app.test/${name}`;
  return (await json("POST", path, { headers: { "upstash-retry-delay": "1000", ...headers } }))
    .messageId;
};
const paths = ({ received }: Harness) => received.map(({ url }) => new URL(url).pathname.slice(1));

Deno.test("a queue waits for a message's retries, callbacks and failure callbacks before the next", async () => {
  const harness = createHarness();
  harness.answer(({ url }, index) => url.endsWith("/1") || index === 3 ? 500 : 200);
  await enqueue(harness, "1", {
    "upstash-retries": "1",
    "upstash-callback": "https://app.test/report",
    "upstash-failure-callback": "https://app.test/failure",
  });
  await enqueue(harness, "2");
  await enqueue(harness, "3");
  await harness.clock.advance(HOUR_MS);
  // The first report is answered with 500 and retried; "2" waits for all of them.
  assert.deepEqual(
    paths(harness),
    ["1", "report", "1", "report", "failure", "report", "2", "3"],
  );
});

Deno.test("messages of a queue do not overlap at parallelism 1, and do at 2", async () => {
  for (const parallelism of [1, 2]) {
    const harness = createHarness();
    const { api, clock, answer, seconds } = harness;
    answer(async () => {
      await clock.sleep(10_000);
      return 200;
    });
    const body = JSON.stringify({ queueName: "q", parallelism });
    assert.equal((await api("POST", "/v2/queues", { body })).status, 200);
    for (const name of ["a", "b", "c", "d"]) await enqueue(harness, name);
    await clock.advance(HOUR_MS);
    assert.deepEqual(paths(harness), ["a", "b", "c", "d"]);
    assert.deepEqual(seconds(), parallelism === 1 ? [0, 10, 20, 30] : [0, 0, 10, 10]);
  }
});

Deno.test("a paused queue accepts and keeps, and delivers in order once resumed", async () => {
  const harness = createHarness();
  const { api, json, clock, received } = harness;
  const body = JSON.stringify({ queueName: "q", parallelism: 1, paused: true });
  await api("POST", "/v2/queues", { body });
  await enqueue(harness, "a");
  await enqueue(harness, "b");
  await clock.advance(HOUR_MS);
  assert.equal(received.length, 0);
  const info = await json("GET", "/v2/queues/q");
  assert.deepEqual({ ...info, createdAt: 0, updatedAt: 0 }, {
    name: "q",
    createdAt: 0,
    updatedAt: 0,
    parallelism: 1,
    paused: true,
    lag: 2,
  });
  assert.deepEqual(await json("GET", "/v2/queues"), [info]);
  assert.equal((await api("POST", "/v2/queues/q/resume")).status, 200);
  await clock.advance(0);
  assert.deepEqual(paths(harness), ["a", "b"]);
});

Deno.test("more parallelism lets waiting messages start", async () => {
  const harness = createHarness();
  harness.answer(async () => {
    await harness.clock.sleep(10_000);
    return 200;
  });
  for (const name of ["a", "b", "c"]) await enqueue(harness, name);
  await harness.clock.advance(1000);
  await harness.api("POST", "/v2/queues", {
    body: JSON.stringify({ queueName: "q", parallelism: 3 }),
  });
  await harness.clock.advance(HOUR_MS);
  assert.deepEqual(harness.seconds(), [0, 1, 1]);
});

Deno.test("cancelled messages are skipped in their turn, thousands of them too", async () => {
  const harness = createHarness();
  const { api, clock, json } = harness;
  await api("POST", "/v2/queues", { body: JSON.stringify({ queueName: "q", paused: true }) });
  for (let index = 0; index < 5000; index++) await enqueue(harness, "gone");
  let cancelled = 0;
  for (let index = 0; index < 10; index++) {
    cancelled += (await json("DELETE", "/v2/messages?queueName=q")).cancelled;
  }
  assert.equal(cancelled, 5000);
  await enqueue(harness, "kept");
  await api("POST", "/v2/queues/q/resume");
  await clock.advance(0);
  assert.deepEqual(paths(harness), ["kept"]);
});

Deno.test("a deleted queue drops what waited in it; a missing one is deleted all the same", async () => {
  const harness = createHarness();
  const { api, clock } = harness;
  await api("POST", "/v2/queues", { body: JSON.stringify({ queueName: "q", paused: true }) });
  await enqueue(harness, "a");
  assert.equal((await api("DELETE", "/v2/queues/q")).status, 200);
  assert.equal((await api("DELETE", "/v2/queues/q")).status, 200);
  assert.equal((await api("GET", "/v2/queues/q")).status, 404);
  assert.equal(harness.qstash.messages()[0].state, "CANCELED");
  await clock.advance(HOUR_MS);
  assert.equal(harness.received.length, 0);
});
