import assert from "node:assert/strict";
import { createHarness, HOUR_MS, START } from "./harness.ts";

const JOB = "https://app.test/job";

interface Entry {
  messageId: string;
  state: string;
  time: number;
}

Deno.test("a message is shown with Go-cased header lists, and without what is empty", async () => {
  const { publish, json } = createHarness();
  const messageId = await publish(JOB, {
    "content-type": "application/json",
    "upstash-forward-x-api-key": "k",
    "upstash-retry-delay": "1000 * (1 + retried)",
    "upstash-flow-control-key": "key",
    "upstash-flow-control-value": "rate=5",
    "upstash-timeout": "30s",
    "upstash-delay": "10s",
  }, '{"a":1}');
  assert.deepEqual(await json("GET", `/v2/messages/${messageId}`), {
    messageId,
    url: JOB,
    method: "POST",
    header: { "X-Api-Key": ["k"], "Content-Type": ["application/json"] },
    body: '{"a":1}',
    maxRetries: 3,
    notBefore: START + 10_000,
    createdAt: START,
    retryDelayExpression: "1000 * (1 + retried)",
    timeout: 30_000,
    flowControlKey: "key",
    rate: 5,
    period: 1,
    callerIP: "127.0.0.1",
  });
});

Deno.test("a body that is no UTF-8 is shown in base64, an empty one not at all", async () => {
  const { api, json } = createHarness();
  const body = new Uint8Array([255, 0, 254]);
  const sent = await (await api("POST", `/v2/publish/${JOB}`, { body })).json();
  const message = await json("GET", `/v2/messages/${sent.messageId}`);
  assert.equal(message.bodyBase64, "/wD+");
  assert.equal("body" in message, false);
  const empty = await json("POST", `/v2/publish/${JOB}`);
  assert.equal("body" in await json("GET", `/v2/messages/${empty.messageId}`), false);
});

Deno.test("a delivered message stays readable for ten minutes", async () => {
  const { publish, api, clock } = createHarness();
  const messageId = await publish(JOB);
  await clock.advance(600_000);
  assert.equal((await api("GET", `/v2/messages/${messageId}`)).status, 200);
  await clock.advance(1);
  const gone = await api("GET", `/v2/messages/${messageId}`);
  assert.equal(gone.status, 404);
  assert.deepEqual(await gone.json(), { error: `message ${messageId} not found` });
});

Deno.test("a cancelled message is CANCEL_REQUESTED at once and CANCELED when it would be due", async () => {
  const { publish, api, json, clock, received, qstash } = createHarness();
  const messageId = await publish(JOB, { "upstash-delay": "1h" });
  const response = await api("DELETE", `/v2/messages/${messageId}`);
  assert.equal(response.status, 202);
  assert.deepEqual(await response.json(), { cancelled: 1 });
  assert.equal((await api("DELETE", `/v2/messages/${messageId}`)).status, 404);
  assert.equal((await api("GET", `/v2/messages/${messageId}`)).status, 404);
  const states = async (query = "") =>
    (await json("GET", `/v2/logs${query}`)).logs.map(({ state }: Entry) => state);
  assert.deepEqual(await states(), ["CANCEL_REQUESTED", "CREATED"]);
  await clock.advance(HOUR_MS);
  assert.deepEqual(await states(), ["CANCELED", "CANCEL_REQUESTED", "CREATED"]);
  assert.deepEqual(await states("?state=CANCELLED"), ["CANCELED"]);
  assert.equal(received.length, 0);
  assert.equal(qstash.deadLetters().length, 0);
});

Deno.test("a message cancelled between two attempts ends without a dead letter or failure callback", async () => {
  const { publish, api, clock, received, qstash, answer } = createHarness();
  answer(() => 500);
  const messageId = await publish(JOB, { "upstash-failure-callback": "https://app.test/failed" });
  await clock.advance(0);
  assert.equal((await api("DELETE", `/v2/messages/${messageId}`)).status, 202);
  await clock.advance(HOUR_MS);
  assert.equal(received.length, 1);
  assert.equal(qstash.deadLetters().length, 0);
  assert.equal(qstash.logs()[0].state, "CANCELED");
});

Deno.test("bulk cancel takes ids and filters from the query or a JSON body, whatever the count", async () => {
  const { publish, json, api } = createHarness();
  const send = (path: string, headers: Record<string, string> = {}) =>
    publish(`https://app.test${path}`, { "upstash-delay": "1h", ...headers });
  const [one, two] = [await send("/1"), await send("/2")];
  await send("/3", { "upstash-label": "red,blue" });
  await send("/4", { "upstash-label": "red" });
  await send("/5", { "upstash-flow-control-key": "k", "upstash-flow-control-value": "rate=1" });
  for (let index = 0; index < 4; index++) await send(`/bulk`);

  assert.deepEqual(await json("DELETE", `/v2/messages?messageIds=${one}&messageIds=msg_gone`), {
    cancelled: 1,
  });
  const body = JSON.stringify({ messageIds: [one, two] });
  assert.deepEqual(await json("DELETE", "/v2/messages", { body }), { cancelled: 1 });
  assert.deepEqual(await json("DELETE", "/v2/messages?label=red&path=/4,/5"), { cancelled: 1 });
  assert.deepEqual(await json("DELETE", "/v2/messages?flowControlKey=k"), { cancelled: 1 });
  assert.deepEqual(await json("DELETE", "/v2/messages?host=other.test"), { cancelled: 0 });
  const host = JSON.stringify({ host: ["app.test"], path: "/bulk", count: 3 });
  assert.deepEqual(await json("DELETE", "/v2/messages", { body: host }), { cancelled: 4 });
  assert.equal((await api("DELETE", "/v2/messages?lable=red")).status, 400);
  assert.equal((await api("DELETE", "/v2/messages?label=")).status, 400);
  assert.deepEqual(await json("DELETE", "/v2/messages"), { cancelled: 1 });
  assert.deepEqual(await json("DELETE", "/v2/messages"), { cancelled: 0 });
});

Deno.test("a later page of the log goes on where the one before ended, though new lines have come", async () => {
  const { publish, json, clock } = createHarness();
  for (let index = 0; index < 100; index++) await publish(JOB);
  await clock.advance(0);
  const seen: Entry[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const query: string = cursor ? `&cursor=${cursor}` : "";
    const page = await json("GET", `/v2/events?count=70${query}`);
    assert.deepEqual(page.events, page.logs);
    seen.push(...page.events);
    cursor = page.cursor;
    pages++;
    await publish(JOB);
  } while (cursor !== undefined);
  assert.equal(pages, 5);
  assert.equal(seen.length, 300);
  assert.equal(new Set(seen.map(({ messageId, state }) => messageId + state)).size, 300);
  assert.ok(seen.every(({ time }, index) => index === 0 || time <= seen[index - 1].time));

  const { logs } = await json("GET", "/v2/logs");
  assert.equal(logs.length, 100, "the default page");
  const { logs: first } = await json("GET", "/v2/logs?order=earliestFirst&count=1");
  assert.equal(first[0].state, "CREATED");
  assert.equal(first[0].messageId, seen.at(-1)!.messageId);
});

Deno.test("the log is filtered by each field: alternatives within one, all of several", async () => {
  const { publish, json, clock, answer } = createHarness();
  answer(({ url }) => url.includes("bad") ? 500 : 200);
  const good = await publish("https://app.test/good?x=1", { "upstash-label": "a,b" });
  await clock.advance(1000);
  const bad = await publish("https://other.test:8443/bad", {
    "upstash-retries": "1",
    "upstash-label": "b",
  });
  await clock.advance(1000);
  const found = async (query: string) =>
    (await json("GET", `/v2/logs?${query}`)).logs
      .map(({ messageId, state }: Entry) => `${messageId === good ? "good" : "bad"} ${state}`);
  assert.deepEqual(await found(`messageId=${good}&state=DELIVERED`), ["good DELIVERED"]);
  assert.deepEqual(await found(`messageIds=${good},${bad}&state=CREATED`), [
    "bad CREATED",
    "good CREATED",
  ]);
  assert.deepEqual(await found("state=DELIVERED&state=ERROR"), ["bad ERROR", "good DELIVERED"]);
  assert.deepEqual(await found("state=IN_PROGRESS&label=b"), [
    "bad RETRY",
    "bad ERROR",
    "bad ACTIVE",
    "good ACTIVE",
  ]);
  assert.deepEqual(await found("label=a&state=CREATED"), ["good CREATED"]);
  assert.deepEqual(await found("host=other.test&state=CREATED"), ["bad CREATED"]);
  assert.deepEqual(await found("path=/good&state=CREATED"), ["good CREATED"]);
  const url = encodeURIComponent("https://app.test/good?x=1");
  assert.deepEqual(await found(`url=${url}&state=CREATED`), ["good CREATED"]);
  assert.deepEqual(await found(`fromDate=${START + 1000}&state=CREATED`), ["bad CREATED"]);
  assert.deepEqual(await found(`toDate=${START}&state=CREATED`), ["good CREATED"]);

  const { logs: [failure] } = await json("GET", "/v2/logs?state=ERROR");
  assert.equal(failure.responseStatus, 500);
  assert.ok(failure.nextDeliveryTime > START);
});

Deno.test("the log is kept for the plan's days", async () => {
  const { publish, json, clock } = createHarness({ plan: "free" });
  await publish(JOB);
  await clock.advance(73 * HOUR_MS);
  await publish(JOB);
  assert.equal((await json("GET", "/v2/logs")).logs.length, 1);
});
