/**
 * The vendor's SDK, unmodified, publishes, reads and cancels messages.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { PublishRequest } from "@upstash/qstash";
import { batch, type Cloud, refusal, withCloud } from "./qstash_cloud.ts";

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

/** Publishes one message of each kind that the cancel forms tell apart, an hour from now. */
async function publishThree({ client }: Cloud): Promise<string[]> {
  const published = await batch(client, [
    { url: "https://a.example/one", delay: 3600, label: "red" },
    { url: "https://a.example/two", delay: 3600, label: ["blue", "x"] },
    {
      url: "https://b.example/one",
      delay: 3600,
      flowControl: { key: "k", rate: 1 },
    },
  ]);
  return published.map(({ messageId }) => messageId);
}

type Cancel = Parameters<Cloud["client"]["messages"]["cancel"]>[0];
const cancels: [name: string, request: (ids: string[]) => Cancel, cancelled: number[]][] = [
  ["an id", (ids) => ids[1], [1]],
  ["ids", (ids) => [ids[0], ids[2]], [0, 2]],
  ["an empty list", () => [], []],
  ["messageIds", (ids) => ({ messageIds: [ids[0]] }), [0]],
  ["a label", () => ({ filter: { label: "red" } }), [0]],
  ["a message's second label", () => ({ filter: { label: "x" } }), [1]],
  ["either of two labels", () => ({ filter: { label: ["red", "blue"] } }), [0, 1]],
  ["a flow-control key", () => ({ filter: { flowControlKey: "k" } }), [2]],
  ["a url", () => ({ filter: { url: "https://a.example/two" } }), [1]],
  ["a host", () => ({ filter: { host: "a.example" } }), [0, 1]],
  ["a path", () => ({ filter: { path: "/one" } }), [0, 2]],
  ["a host and a path", () => ({ filter: { host: "a.example", path: "/one" } }), [0]],
  ["a label that no message has", () => ({ filter: { label: "green" } }), []],
  ["all", () => ({ all: true }), [0, 1, 2]],
];
for (const [name, request, expected] of cancels) {
  Deno.test(`messages.cancel() by ${name} takes back those and no others`, () =>
    withCloud(async (cloud) => {
      const { client, clock } = cloud;
      const ids = await publishThree(cloud);
      const { cancelled } = await client.messages.cancel(request(ids));
      assert.equal(cancelled, expected.length);
      await clock.advance(3_600_000);
      const canceled = await client.logs({ filter: { state: "CANCELED" } });
      assert.deepEqual(
        canceled.logs.map(({ messageId }) => messageId).sort(),
        expected.map((index) => ids[index]).sort(),
      );
      assert.equal(
        (await client.dlq.listMessages()).messages.filter(({ messageId }) =>
          expected.some((index) => ids[index] === messageId)
        ).length,
        0,
      );
    }));
}

Deno.test("the deprecated forms messages.delete(), deleteMany() and deleteAll() work", () =>
  withCloud(async (cloud) => {
    const [one, two] = await publishThree(cloud);
    const { messages } = cloud.client;
    await messages.delete(one);
    assert.equal(await messages.deleteMany([two]), 1);
    assert.equal(await messages.deleteAll(), 1);
  }));

const errors: [
  name: string,
  act: (cloud: Cloud) => Promise<unknown>,
  status: number,
  text: RegExp,
][] = [
  [
    "a destination without a scheme",
    ({ client }) => client.publish({ url: "example.com/hook" }),
    400,
    /invalid scheme, add http:\/\/ or https:\/\//,
  ],
  [
    "a colon in a deduplication id",
    ({ client }) => client.publish({ url: "https://x.dev", deduplicationId: "a:b" }),
    400,
    /DeduplicationId cannot contain ':'/,
  ],
  [
    "an unknown message",
    ({ client }) => client.messages.get("msg_none"),
    404,
    /message msg_none not found/,
  ],
  ["cancelling an unknown message", ({ client }) => client.messages.cancel("msg_none"), 404, /./],
  [
    "an empty cron",
    ({ client }) => client.schedules.create({ destination: "https://x.dev", cron: "" }),
    400,
    /Invalid cron expression empty spec string/,
  ],
  [
    "an unreadable retry delay",
    ({ client }) => client.publish({ url: "https://x.dev", retryDelay: "sin(retried)" }),
    400,
    /unknown function "sin"/,
  ],
  [
    "another token",
    ({ clientWith }) => clientWith({ token: "wrong" }).queue().list(),
    401,
    /unable to authenticate: invalid token/,
  ],
];
for (const [name, act, status, text] of errors) {
  Deno.test(`${name} is a QstashError with status ${status}`, () =>
    withCloud(async (cloud) => {
      const error = await refusal(() => act(cloud));
      assert.equal(error.name, "QstashError");
      assert.equal(error.status, status);
      assert.match(JSON.parse(error.message).error, text);
    }));
}

Deno.test("on the free plan the thousand-and-first message of a day is a QstashDailyRatelimitError", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const messages = Array.from({ length: 1_000 }, () => ({ url: endpoint.url("/hook") }));
    await client.batch(messages);
    await clock.advance(0);
    const error = await refusal(() => client.publish({ url: endpoint.url("/hook") }));
    assert.equal(error.constructor.name, "QstashDailyRatelimitError");
    const { limit, remaining, reset } = error as unknown as Record<string, string>;
    assert.deepEqual([limit, remaining], ["1000", "0"]);
    const midnight = (Math.floor(clock.now() / 86_400_000) + 1) * 86_400_000;
    assert.equal(Number(reset) * 1000, midnight);
    await clock.advance(midnight - clock.now());
    await client.publish({ url: endpoint.url("/hook") });
  }, { plan: "free" }));

const quotas: [name: string, request: Partial<UrlRequest>][] = [
  ["a delay of eight days", { delay: "8d" }],
  ["six retries", { retries: 6 }],
  ["a body over a megabyte", { body: "x".repeat(1024 * 1024 + 1) }],
];
for (const [name, request] of quotas) {
  Deno.test(`on the free plan ${name} is refused with 412`, () =>
    withCloud(async ({ client }) => {
      const error = await refusal(() => client.publish({ url: "https://x.dev", ...request }));
      assert.equal(error.status, 412);
    }, { plan: "free" }));
}

Deno.test("GET /v2/keys answers the SDK's own probe, so that its development mode adopts the server", () =>
  withCloud(async ({ url }) => {
    const token = "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0=";
    const response = await fetch(`${url}/v2/keys`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.deepEqual(await response.json(), {
      current: "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
      next: "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
    });
  }));
