/**
 * What the vendor's Python SDK needs, as it sends it: bulk ids as JSON bodies, and fields that
 * it reads without a default.
 *
 * @module
 */
import assert from "node:assert/strict";
import { batch, type Cloud, withCloud } from "./qstash_cloud.ts";

async function json(cloud: Cloud, method: string, path: string, body?: unknown) {
  const response = await cloud.api(method, path, body);
  assert.ok(response.ok, `${method} ${path} answers ${response.status}`);
  return await response.json();
}

function assertFields(value: Record<string, unknown>, fields: string): void {
  for (const field of fields.split(" ")) {
    assert.ok(value[field] !== undefined, `${field} is in ${JSON.stringify(value)}`);
  }
}

const MESSAGE_FIELDS = "messageId url method maxRetries notBefore createdAt";

Deno.test("a message has every field, undelayed and just delivered too", () =>
  withCloud(async (cloud) => {
    const { messageId } = await cloud.client.publish({ url: cloud.endpoint.url("/hook") });
    assertFields(await json(cloud, "GET", `/v2/messages/${messageId}`), MESSAGE_FIELDS);
    await cloud.clock.advance(0);
    assert.equal(cloud.endpoint.calls.length, 1);
    assertFields(await json(cloud, "GET", `/v2/messages/${messageId}`), MESSAGE_FIELDS);
  }));

Deno.test("a dead letter has every field, also one that got no answer", () =>
  withCloud(async (cloud) => {
    await cloud.client.publish({ url: "http://127.0.0.1:1/", retries: 0 });
    await cloud.clock.advance(0);
    const { messages } = await json(cloud, "GET", "/v2/dlq");
    assert.equal(messages.length, 1);
    assertFields(messages[0], `${MESSAGE_FIELDS} dlqId responseStatus`);
    const one = await json(cloud, "GET", `/v2/dlq/${messages[0].dlqId}`);
    assertFields(one, `${MESSAGE_FIELDS} dlqId responseStatus`);
    for (const absent of ["body", "bodyBase64", "label", "callback", "queueName"]) {
      assert.ok(!(absent in one), `${absent} is absent`);
    }
  }));

Deno.test("a schedule and a queue have every field", () =>
  withCloud(async (cloud) => {
    const { client } = cloud;
    await client.schedules.create({
      destination: "https://x.dev",
      cron: "* * * * *",
      scheduleId: "s",
    });
    await client.queue({ queueName: "q" }).upsert({ parallelism: 1 });
    assertFields(
      await json(cloud, "GET", "/v2/schedules/s"),
      "scheduleId cron createdAt destination method retries",
    );
    assertFields(
      await json(cloud, "GET", "/v2/queues/q"),
      "name parallelism lag paused createdAt updatedAt",
    );
  }));

Deno.test("DELETE /v2/messages takes its ids as a JSON body", () =>
  withCloud(async (cloud) => {
    const published = await batch(
      cloud.client,
      Array.from({ length: 3 }, () => ({ url: "https://x.dev", delay: 60 })),
    );
    const messageIds = published.slice(0, 2).map(({ messageId }) => messageId);
    assert.deepEqual(await json(cloud, "DELETE", "/v2/messages", { messageIds }), { cancelled: 2 });
    assert.deepEqual(await json(cloud, "DELETE", "/v2/messages"), { cancelled: 1 });
  }));

Deno.test("DELETE /v2/dlq takes its ids as a JSON body", () =>
  withCloud(async (cloud) => {
    await batch(
      cloud.client,
      Array.from({ length: 3 }, () => ({ url: "http://127.0.0.1:1/", retries: 0 })),
    );
    await cloud.clock.advance(0);
    const { messages } = await json(cloud, "GET", "/v2/dlq");
    const dlqIds = messages.slice(1).map(({ dlqId }: { dlqId: string }) => dlqId);
    assert.partialDeepStrictEqual(await json(cloud, "DELETE", "/v2/dlq", { dlqIds }), {
      deleted: 2,
    });
    assert.equal((await json(cloud, "GET", "/v2/dlq")).messages.length, 1);
  }));

Deno.test("the logs stand under both names at both paths", () =>
  withCloud(async (cloud) => {
    await cloud.client.publish({ url: "https://x.dev", delay: 60 });
    for (const path of ["/v2/events", "/v2/logs"]) {
      const answer = await json(cloud, "GET", path);
      assert.equal(answer.events.length, 1);
      assert.deepEqual(answer.logs, answer.events);
      assertFields(answer.events[0], "time messageId state url");
    }
  }));

for (const verb of ["POST", "PATCH"]) {
  Deno.test(`${verb} pauses and resumes a schedule`, () =>
    withCloud(async (cloud) => {
      const { schedules } = cloud.client;
      await schedules.create({ destination: "https://x.dev", cron: "* * * * *", scheduleId: "s" });
      assert.ok((await cloud.api(verb, "/v2/schedules/s/pause")).ok);
      assert.equal((await schedules.get("s")).isPaused, true);
      assert.ok((await cloud.api(verb, "/v2/schedules/s/resume")).ok);
      assert.equal((await schedules.get("s")).isPaused, false);
    }));
}

Deno.test("a GET that was published with a body is delivered", () =>
  withCloud(async (cloud) => {
    const { client, clock, endpoint } = cloud;
    const { messageId } = await client.publish({
      url: endpoint.url("/hook"),
      method: "GET",
      body: "x",
    });
    await clock.advance(0);
    assert.equal(endpoint.calls[0].method, "GET");
    const { logs } = await client.logs({ messageIds: [messageId] });
    assert.equal(logs[0].state, "DELIVERED");
  }));

const spellings: [text: string, means: boolean][] = [
  ["True", true],
  ["true", true],
  ["TRUE", true],
  ["1", true],
  ["t", true],
  ["False", false],
  ["false", false],
  ["0", false],
];
for (const [text, means] of spellings) {
  Deno.test(`a header that says ${text} means ${means ? "yes" : "no"}`, () =>
    withCloud(async ({ client, clock, endpoint }) => {
      const url = endpoint.url("/hook");
      const publish = () =>
        client.publish({
          url,
          body: "same",
          headers: {
            "Upstash-Content-Based-Deduplication": text,
            "Upstash-Header-Forward": text,
            Accept: "text/x-forwarded",
          },
        });
      await publish();
      const second = await publish() as { deduplicated?: boolean };
      assert.equal(second.deduplicated ?? false, means);
      await clock.advance(0);
      assert.equal(endpoint.calls.length, means ? 1 : 2);
    }));
}

Deno.test("a header that is neither yes nor no is refused, and named", () =>
  withCloud(async ({ api }) => {
    for (const name of ["Upstash-Content-Based-Deduplication", "Upstash-Header-Forward"]) {
      const body = [{ destination: "https://x.dev", headers: { [name]: "perhaps" } }];
      const answer = await api("POST", "/v2/batch", body);
      assert.equal(answer.status, 400);
      assert.match((await answer.json()).error, new RegExp(`invalid ${name} "perhaps"`));
    }
  }));

Deno.test("an endpoint in Python ends the retries, and a key is unpinned, by True", () =>
  withCloud(async (cloud) => {
    const { client, clock, endpoint } = cloud;
    endpoint.answer(
      "/hook",
      new Response("no", { status: 489, headers: { "Upstash-NonRetryable-Error": "True" } }),
    );
    await client.publish({
      url: endpoint.url("/hook"),
      flowControl: { key: "k", rate: 5, parallelism: 2 },
    });
    await clock.advance(0);
    assert.equal((await client.dlq.listMessages()).messages.length, 1);
    await cloud.api("POST", "/v2/flowControl/k/pin?rate=1&parallelism=1");
    await cloud.api("POST", "/v2/flowControl/k/unpin?rate=True&parallelism=False");
    const { isPinnedRate, isPinnedParallelism } = await json(cloud, "GET", "/v2/flowControl/k");
    assert.deepEqual([isPinnedRate, isPinnedParallelism], [false, true]);
  }));
