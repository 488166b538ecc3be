import assert from "node:assert/strict";
import { createHarness, HOUR_MS, START } from "./harness.ts";

const JOB = "https://app.test/job";

const hints: { name: string; headers: Record<string, string>; seconds: number }[] = [
  { name: "seconds", headers: { "retry-after": "90" }, seconds: 90 },
  { name: "at once", headers: { "retry-after": "0" }, seconds: 0 },
  {
    name: "a date",
    headers: { "retry-after": new Date(START + 300_000).toUTCString() },
    seconds: 300,
  },
  { name: "a Go duration", headers: { "x-ratelimit-reset-tokens": "6m5s" }, seconds: 365 },
  { name: "X-RateLimit-Reset", headers: { "x-ratelimit-reset": "30" }, seconds: 30 },
  { name: "over a day: ignored", headers: { "retry-after": "86401" }, seconds: 7 },
];
for (const { name, headers, seconds: expected } of hints) {
  Deno.test(`a failing response's hint beats the retry delay: ${name}`, async () => {
    const { clock, publish, answer, seconds } = createHarness();
    answer((_, index) => index === 0 ? new Response(null, { status: 503, headers }) : 200);
    await publish(JOB, { "upstash-retry-delay": "7000" });
    await clock.advance(HOUR_MS);
    assert.deepEqual(seconds(), [0, expected]);
  });
}

Deno.test("a retry delay expression is evaluated for each retry, in ms", async () => {
  const { clock, publish, answer, seconds } = createHarness();
  answer(() => 500);
  await publish(JOB, { "upstash-retry-delay": "pow(2, retried) * 1000", "upstash-retries": "4" });
  await clock.advance(HOUR_MS);
  assert.deepEqual(seconds(), [0, 1, 3, 7, 15]);
});

Deno.test("489 with Upstash-NonRetryable-Error ends at once in the DLQ, either alone is retried", async () => {
  const cases = [
    { status: 489, headers: { "upstash-nonretryable-error": "true" }, attempts: 1 },
    { status: 489, headers: {}, attempts: 4 },
    { status: 400, headers: { "upstash-nonretryable-error": "true" }, attempts: 4 },
  ];
  for (const { status, headers, attempts } of cases) {
    const { clock, publish, answer, received, qstash } = createHarness();
    answer(() => new Response(null, { status, headers: headers as Record<string, string> }));
    await publish(JOB);
    await clock.advance(HOUR_MS);
    assert.equal(received.length, attempts);
    assert.equal(qstash.deadLetters().length, 1);
  }
});

Deno.test("a handler that outlasts the timeout has failed, and its late answer counts for nothing", async () => {
  const { clock, publish, answer, received, qstash, seconds } = createHarness();
  const ended: number[] = [];
  answer(async (_, index) => {
    if (index > 0) return 200;
    await clock.sleep(60_000);
    ended.push(clock.now() - START);
    return 200;
  });
  await publish(JOB, { "upstash-timeout": "5s", "upstash-retry-delay": "1000" });
  await publish("https://app.test/other", { "upstash-delay": "30s" });
  await clock.advance(5000);
  assert.equal(qstash.messages()[0].state, "RETRY");
  assert.match(String(qstash.logs().find(({ state }) => state === "ERROR")?.error), /timed out/);
  await clock.advance(HOUR_MS);
  assert.deepEqual(seconds(), [0, 6, 30]);
  assert.deepEqual(ended, [60_000]);
  assert.equal(received[1].headers.get("upstash-retried"), "1");
  const delivered = qstash.logs().filter(({ state }) => state === "DELIVERED");
  assert.equal(delivered.length, 2);
});

Deno.test("the plan's longest response ends a call that asked for no timeout", async () => {
  const { clock, publish, answer, qstash } = createHarness({ plan: "free" });
  answer(async () => {
    await clock.sleep(HOUR_MS);
    return 200;
  });
  await publish(JOB, { "upstash-retries": "0", "upstash-timeout": "2h" });
  await clock.advance(15 * 60_000 - 1);
  assert.equal(qstash.messages()[0].state, "ACTIVE");
  await clock.advance(1);
  assert.equal(qstash.messages()[0].state, "FAILED");
  await clock.advance(HOUR_MS);
});

Deno.test("the plan's parallelism holds over all messages", async () => {
  const { clock, publish, answer, seconds, json } = createHarness({ plan: "free" });
  answer(async () => {
    await clock.sleep(1000);
    return 200;
  });
  for (let index = 0; index < 25; index++) await publish(`https://app.test/${index}`);
  await clock.advance(500);
  assert.deepEqual(await json("GET", "/v2/globalParallelism"), {
    parallelismMax: 10,
    parallelismCount: 10,
  });
  await clock.advance(10_000);
  const started = [0, 1, 2].map((second) => seconds().filter((at) => at === second).length);
  assert.deepEqual(started, [10, 10, 5]);
  assert.equal((await json("GET", "/v2/globalParallelism")).parallelismCount, 0);
});

Deno.test("a response is cut at the size of the plan's messages", async () => {
  const { clock, publish, answer, qstash } = createHarness({ plan: "free" });
  answer(() => new Response("x".repeat(1024 * 1024 + 100), { status: 500 }));
  await publish(JOB, { "upstash-retries": "0" });
  await clock.advance(0);
  assert.equal(String(qstash.deadLetters()[0].responseBody).length, 1024 * 1024);
});
