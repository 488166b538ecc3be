/**
 * The vendor's SDK, unmodified, publishes and reads messages.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { PublishRequest } from "@upstash/qstash";
import { batch, withCloud } from "./qstash_cloud.ts";

type UrlRequest = Extract<PublishRequest<string>, { url: string }>;

const binary = new Uint8Array([0xff, 0x00, 0xfe]);

const settings: [name: string, request: Partial<UrlRequest>, message: object][] = [
  ["nothing but a url", {}, { method: "POST", maxRetries: 3 }],
  ["method", { method: "PUT" }, { method: "PUT" }],
  ["retries", { retries: 1 }, { maxRetries: 1 }],
  ["no retries", { retries: 0 }, { maxRetries: 0 }],
  ["retryDelay", { retryDelay: "pow(2, retried) * 1000" }, {
    retryDelayExpression: "pow(2, retried) * 1000",
  }],
  ["callbacks", { callback: "https://x.dev/ok", failureCallback: "https://x.dev/bad" }, {
    callback: "https://x.dev/ok",
    failureCallback: "https://x.dev/bad",
  }],
  ["one label", { label: "receipts" }, { label: "receipts", labels: ["receipts"] }],
  ["labels", { label: ["receipts", "tenant-4"] }, {
    label: "receipts",
    labels: ["receipts", "tenant-4"],
  }],
  ["flowControl", { flowControl: { key: "k", rate: 5, parallelism: 2, period: "1m" } }, {
    flowControlKey: "k",
    rate: 5,
    ratePerSecond: 5,
    parallelism: 2,
    period: 60,
  }],
  ["flowControl by rate alone", { flowControl: { key: "k", rate: 5 } }, {
    flowControlKey: "k",
    rate: 5,
    period: 1,
    parallelism: undefined,
  }],
  ["flowControl by parallelism alone", { flowControl: { key: "k", parallelism: 2 } }, {
    parallelism: 2,
    period: 1,
    rate: undefined,
  }],
  ["headers", { headers: { "x-api-key": "a", "Content-Type": "text/plain" } }, {
    header: { "X-Api-Key": ["a"], "Content-Type": ["text/plain"] },
  }],
  ["a text body", { body: "wörld" }, { body: "wörld", bodyBase64: undefined }],
  ["a binary body", { body: binary as unknown as string }, {
    bodyBase64: "/wD+",
    body: undefined,
  }],
  ["no body", {}, { body: undefined, bodyBase64: undefined }],
];

for (const [name, request, expected] of settings) {
  Deno.test(`publish() with ${name} can be read back`, () =>
    withCloud(async ({ client, clock }) => {
      const url = "https://example.com/a//b?x=1&y=a%20b";
      const { messageId } = await client.publish({ url, delay: 60, ...request });
      const message = await client.messages.get(messageId);
      for (const [field, value] of Object.entries({ messageId, url, ...expected })) {
        assert.deepEqual(message[field as keyof typeof message], value, field);
      }
      assert.equal(message.createdAt, clock.now());
      assert.equal(message.notBefore, clock.now() + 60_000);
    }));
}

Deno.test("the stored header holds what is forwarded and nothing else", () =>
  withCloud(async ({ client }) => {
    const { messageId } = await client.publishJSON({
      url: "https://example.com",
      delay: 10,
      body: { a: 1 },
      headers: { "X-One": "1" },
    });
    assert.deepEqual((await client.messages.get(messageId)).header, {
      "Content-Type": ["application/json"],
      "X-One": ["1"],
    });
  }));

const moments: [name: string, request: Partial<UrlRequest>, waitsMs: number][] = [
  ["delay in seconds", { delay: 90 }, 90_000],
  ["delay as text", { delay: "1h30m3s" as "1h" }, 5_403_000],
  ["a day's delay", { delay: "1d" }, 86_400_000],
];
for (const [name, request, waitsMs] of moments) {
  Deno.test(`publish() with ${name} is delivered then and not before`, () =>
    withCloud(async ({ client, clock, endpoint }) => {
      await client.publish({ url: endpoint.url("/hook"), ...request });
      await clock.advance(waitsMs - 1);
      assert.equal(endpoint.calls.length, 0);
      await clock.advance(1);
      assert.equal(endpoint.calls.length, 1);
    }));
}

Deno.test("publish() with notBefore waits for that second, and beats delay", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const notBefore = Math.ceil(clock.now() / 1000) + 100;
    const { messageId } = await client.publish({ url: endpoint.url("/hook"), notBefore, delay: 5 });
    assert.equal((await client.messages.get(messageId)).notBefore, notBefore * 1000);
    await clock.advance(notBefore * 1000 - clock.now() - 1);
    assert.equal(endpoint.calls.length, 0);
    // Clients round to whole seconds, so the server adds the half that this may have taken.
    await clock.advance(501);
    assert.equal(endpoint.calls.length, 1);
  }));

Deno.test("what was published is what the endpoint gets", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const { messageId } = await client.publish({
      url: endpoint.url("/a//b?x=1&y=a%20b"),
      method: "PATCH",
      body: "wörld",
      headers: { "Content-Type": "text/x-special", "X-One": "1, 2" },
    });
    await clock.advance(0);
    const [call] = endpoint.calls;
    assert.equal(call.method, "PATCH");
    assert.equal(call.target, "/a//b?x=1&y=a%20b");
    assert.equal(call.text, "wörld");
    assert.equal(call.headers.get("content-type"), "text/x-special");
    assert.equal(call.headers.get("x-one"), "1, 2");
    assert.equal(call.headers.get("user-agent"), "Upstash-QStash");
    assert.equal(call.headers.get("upstash-message-id"), messageId);
    assert.equal(call.headers.get("upstash-retried"), "0");
    assert.ok(call.headers.get("upstash-signature"));
  }));

Deno.test("publish() of a duplicate answers the first message's id", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const request = { url: endpoint.url("/hook"), deduplicationId: "order-1" };
    const first = await client.publish(request);
    const second = await client.publish(request);
    assert.equal(first.deduplicated, undefined);
    assert.deepEqual(second, { messageId: first.messageId, deduplicated: true });
    await clock.advance(600_000);
    assert.equal(endpoint.calls.length, 1);
    assert.notEqual((await client.publish(request)).messageId, first.messageId);
  }));

Deno.test("publish() with contentBasedDeduplication tells bodies apart", () =>
  withCloud(async ({ client }) => {
    const publish = (body: string) =>
      client.publish({
        url: "https://example.com",
        body,
        contentBasedDeduplication: true,
        delay: 60,
      });
    const first = await publish("a");
    assert.equal((await publish("a")).messageId, first.messageId);
    assert.notEqual((await publish("b")).messageId, first.messageId);
  }));

Deno.test("publish() to a url group answers one message for each endpoint", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const endpoints = [
      { url: endpoint.url("/one"), name: "one" },
      { url: endpoint.url("/two") },
    ];
    await client.urlGroups.addEndpoints({ name: "group", endpoints });
    const published = await client.publish({ urlGroup: "group", body: "hi" });
    assert.deepEqual(
      published.map(({ url }) => url).sort(),
      endpoints.map(({ url }) => url).sort(),
    );
    const named = published.find(({ url }) => url === endpoints[0].url)!;
    assert.partialDeepStrictEqual(await client.messages.get(named.messageId), {
      urlGroup: "group",
      topicName: "group",
      endpointName: "one",
    });
    await clock.advance(0);
    assert.deepEqual(endpoint.calls.map(({ target }) => target).sort(), ["/one", "/two"]);
    assert.equal(endpoint.calls[0].headers.get("upstash-topic-name"), "group");
  }));

Deno.test("batch() answers in order: ids, a list for a group, queues included", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    await client.urlGroups.addEndpoints({
      name: "group",
      endpoints: [{ url: endpoint.url("/g1") }, { url: endpoint.url("/g2") }],
    });
    const [first, group, queued] = await batch(client, [
      { url: endpoint.url("/one"), body: "1", headers: { "X-One": "1" } },
      { urlGroup: "group", body: "2" },
      { url: endpoint.url("/three"), body: "3", queueName: "q" },
    ]);
    assert.match(first.messageId, /^msg_/);
    assert.equal((group as unknown as unknown[]).length, 2);
    assert.equal((await client.messages.get(queued.messageId)).queueName, "q");
    await clock.advance(0);
    assert.deepEqual(
      endpoint.calls.map(({ target, text }) => `${target} ${text}`).sort(),
      ["/g1 2", "/g2 2", "/one 1", "/three 3"],
    );
    assert.equal(endpoint.call("/one").headers.get("x-one"), "1");
  }));

Deno.test("batchJSON() sends JSON bodies", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    await client.batchJSON([{ url: endpoint.url("/one"), body: { a: [1, "ä"] }, delay: 1 }]);
    await clock.advance(1_000);
    assert.deepEqual(JSON.parse(endpoint.calls[0].text), { a: [1, "ä"] });
    assert.equal(endpoint.calls[0].headers.get("content-type"), "application/json");
  }));

const redactions: [redact: NonNullable<PublishRequest["redact"]>, body: boolean, one: boolean][] = [
  [{ body: true }, true, false],
  [{ header: true }, false, true],
  [{ body: true, header: ["X-One"] }, true, true],
  [{ header: ["X-Other"] }, false, false],
];
for (const [redact, body, one] of redactions) {
  Deno.test(`publish() with redact ${JSON.stringify(redact)} hides from the API, not from the endpoint`, () =>
    withCloud(async ({ client, clock, endpoint }) => {
      const { messageId } = await client.publish({
        url: endpoint.url("/hook"),
        delay: 1,
        body: "secret",
        headers: { "X-One": "token" },
        redact,
      });
      const message = await client.messages.get(messageId);
      assert.match(message.body!, body ? /^REDACTED:[0-9a-f]{64}$/ : /^secret$/);
      assert.match(message.header!["X-One"][0], one ? /^REDACTED:[0-9a-f]{64}$/ : /^token$/);
      await clock.advance(1_000);
      assert.equal(endpoint.calls[0].text, "secret");
      assert.equal(endpoint.calls[0].headers.get("x-one"), "token");
    }));
}
