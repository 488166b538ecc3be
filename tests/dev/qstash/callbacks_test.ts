import assert from "node:assert/strict";
import { createHarness, HOUR_MS, START } from "./harness.ts";

const JOB = "https://app.test/job";
const REPORT = "https://app.test/report";
const FAILURE = "https://app.test/failure";

Deno.test("a callback follows every attempt, the failure callback the last one alone", async () => {
  const { clock, publish, answer, received, json } = createHarness();
  answer(({ url }) =>
    url === JOB
      ? new Response("not yet", { status: 500, headers: { "x-reason": "busy" } })
      : new Response(null, { status: 200 })
  );
  const messageId = await publish(JOB, {
    "upstash-retries": "1",
    "upstash-retry-delay": "1000",
    "upstash-callback": REPORT,
    "upstash-failure-callback": FAILURE,
    "upstash-forward-x-mine": "1",
    "content-type": "text/plain",
  }, "payload");
  await clock.advance(HOUR_MS);
  assert.deepEqual(received.map(({ url }) => url), [JOB, REPORT, JOB, REPORT, FAILURE]);

  const reports = received.filter(({ url }) => url !== JOB).map(({ body }) => JSON.parse(body));
  assert.deepEqual(reports.map(({ retried }) => retried), [0, 1, 1]);
  const { messages: [{ dlqId }] } = await json("GET", "/v2/dlq");
  const { header, ...failure } = reports[2];
  assert.deepEqual(header["X-Reason"], ["busy"]);
  assert.deepEqual(failure, {
    status: 500,
    body: btoa("not yet"),
    retried: 1,
    maxRetries: 1,
    sourceMessageId: messageId,
    url: JOB,
    method: "POST",
    sourceHeader: { "X-Mine": ["1"], "Content-Type": ["text/plain"] },
    sourceBody: btoa("payload"),
    notBefore: String(START),
    createdAt: String(START),
    callerIP: "127.0.0.1",
    dlqId,
  });
  assert.equal("dlqId" in reports[0], false);
  const callback = received[1].headers;
  assert.equal(callback.get("content-type"), "application/json");
  assert.equal(callback.get("x-mine"), null);
  assert.notEqual(callback.get("upstash-message-id"), messageId);
  assert.ok(callback.get("upstash-signature"));
});

Deno.test("a callback has its own method, headers, retries and retry delay", async () => {
  const { clock, publish, answer, received, seconds, qstash } = createHarness();
  answer(({ url }) => url === JOB ? 200 : 500);
  await publish(JOB, {
    "upstash-retries": "0",
    "upstash-callback": REPORT,
    "upstash-callback-method": "PUT",
    "upstash-callback-retries": "2",
    "upstash-callback-retry-delay": "5000",
    "upstash-callback-forward-authorization": "Bearer theirs",
  });
  await clock.advance(HOUR_MS);
  assert.deepEqual(received.map(({ method }) => method), ["POST", "PUT", "PUT", "PUT"]);
  assert.deepEqual(seconds(), [0, 0, 5, 10]);
  assert.equal(received[1].headers.get("authorization"), "Bearer theirs");
  assert.deepEqual(qstash.deadLetters().map(({ url }) => url), [REPORT]);
});

Deno.test("a callback without settings of its own is retried as often as its message", async () => {
  const { clock, publish, answer, received } = createHarness();
  answer(({ url }) => url === JOB ? 200 : 500);
  await publish(JOB, { "upstash-retries": "1", "upstash-callback": REPORT });
  await clock.advance(HOUR_MS);
  assert.deepEqual(received.map(({ url }) => url), [JOB, REPORT, REPORT]);
});

Deno.test("a callback about an endpoint that does not answer says status 0", async () => {
  const { clock, publish, answer, received } = createHarness();
  answer(({ url }) => {
    if (url === JOB) throw new TypeError("connection refused");
    return 200;
  });
  await publish(JOB, { "upstash-retries": "0", "upstash-failure-callback": FAILURE });
  await clock.advance(0);
  assert.equal(JSON.parse(received[1].body).status, 0);
});

Deno.test("each attempt is billed as a message, callbacks included; publishing is free", async () => {
  const { clock, publish, answer, qstash, json } = createHarness();
  answer(({ url }) => url === JOB ? 500 : 200);
  await publish(JOB, {
    "upstash-retries": "2",
    "upstash-callback": REPORT,
    "upstash-failure-callback": FAILURE,
  });
  assert.equal(qstash.meter.snapshot().messages, 0);
  await clock.advance(HOUR_MS);
  const expected = {
    messages: 7,
    retries: 2,
    callbacks: 4,
    publishes: 1,
    extraCalls: 0,
    byDestination: { [JOB]: 3, [REPORT]: 3, [FAILURE]: 1 },
  };
  assert.deepEqual(qstash.meter.snapshot(), expected);
  assert.deepEqual(await json("GET", "/_meter"), expected);
  qstash.meter.reset();
  assert.equal(qstash.meter.snapshot().messages, 0);
});
