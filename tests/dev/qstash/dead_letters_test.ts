import assert from "node:assert/strict";
import { createHarness, type Harness, HOUR_MS } from "./harness.ts";

const JOB = "https://app.test/job";

async function fail(
  { publish, clock, answer }: Harness,
  headers: Record<string, string> = {},
  status = 500,
): Promise<string> {
  answer(() => new Response("no luck", { status, headers: { "x-reason": "because" } }));
  const id = await publish(JOB, { "upstash-retries": "0", ...headers }, "the body");
  await clock.advance(0);
  return id;
}

Deno.test("a dead letter shows the message and the last response", async () => {
  const harness = createHarness();
  const messageId = await fail(harness, { "upstash-label": "a" });
  const { messages, cursor } = await harness.json("GET", "/v2/dlq");
  assert.equal(cursor, undefined);
  const [letter] = messages;
  assert.match(letter.dlqId, /^\d{13}-\d+$/);
  assert.equal(letter.messageId, messageId);
  assert.equal(letter.body, "the body");
  assert.equal(letter.label, "a");
  assert.equal(letter.responseStatus, 500);
  assert.equal(letter.responseBody, "no luck");
  assert.deepEqual(letter.responseHeader["X-Reason"], ["because"]);
  assert.deepEqual(await harness.json("GET", `/v2/dlq/${letter.dlqId}`), letter);
});

Deno.test("a retry is a new message with the old one's settings, and removes the entry", async () => {
  const harness = createHarness();
  const { json, api, clock, received, answer } = harness;
  const old = await fail(harness, { "upstash-forward-x": "1", "upstash-label": "a" });
  const { messages: [{ dlqId }] } = await json("GET", "/v2/dlq");
  answer(() => 200);
  const response = await api("POST", `/v2/dlq/retry?dlqIds=${dlqId}`);
  assert.equal(response.status, 201);
  const { cursor, responses: [{ messageId }] } = await response.json();
  assert.equal(cursor, "");
  assert.notEqual(messageId, old);
  await clock.advance(0);
  const delivery = received.at(-1)!;
  assert.equal(delivery.body, "the body");
  assert.equal(delivery.headers.get("x"), "1");
  assert.equal(delivery.headers.get("upstash-retried"), "0");
  assert.deepEqual((await json("GET", "/v2/dlq")).messages, []);
  assert.equal((await api("POST", `/v2/dlq/retry?dlqIds=${dlqId}`)).status, 404);
  assert.equal((await api("POST", `/v2/dlq/retry/${dlqId}`)).status, 404);
});

Deno.test("a retry takes Upstash headers in the place of the old settings", async () => {
  const harness = createHarness();
  await fail(harness, { "upstash-forward-x": "1" });
  const { messages: [{ dlqId }] } = await harness.json("GET", "/v2/dlq");
  const { messageId } = await harness.json("POST", `/v2/dlq/retry/${dlqId}`, {
    headers: { "upstash-retries": "2", "upstash-delay": "1h", "upstash-forward-y": "2" },
  });
  const message = await harness.json("GET", `/v2/messages/${messageId}`);
  assert.equal(message.maxRetries, 2);
  const { X, Y } = message.header;
  assert.deepEqual([X, Y], [["1"], ["2"]]);
  assert.equal(message.notBefore, message.createdAt + HOUR_MS);
});

Deno.test("dead letters are paged, filtered, and deleted one by one or in bulk", async () => {
  const harness = createHarness();
  const { json, api } = harness;
  for (let index = 0; index < 130; index++) {
    await fail(harness, { "upstash-label": index % 2 ? "odd" : "even" }, index < 5 ? 404 : 500);
  }
  const first = await json("GET", "/v2/dlq");
  assert.equal(first.messages.length, 100);
  const second = await json("GET", `/v2/dlq?cursor=${first.cursor}`);
  assert.equal(second.messages.length, 30);
  assert.equal(second.cursor, undefined);
  assert.equal((await json("GET", "/v2/dlq?responseStatus=404")).messages.length, 5);
  assert.equal((await json("GET", "/v2/dlq?label=odd&responseStatus=404")).messages.length, 2);
  assert.equal((await api("GET", "/v2/dlq?colour=red")).status, 400);

  const { dlqId } = first.messages[0];
  assert.equal((await api("DELETE", `/v2/dlq/${dlqId}`)).status, 200);
  assert.equal((await api("DELETE", `/v2/dlq/${dlqId}`)).status, 404);
  const ids = first.messages.slice(1, 3).map((letter: { dlqId: string }) => letter.dlqId);
  const body = JSON.stringify({ dlqIds: ids });
  assert.deepEqual(await json("DELETE", "/v2/dlq", { body }), { deleted: 2 });
  assert.equal((await json("DELETE", `/v2/dlq?dlqIds=${ids[0]}`)).deleted, 0);
  const bulk = await json("DELETE", "/v2/dlq?label=even&count=10");
  assert.equal(bulk.deleted, 10);
  assert.match(bulk.cursor, /^\d+-\d+$/);
  assert.equal((await json("GET", "/v2/dlq?label=even&count=10")).messages.length, 10);
});

Deno.test("a bulk retry goes through all pages by its cursor", async () => {
  const harness = createHarness();
  for (let index = 0; index < 25; index++) await fail(harness);
  harness.answer(() => 200);
  let cursor = "";
  let retried = 0;
  do {
    const page = await harness.json(
      "POST",
      `/v2/dlq/retry?count=10${cursor && `&cursor=${cursor}`}`,
    );
    retried += page.responses.length;
    cursor = page.cursor;
  } while (cursor !== "");
  assert.equal(retried, 25);
  await harness.clock.advance(0);
  assert.equal(harness.received.length, 50);
  assert.equal(harness.qstash.deadLetters().length, 0);
});

Deno.test("dead letters are dropped after the plan's days", async () => {
  const harness = createHarness({ plan: "free" });
  await fail(harness);
  await harness.clock.advance(72 * HOUR_MS);
  assert.equal(harness.qstash.deadLetters().length, 1);
  await harness.clock.advance(1);
  assert.equal(harness.qstash.deadLetters().length, 0);
});
