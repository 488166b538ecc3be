/**
 * The vendor's SDK, unmodified, reads the logs and works through the dead letters.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Cloud, refusal, withCloud } from "./qstash_cloud.ts";

Deno.test("logs() tells the course of a message, newest first", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    endpoint.answer("/hook", 500, 200);
    const { messageId } = await client.publish({
      url: endpoint.url("/hook"),
      body: "hi",
      retryDelay: "5000",
      label: "l",
    });
    await clock.advance(10_000);
    const { logs, cursor } = await client.logs({ messageIds: [messageId] });
    assert.equal(cursor, undefined);
    assert.equal(logs.filter(({ state }) => state === "DELIVERED").length, 1);
    assert.equal(logs[0].state, "DELIVERED");
    assert.equal(logs.at(-1)!.state, "CREATED");
    const states = logs.map(({ state }) => state);
    assert.ok(states.includes("ACTIVE"), `ACTIVE is among ${states}`);
    assert.ok(states.includes("ERROR") || states.includes("RETRY"), `a failure is among ${states}`);
    for (const log of logs) {
      assert.partialDeepStrictEqual(log, { messageId, url: endpoint.url("/hook"), label: "l" });
    }
    const times = logs.map(({ time }) => time);
    assert.deepEqual(times, times.toSorted((one, other) => other - one));
  }));

Deno.test("an entry of a failed attempt holds the response, in base64, and the next attempt's time", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    endpoint.answer("/hook", new Response("broken", { status: 503, headers: { "x-why": "db" } }));
    const { messageId } = await client.publish({ url: endpoint.url("/hook"), retryDelay: "60000" });
    const publishedAt = clock.now();
    await clock.advance(0);
    const { logs } = await client.logs({ messageIds: [messageId] });
    const error = logs.find(({ state }) => state === "ERROR") as unknown as Record<string, unknown>;
    assert.partialDeepStrictEqual(error, {
      responseStatus: 503,
      responseBody: btoa("broken"),
      responseHeaders: { "X-Why": ["db"] },
    });
    const planned = logs.find(({ nextDeliveryTime }) => nextDeliveryTime !== undefined);
    assert.ok(planned);
    assert.ok(logs.some(({ nextDeliveryTime }) => nextDeliveryTime === publishedAt + 60_000));
  }));

Deno.test("the log and the message spell the retry delay differently", () =>
  withCloud(async ({ client }) => {
    const { messageId } = await client.publish({
      url: "https://x.dev",
      delay: 60,
      retryDelay: "1000",
    });
    const { logs } = await client.logs({ messageIds: [messageId] });
    assert.partialDeepStrictEqual(logs[0], { retryDelayExpr: "1000" });
    const message = await client.messages.get(messageId);
    assert.equal(message.retryDelayExpression, "1000");
  }));

type LogsRequest = NonNullable<Parameters<Cloud["client"]["logs"]>[0]>;
const logFilters: [name: string, request: (cloud: Cloud) => LogsRequest, paths: string[]][] = [
  ["state", () => ({ filter: { state: "DELIVERED" } }), ["/one", "/two"]],
  ["FAILED", () => ({ filter: { state: "FAILED" } }), ["/fail"]],
  ["label", () => ({ filter: { label: "red" } }), ["/one"]],
  ["labels", () => ({ filter: { label: ["red", "blue"] } }), ["/one", "/two"]],
  ["url", ({ endpoint }) => ({ filter: { url: endpoint.url("/two") } }), ["/two"]],
  ["host", ({ endpoint }) => ({ filter: { host: new URL(endpoint.url("/")).host } }), [
    "/fail",
    "/one",
    "/two",
  ]],
  ["path", () => ({ filter: { path: "/one" } }), ["/one"]],
  ["queue", () => ({ filter: { queueName: "q" } }), ["/two"]],
  ["flow-control key", () => ({ filter: { flowControlKey: "k" } }), ["/one"]],
  ["label and state, both", () => ({ filter: { label: "red", state: "FAILED" } }), []],
  ["past dates", ({ clock }) => ({ filter: { toDate: clock.now() - 1 } }), []],
  ["present dates", ({ clock }) => ({ filter: { fromDate: clock.now(), toDate: clock.now() } }), [
    "/fail",
    "/one",
    "/two",
  ]],
];
for (const [name, request, paths] of logFilters) {
  Deno.test(`logs() by ${name} finds ${paths.join(" ") || "nothing"}`, () =>
    withCloud(async (cloud) => {
      const { client, clock, endpoint } = cloud;
      endpoint.answer("/fail", 500);
      await client.publish({
        url: endpoint.url("/one"),
        label: "red",
        flowControl: { key: "k", rate: 9 },
      });
      await client.queue({ queueName: "q" }).enqueue({ url: endpoint.url("/two"), label: "blue" });
      await client.publish({ url: endpoint.url("/fail"), retries: 0 });
      await clock.advance(0);
      const { logs } = await client.logs(request(cloud));
      const found = new Set(logs.map(({ url }) => new URL(url).pathname));
      assert.deepEqual([...found].sort(), paths);
    }));
}

Deno.test("logs() pages by cursor: every entry once, the last page without one", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    await client.batch(Array.from({ length: 7 }, () => ({ url: endpoint.url("/hook") })));
    await clock.advance(0);
    const whole = (await client.logs({ count: 100 })).logs.map(key);
    const paged: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await client.logs({ count: 4, cursor });
      assert.ok(page.logs.length <= 4);
      paged.push(...page.logs.map(key));
      cursor = page.cursor;
      pages++;
    } while (cursor !== undefined && pages < 50);
    assert.deepEqual(paged, whole);
    assert.equal(pages, Math.ceil(whole.length / 4));

    function key(log: { messageId: string; state: string }) {
      return `${log.messageId} ${log.state}`;
    }
  }));

/** Three dead letters: /one answers 500 with a text, /two 404 with bytes, /three is not there at all. */
async function failThree({ client, clock, endpoint }: Cloud): Promise<void> {
  endpoint.answer("/one", new Response("broken", { status: 500 }));
  endpoint.answer("/two", new Response(new Uint8Array([0xff]), { status: 404 }));
  await client.publish({ url: endpoint.url("/one"), retries: 0, body: "1", label: "red" });
  await clock.advance(1_000);
  await client.queue({ queueName: "q" }).enqueue({ url: endpoint.url("/two"), retries: 0 });
  await clock.advance(1_000);
  await client.publish({ url: "http://127.0.0.1:1/three", retries: 0 });
  await clock.advance(0);
}

Deno.test("dlq.listMessages() shows what failed, and how", () =>
  withCloud(async (cloud) => {
    await failThree(cloud);
    const { messages, cursor } = await cloud.client.dlq.listMessages();
    assert.equal(cursor, undefined);
    const byPath = new Map(messages.map((message) => [new URL(message.url).pathname, message]));
    assert.partialDeepStrictEqual(byPath.get("/one"), {
      method: "POST",
      body: "1",
      maxRetries: 0,
      label: "red",
      responseStatus: 500,
      responseBody: "broken",
    });
    assert.match(byPath.get("/one")!.dlqId, /^\d{13}-\d+$/);
    assert.partialDeepStrictEqual(byPath.get("/two"), {
      queueName: "q",
      responseStatus: 404,
      responseBodyBase64: "/w==",
    });
    assert.equal(byPath.size, 3);
  }));

type DlqList = NonNullable<Parameters<Cloud["client"]["dlq"]["listMessages"]>[0]>;
const dlqFilters: [name: string, request: (cloud: Cloud) => DlqList, paths: string[]][] = [
  ["url", ({ endpoint }) => ({ filter: { url: endpoint.url("/one") } }), ["/one"]],
  ["label", () => ({ filter: { label: "red" } }), ["/one"]],
  ["queue", () => ({ filter: { queueName: "q" } }), ["/two"]],
  ["status", () => ({ filter: { responseStatus: 404 } }), ["/two"]],
  ["statuses", () => ({ filter: { responseStatus: [404, 500] } }), ["/one", "/two"]],
  ["status and label, both", () => ({ filter: { responseStatus: 404, label: "red" } }), []],
  ["dates", ({ clock }) => ({ filter: { toDate: clock.now() - 1_500 } }), ["/one"]],
];
for (const [name, request, paths] of dlqFilters) {
  Deno.test(`dlq.listMessages() by ${name} finds ${paths.join(" ") || "nothing"}`, () =>
    withCloud(async (cloud) => {
      await failThree(cloud);
      const { messages } = await cloud.client.dlq.listMessages(request(cloud));
      assert.deepEqual(messages.map(({ url }) => new URL(url).pathname).sort(), paths);
    }));
}

Deno.test("dlq.listMessages() pages by cursor and takes ids", () =>
  withCloud(async (cloud) => {
    await failThree(cloud);
    const { dlq } = cloud.client;
    const whole = (await dlq.listMessages()).messages.map(({ dlqId }) => dlqId);
    const first = await dlq.listMessages({ count: 2 });
    assert.equal(first.messages.length, 2);
    const second = await dlq.listMessages({ count: 2, cursor: first.cursor });
    assert.equal(second.cursor, undefined);
    const paged = [...first.messages, ...second.messages].map(({ dlqId }) => dlqId);
    assert.deepEqual(paged, whole);
    const some = await dlq.listMessages({ dlqIds: whole.slice(1) });
    assert.deepEqual(some.messages.map(({ dlqId }) => dlqId).sort(), whole.slice(1).sort());
  }));

type DlqDelete = Parameters<Cloud["client"]["dlq"]["delete"]>[0];
const dlqDeletes: [name: string, request: (ids: string[]) => DlqDelete, deleted: number][] = [
  ["an id", ([one]) => one, 1],
  ["ids", ([one, two]) => [one, two], 2],
  ["no ids", () => [], 0],
  ["dlqIds", ([one]) => ({ dlqIds: [one] }), 1],
  ["a filter", () => ({ filter: { responseStatus: 404 } }), 1],
  ["all", () => ({ all: true }), 3],
  ["all, two at most", () => ({ all: true, count: 2 }), 2],
];
for (const [name, request, deleted] of dlqDeletes) {
  Deno.test(`dlq.delete() by ${name} removes ${deleted}`, () =>
    withCloud(async (cloud) => {
      await failThree(cloud);
      const { dlq } = cloud.client;
      const ids = (await dlq.listMessages()).messages.map(({ dlqId }) => dlqId);
      assert.equal((await dlq.delete(request(ids))).deleted, deleted);
      assert.equal((await dlq.listMessages()).messages.length, 3 - deleted);
    }));
}

Deno.test("dlq.delete() in a loop by cursor ends", () =>
  withCloud(async (cloud) => {
    await failThree(cloud);
    const { dlq } = cloud.client;
    let deleted = 0;
    let cursor: string | undefined;
    let rounds = 0;
    do {
      const result = await dlq.delete({ all: true, count: 2, cursor });
      deleted += result.deleted;
      cursor = result.cursor;
    } while (cursor && ++rounds < 10);
    assert.equal(deleted, 3);
  }));

Deno.test("dlq.delete() of an id that is gone is a 404", () =>
  withCloud(async (cloud) => {
    await failThree(cloud);
    const { dlq } = cloud.client;
    const [{ dlqId }] = (await dlq.listMessages()).messages;
    await dlq.delete(dlqId);
    assert.equal((await refusal(() => dlq.delete(dlqId))).status, 404);
  }));

Deno.test("dlq.retry() publishes anew and removes the entry", () =>
  withCloud(async (cloud) => {
    const { client, clock, endpoint } = cloud;
    await failThree(cloud);
    const { messages } = await client.dlq.listMessages({ filter: { label: "red" } });
    endpoint.answer("/one", 200);
    const { responses } = await client.dlq.retry(messages[0].dlqId);
    assert.equal(responses.length, 1);
    assert.notEqual(responses[0].messageId, messages[0].messageId);
    await clock.advance(0);
    const call = endpoint.calls.at(-1)!;
    assert.equal(call.target, "/one");
    assert.equal(call.text, "1");
    assert.equal(call.headers.get("upstash-message-id"), responses[0].messageId);
    assert.equal((await client.dlq.listMessages({ filter: { label: "red" } })).messages.length, 0);
  }));

type DlqRetry = Parameters<Cloud["client"]["dlq"]["retry"]>[0];
const dlqRetries: [name: string, request: (ids: string[]) => DlqRetry, retried: number][] = [
  ["ids", ([one, two]) => [one, two], 2],
  ["no ids", () => [], 0],
  ["dlqIds", ([one]) => ({ dlqIds: [one] }), 1],
  ["a filter", () => ({ filter: { responseStatus: 500 } }), 1],
  ["all", () => ({ all: true }), 3],
  ["all, two at most", () => ({ all: true, count: 2 }), 2],
];
for (const [name, request, retried] of dlqRetries) {
  Deno.test(`dlq.retry() by ${name} publishes ${retried}`, () =>
    withCloud(async (cloud) => {
      await failThree(cloud);
      const { dlq } = cloud.client;
      const ids = (await dlq.listMessages()).messages.map(({ dlqId }) => dlqId);
      const { responses } = await dlq.retry(request(ids));
      assert.equal(responses.length, retried);
      assert.equal((await dlq.listMessages()).messages.length, 3 - retried);
    }));
}

Deno.test("dlq.retry() of an id that is gone is a 404", () =>
  withCloud(async ({ client }) => {
    assert.equal((await refusal(() => client.dlq.retry("1725323658779-0"))).status, 404);
  }));
