import assert from "node:assert/strict";
import { createHarness, HOUR_MS, START } from "./harness.ts";

const JOB = "https://app.test/job";
const MINUTE_MS = 60_000;

const refused: {
  path: string;
  headers?: Record<string, string>;
  status: number;
  error: string | RegExp;
}[] = [
  {
    path: "/v2/publish/app.test/job",
    status: 400,
    error: "invalid destination url: endpoint has invalid scheme, add http:// or https://",
  },
  { path: "/v2/publish/no-such-group", status: 404, error: "topic no-such-group not found" },
  {
    path: `/v2/publish/${JOB}`,
    headers: { "upstash-deduplication-id": "a:b" },
    status: 400,
    error: "DeduplicationId cannot contain ':'",
  },
  {
    path: `/v2/publish/${JOB}`,
    headers: { "upstash-delay": "soon" },
    status: 400,
    error: /invalid duration "soon"/,
  },
  {
    path: `/v2/publish/${JOB}`,
    headers: { "upstash-retries": "-1" },
    status: 400,
    error: /Upstash-Retries/,
  },
  {
    path: `/v2/publish/${JOB}`,
    headers: { "upstash-method": "BREW" },
    status: 400,
    error: "invalid method: BREW",
  },
  {
    path: `/v2/publish/${JOB}`,
    headers: { "upstash-retry-delay": "process.exit()" },
    status: 400,
    error: /invalid retry delay/,
  },
  {
    path: `/v2/publish/${JOB}`,
    headers: { "upstash-flow-control-key": "k" },
    status: 400,
    error: /provide rate or parallelism/,
  },
  {
    path: `/v2/publish/${JOB}`,
    headers: { "upstash-flow-control-key": "k", "upstash-flow-control-value": "rate=0" },
    status: 400,
    error: /positive integer/,
  },
  {
    path: `/v2/publish/${JOB}`,
    headers: { "upstash-callback": "app.test" },
    status: 400,
    error: /invalid callback url/,
  },
  {
    path: `/v2/publish/${JOB}`,
    headers: { "upstash-callback": JOB, "upstash-callback-delay": "1s" },
    status: 400,
    error: /callbacks cannot be delayed/,
  },
  {
    path: `/v2/schedules/${JOB}`,
    status: 400,
    error: "Invalid cron expression empty spec string",
  },
  {
    path: `/v2/schedules/${JOB}`,
    headers: { "upstash-cron": "* * * * *", "upstash-schedule-id": "a/b" },
    status: 400,
    error: /invalid schedule name/,
  },
  {
    path: `/v2/enqueue/a%20b/${JOB}`,
    status: 400,
    error: /invalid queue name/,
  },
];
for (const { path, headers = {}, status, error } of refused) {
  Deno.test(`POST ${path} with ${JSON.stringify(headers)} is refused with ${status}`, async () => {
    const { api, clock, received } = createHarness();
    const response = await api("POST", path, { headers });
    assert.equal(response.status, status);
    const body = await response.json();
    assert.deepEqual(Object.keys(body), ["error"]);
    if (typeof error === "string") assert.equal(body.error, error);
    else assert.match(body.error, error);
    await clock.advance(HOUR_MS);
    assert.equal(received.length, 0);
  });
}

Deno.test("a wrong or missing token is a 401, the token may be in the query, and is not passed on", async () => {
  const { api, qstash, clock, received } = createHarness();
  for (const token of ["wrong", null]) {
    const response = await api("GET", "/v2/keys", { token });
    assert.equal(response.status, 401);
    assert.deepEqual(await response.json(), { error: "unable to authenticate: invalid token" });
  }
  const token = encodeURIComponent(qstash.token);
  const path = `/v2/publish/${JOB}?a=1&qstash_token=${token}&b=2`;
  assert.equal((await api("POST", path, { token: null })).status, 200);
  await clock.advance(0);
  assert.equal(received[0].url, `${JOB}?a=1&b=2`);
});

Deno.test("a read-only token may read, and nothing else", async () => {
  const { api } = createHarness({ readOnlyToken: "reader" });
  assert.equal((await api("GET", "/v2/queues", { token: "reader" })).status, 200);
  assert.equal((await api("POST", `/v2/publish/${JOB}`, { token: "reader" })).status, 403);
});

Deno.test("settings may be query keys, and a header wins over one", async () => {
  const { json, api } = createHarness();
  const path = `/v2/publish/${JOB}?upstash-retries=7&upstash-delay=100s&upstash-label=a,b&x=1`;
  const { messageId } = await (await api("POST", path, { headers: { "upstash-retries": "2" } }))
    .json();
  const message = await json("GET", `/v2/messages/${messageId}`);
  assert.equal(message.url, `${JOB}?x=1`);
  assert.equal(message.maxRetries, 2);
  assert.equal(message.notBefore, START + 100_000);
  assert.deepEqual(message.labels, ["a", "b"]);
  assert.equal(message.label, "a");
});

Deno.test("Upstash-Header-Forward passes on what came, but for hop headers, settings and our token", async () => {
  const { clock, publish, received } = createHarness();
  await publish(JOB, { "upstash-header-forward": "true", "x-github-event": "push", host: "h" });
  await clock.advance(0);
  const { headers } = received[0];
  assert.equal(headers.get("x-github-event"), "push");
  assert.equal(headers.get("authorization"), null);
  assert.equal(headers.get("host"), null);
  assert.equal(headers.get("upstash-header-forward"), null);
});

Deno.test("a deduplication id holds for ten minutes, also after delivery", async () => {
  const { api, clock, received } = createHarness();
  const headers = { "upstash-deduplication-id": "once" };
  const send = () => api("POST", `/v2/publish/${JOB}`, { headers });
  const first = await send();
  assert.equal(first.status, 200);
  const { messageId } = await first.json();
  await clock.advance(10 * MINUTE_MS - 1);
  const second = await send();
  assert.equal(second.status, 202);
  assert.deepEqual(await second.json(), { messageId, deduplicated: true });
  await clock.advance(1);
  const third = await send();
  assert.equal(third.status, 200);
  assert.notEqual((await third.json()).messageId, messageId);
  await clock.advance(0);
  assert.equal(received.length, 2);
});

Deno.test("a refused publish does not use up its deduplication id", async () => {
  const { api } = createHarness({ plan: "free" });
  const send = (delay: string) =>
    api("POST", `/v2/publish/${JOB}`, {
      headers: { "upstash-deduplication-id": "once", "upstash-delay": delay },
    });
  assert.equal((await send("8d")).status, 412);
  assert.equal((await send("1d")).status, 200);
});

Deno.test("content-based deduplication looks at destination, body, type and forwarded headers", async () => {
  const { api } = createHarness();
  const send = async (path: string, body: string, headers: Record<string, string> = {}) => {
    const all = { "upstash-content-based-deduplication": "true", ...headers };
    return (await api("POST", `/v2/publish/${path}`, { body, headers: all })).status;
  };
  assert.equal(await send(JOB, "a"), 200);
  assert.equal(await send(JOB, "a"), 202);
  assert.equal(await send(JOB, "a", { "upstash-label": "x" }), 202);
  assert.equal(await send(JOB, "b"), 200);
  assert.equal(await send(`${JOB}2`, "a"), 200);
  assert.equal(await send(JOB, "a", { "upstash-forward-x": "1" }), 200);
  assert.equal(await send(JOB, "a", { "content-type": "text/x" }), 200);
});

Deno.test("a URL group gets a message for each endpoint, with their own retries and deduplication", async () => {
  const { json, api, clock, received, answer } = createHarness();
  const endpoints = [{ url: "https://one.test/", name: "one" }, { url: "https://two.test/" }];
  await api("POST", "/v2/topics/pair/endpoints", { body: JSON.stringify({ endpoints }) });
  await api("PATCH", "/v2/topics/pair", {
    body: JSON.stringify({ headers: { "Upstash-Retries": "1", "Upstash-Label": ["group"] } }),
  });
  answer(({ url }) => url.includes("one") ? 500 : 200);
  const headers = { "upstash-deduplication-id": "d" };
  const replies = await json("POST", "/v2/publish/pair", { headers });
  assert.deepEqual(replies.map(({ url }: { url: string }) => url), endpoints.map(({ url }) => url));
  const again = await json("POST", "/v2/publish/pair", { headers });
  assert.deepEqual(again, replies.map((reply: object) => ({ ...reply, deduplicated: true })));
  const message = await json("GET", `/v2/messages/${replies[0].messageId}`);
  assert.equal(message.endpointName, "one");
  assert.equal(message.topicName, "pair");
  assert.equal(message.maxRetries, 1);
  assert.equal(message.label, "group");
  await clock.advance(HOUR_MS);
  assert.deepEqual(received.map(({ url }) => url), [
    "https://one.test/",
    "https://two.test/",
    "https://one.test/",
  ]);
  assert.equal(received[0].headers.get("upstash-topic-name"), "pair");

  await api("DELETE", "/v2/topics/pair/endpoints", { body: JSON.stringify({ endpoints }) });
  assert.equal((await api("GET", "/v2/topics/pair")).status, 404);
  assert.equal((await api("DELETE", "/v2/topics/pair")).status, 200);
});

Deno.test("a batch answers in order, and one bad item refuses all of it", async () => {
  const { json, api, clock, received } = createHarness();
  const endpoints = [{ url: "https://one.test/" }, { url: "https://two.test/" }];
  await api("POST", "/v2/topics/pair/endpoints", { body: JSON.stringify({ endpoints }) });
  const item = { destination: JOB, body: "é", headers: { "Upstash-Forward-X": "1" } };
  const items = [item, { destination: "pair" }, { destination: JOB, queue: "q" }];
  const replies = await json("POST", "/v2/batch", { body: JSON.stringify(items) });
  assert.match(replies[0].messageId, /^msg_/);
  assert.equal(replies[1].length, 2);
  assert.match(replies[2].messageId, /^msg_/);
  await clock.advance(0);
  assert.equal(received.length, 4);
  assert.equal(received[0].body, "é");
  assert.equal(received[0].headers.get("x"), "1");

  const bad = { destination: JOB, headers: { "Upstash-Delay": "400d" } };
  const refusal = await api("POST", "/v2/batch", { body: JSON.stringify([item, bad]) });
  assert.equal(refusal.status, 412);
  assert.deepEqual(await refusal.json(), {
    error: "quota maxDelay exceeded, current limit: 31536000",
  });
  for (const body of ["{", "{}", '[{"body":"x"}]', ""]) {
    assert.equal((await api("POST", "/v2/batch", { body })).status, 400);
  }
  await clock.advance(0);
  assert.equal(received.length, 4);
});

Deno.test("the free plan's limits are refused with 412", async () => {
  const { api } = createHarness({ plan: "free" });
  const post = async (path: string, headers: Record<string, string> = {}, body = "") =>
    (await api("POST", path, { headers, body })).status;
  assert.equal(await post(`/v2/publish/${JOB}`, { "upstash-retries": "6" }), 412);
  assert.equal(await post(`/v2/publish/${JOB}`, { "upstash-retries": "5" }), 200);
  assert.equal(await post(`/v2/publish/${JOB}`, { "upstash-delay": "7d1s" }), 412);
  assert.equal(await post(`/v2/publish/${JOB}`, {}, "x".repeat(1024 * 1024 + 1)), 412);
  for (let index = 0; index < 11; index++) {
    const expected = index < 10 ? 200 : 412;
    assert.equal(await post(`/v2/enqueue/q${index}/${JOB}`), expected, `queue ${index}`);
    const headers = { "upstash-cron": "0 0 1 1 *" };
    assert.equal(await post(`/v2/schedules/${JOB}`, headers), expected, `schedule ${index}`);
  }
  const queue = JSON.stringify({ queueName: "q0", parallelism: 3 });
  assert.equal(await post("/v2/queues", {}, queue), 412);
  const endpoints = JSON.stringify({ endpoints: [{ url: JOB }] });
  assert.equal(await post("/v2/topics/a/endpoints", {}, endpoints), 200);
  assert.equal(await post("/v2/topics/b/endpoints", {}, endpoints), 412);
});

Deno.test("the free plan's day ends with 429 and its headers, and a new day begins at midnight UTC", async () => {
  const { api, clock } = createHarness({ plan: "free" });
  const publish = () => api("POST", `/v2/publish/${JOB}`);
  for (let index = 0; index < 1000; index++) assert.equal((await publish()).status, 200);
  const refusal = await publish();
  assert.equal(refusal.status, 429);
  assert.equal(refusal.headers.get("ratelimit-limit"), "1000");
  assert.equal(refusal.headers.get("ratelimit-remaining"), "0");
  assert.equal(refusal.headers.get("ratelimit-reset"), String(START / 1000 + 86_400));
  const batch = JSON.stringify([{ destination: JOB }]);
  assert.equal((await api("POST", "/v2/batch", { body: batch })).status, 429);
  await clock.advance(24 * HOUR_MS);
  assert.equal((await publish()).status, 200);
});

Deno.test("redacted fields are hidden by the API and delivered as they are", async () => {
  const { publish, json, clock, received } = createHarness();
  const messageId = await publish(JOB, {
    "upstash-redact-fields": "body,header[X-Secret]",
    "upstash-forward-x-secret": "s",
    "upstash-forward-x-open": "o",
  }, "private");
  const message = await json("GET", `/v2/messages/${messageId}`);
  assert.match(message.body, /^REDACTED:[0-9a-f]{64}$/);
  assert.match(message.header["X-Secret"][0], /^REDACTED:/);
  assert.deepEqual(message.header["X-Open"], ["o"]);
  await clock.advance(0);
  assert.equal(received[0].body, "private");
  assert.equal(received[0].headers.get("x-secret"), "s");
  const { logs } = await json("GET", "/v2/logs");
  for (const entry of logs) assert.match(atob(entry.body), /^REDACTED:/);
});

Deno.test("retries, callbacks and ticks count for the free plan's day; a tick beyond it is lost", async () => {
  const { clock, api, publish, answer, received } = createHarness({ plan: "free" });
  answer((_, index) => index === 0 ? 500 : 200);
  // An attempt, its retry, and a callback for each.
  await publish("https://app.test/job", {
    "upstash-retry-delay": "1000",
    "upstash-callback": "https://app.test/callback",
  });
  await clock.advance(2_000);
  assert.equal(received.length, 4);
  for (let index = 0; index < 995; index++) await publish("https://app.test/job");
  const headers = { "upstash-cron": "* * * * *" };
  await api("POST", "/v2/schedules/https://app.test/tick", { headers });
  await clock.advance(600_000);
  assert.equal(received.filter(({ url }) => url.endsWith("/tick")).length, 1);
  assert.equal((await api("POST", "/v2/publish/https://app.test/job")).status, 429);
});
