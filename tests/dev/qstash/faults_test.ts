import assert from "node:assert/strict";
import { listen } from "../../../dev/server.ts";
import { createHarness, HOUR_MS } from "./harness.ts";

const JOB = "https://app.test/job";

Deno.test("duplicate: delivered once more after it succeeded, and not billed twice", async () => {
  const { clock, publish, received, qstash } = createHarness();
  qstash.faults.add({ kind: "duplicate" });
  await publish(JOB);
  await publish(JOB);
  await clock.advance(0);
  assert.equal(received.length, 3);
  const ids = received.map(({ headers }) => headers.get("upstash-message-id"));
  assert.equal(new Set(ids).size, 2);
  assert.equal(qstash.meter.snapshot().messages, 2);
  assert.equal(qstash.meter.snapshot().extraCalls, 1);
  assert.deepEqual(qstash.faults.list(), []);
});

Deno.test("late: held back, and only what matches", async () => {
  const { clock, publish, seconds, received, qstash } = createHarness();
  qstash.faults.add({
    kind: "late",
    ms: 90_000,
    times: 2,
    matches: ({ labels }) => labels.includes("slow"),
  });
  await publish(`${JOB}/1`, { "upstash-label": "slow" });
  await publish(`${JOB}/2`);
  await clock.advance(HOUR_MS);
  assert.deepEqual(seconds(), [0, 90]);
  assert.ok(received[0].url.endsWith("/2"));
});

Deno.test("reordered: the next ones come in reverse", async () => {
  const { clock, publish, received, qstash } = createHarness();
  qstash.faults.add({ kind: "reordered", count: 3 });
  for (const name of ["1", "2", "3", "4"]) await publish(`${JOB}/${name}`);
  await clock.advance(0);
  assert.deepEqual(received.map(({ url }) => url.slice(-1)), ["3", "2", "1", "4"]);
});

Deno.test("reordered: those that come alone do not wait for ever", async () => {
  const { clock, publish, received, qstash, seconds } = createHarness();
  qstash.faults.add({ kind: "reordered", count: 5, withinMs: 3000 });
  await publish(`${JOB}/1`);
  await publish(`${JOB}/2`);
  await clock.advance(10_000);
  assert.deepEqual(received.map(({ url }) => url.slice(-1)), ["2", "1"]);
  assert.deepEqual(seconds(), [3, 3]);
});

Deno.test("lost: the endpoint ran, and is called again", async () => {
  const { clock, publish, received, qstash } = createHarness();
  qstash.faults.add({ kind: "lost" });
  await publish(JOB, { "upstash-retry-delay": "1000" });
  await clock.advance(10_000);
  assert.deepEqual(received.map(({ headers }) => headers.get("upstash-retried")), ["0", "1"]);
  assert.equal(qstash.messages()[0].state, "DELIVERED");
});

for (const works of ["in real time", "for a minute of the clock"]) {
  Deno.test(`overlapping: a second delivery starts while the first works ${works}`, async () => {
    const { clock, publish, answer, qstash, seconds } = createHarness();
    let running = 0;
    let most = 0;
    const both = Promise.withResolvers<void>();
    answer(async () => {
      most = Math.max(most, ++running);
      if (running === 2) both.resolve();
      if (works === "in real time") await both.promise;
      else await clock.sleep(60_000);
      running--;
      return 200;
    });
    qstash.faults.add({ kind: "overlapping" });
    await publish(JOB);
    await publish(`${JOB}/later`, { "upstash-delay": "30s" });
    await clock.advance(HOUR_MS);
    assert.equal(running, 0);
    assert.equal(most, works === "in real time" ? 2 : 3);
    assert.deepEqual(seconds(), [0, 0, 30]);
    assert.equal(qstash.logs().filter(({ state }) => state === "DELIVERED").length, 2);
  });
}

Deno.test("overlapping works over a socket as well", async () => {
  const { clock, publish, qstash } = createHarness({ transport: undefined });
  let running = 0;
  let most = 0;
  const both = Promise.withResolvers<void>();
  const endpoint = listen(async () => {
    most = Math.max(most, ++running);
    if (running === 2) both.resolve();
    await both.promise;
    running--;
    return new Response();
  });
  qstash.faults.add({ kind: "overlapping" });
  await publish(`${endpoint.url}/`);
  await clock.advance(0);
  assert.equal(most, 2);
  await qstash.close();
  await endpoint.close();
});

Deno.test("dropped: never delivered, and nobody is told", async () => {
  const { clock, publish, received, qstash } = createHarness();
  qstash.faults.add({ kind: "dropped", matches: ({ url }) => url.endsWith("/failure") });
  qstash.faults.add({ kind: "lost", times: 9, matches: ({ url }) => url === JOB });
  await publish(JOB, {
    "upstash-retries": "0",
    "upstash-failure-callback": "https://app.test/failure",
  });
  await clock.advance(HOUR_MS);
  assert.deepEqual(received.map(({ url }) => url), [JOB]);
  assert.equal(qstash.deadLetters().length, 1);
});

Deno.test("publishRefused, quota: nothing is accepted, and the next publish is well", async () => {
  const { api, qstash, clock, received } = createHarness();
  const publish = () => api("POST", `/v2/publish/${JOB}`);
  qstash.faults.add({ kind: "publishRefused", status: 502 });
  assert.equal((await publish()).status, 502);
  qstash.faults.add({ kind: "quota" });
  const quota = await publish();
  assert.equal(quota.status, 429);
  assert.equal(quota.headers.get("ratelimit-remaining"), "0");
  assert.equal((await publish()).status, 200);
  await clock.advance(0);
  assert.equal(received.length, 1);
});

Deno.test("publishDisconnected and publishReplyLost break the call, before and after it took effect", async () => {
  const { api, qstash, clock, received } = createHarness();
  const publish = () => api("POST", `/v2/publish/${JOB}`);
  qstash.faults.add({ kind: "publishDisconnected" });
  await assert.rejects(publish, TypeError);
  await clock.advance(0);
  assert.equal(received.length, 0);
  qstash.faults.add({ kind: "publishReplyLost" });
  await assert.rejects(publish, TypeError);
  await clock.advance(0);
  assert.equal(received.length, 1);
});

Deno.test("over a socket a broken publish has no readable answer, and took effect or not", async () => {
  const { qstash, clock, received } = createHarness();
  const server = listen(qstash.fetch);
  const publish = async () => {
    const response = await fetch(`${server.url}/v2/publish/${JOB}`, {
      method: "POST",
      headers: { authorization: `Bearer ${qstash.token}` },
    });
    await response.text();
  };
  qstash.faults.add({ kind: "publishDisconnected" });
  await assert.rejects(publish);
  qstash.faults.add({ kind: "publishReplyLost" });
  await assert.rejects(publish);
  await clock.advance(0);
  assert.equal(received.length, 1);
  await server.close();
});

Deno.test("faults, the clock and the meter are reachable over HTTP", async () => {
  const { api, json, clock, publish, received, seconds } = createHarness();
  const post = (path: string, body: unknown) =>
    api("POST", path, {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      token: null,
    });
  const match = { label: "slow" };
  const armed = await post("/_faults", { kind: "late", ms: 5000, times: 2, match });
  assert.deepEqual(await armed.json(), [{ kind: "late", left: 2 }]);
  await publish(`${JOB}/1`, { "upstash-label": "slow" });
  await publish(`${JOB}/2`);
  const moved = await post("/_clock", { advanceMs: 60_000 });
  assert.deepEqual(await moved.json(), { now: clock.now() });
  assert.deepEqual(received.map(({ url }) => url.slice(-1)), ["2", "1"]);
  assert.deepEqual(seconds(), [0, 5]);
  assert.deepEqual(await json("DELETE", "/_faults"), []);
  assert.equal((await json("GET", "/_meter")).messages, 2);
  assert.equal((await json("DELETE", "/_meter")).messages, 0);
  for (const bad of [{ kind: "late" }, { kind: "nonsense" }, { kind: "lost", extra: 1 }]) {
    assert.equal((await post("/_faults", bad)).status, 400);
  }
  assert.equal((await post("/_clock", { advanceMs: -1 })).status, 400);
  const plain = { headers: { "content-type": "text/plain" }, body: '{"advanceMs":1}' };
  assert.equal((await api("POST", "/_clock", plain)).status, 400);
});
