/**
 * The vendor's SDK in its other ways of working: development mode, global headers, aliases.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Client, Receiver } from "@upstash/qstash";
import { withCloud } from "./qstash_cloud.ts";

Deno.test({
  name: "in its development mode the SDK adopts the server, for sending and for verifying",
  // Loopback alone: an SDK that does not adopt the server would download one.
  permissions: { net: ["127.0.0.1"], env: true, read: true, sys: true },
  fn: () =>
    withCloud(async ({ url, clock, endpoint }) => {
      const { log } = console;
      const said: string[] = [];
      console.log = (text: string) => said.push(text);
      Deno.env.set("QSTASH_DEV_PORT", new URL(url).port);
      try {
        const client = new Client({ devMode: true });
        await client.publishJSON({ url: endpoint.url("/hook"), body: { a: 1 } });
        await clock.advance(0);
        const [call] = endpoint.calls;
        const verified = await new Receiver({ devMode: true }).verify({
          signature: call.headers.get("upstash-signature")!,
          body: call.text,
          url: endpoint.url("/hook"),
        });
        assert.equal(verified, true);
        assert.match(said.join("\n"), /Server already running at/);
      } finally {
        Deno.env.delete("QSTASH_DEV_PORT");
        console.log = log;
      }
    }),
});

Deno.test("headers of the client go along with every message, telemetry does not", () =>
  withCloud(async ({ url, token, clock, endpoint }) => {
    const client = new Client({
      baseUrl: url,
      token,
      devMode: false,
      headers: { "X-Tenant": "4", "Upstash-Retries": "1" },
    });
    const { messageId } = await client.publish({ url: endpoint.url("/hook"), delay: 1 });
    const message = await client.messages.get(messageId);
    assert.deepEqual(message.header, { "X-Tenant": ["4"] });
    assert.equal(message.maxRetries, 1);
    await client.batch([{ url: endpoint.url("/batch") }]);
    await client.queue({ queueName: "q" }).enqueue({ url: endpoint.url("/queue") });
    await clock.advance(1_000);
    for (const path of ["/hook", "/batch", "/queue"]) {
      const { headers } = endpoint.call(path);
      assert.equal(headers.get("x-tenant"), "4");
      assert.deepEqual([...headers.keys()].filter((name) => name.includes("telemetry")), []);
    }
  }));

Deno.test("the deprecated names topics and events() still work", () =>
  withCloud(async ({ client }) => {
    await client.topics.addEndpoints({ name: "t", endpoints: [{ url: "https://x.dev" }] });
    assert.deepEqual((await client.topics.list()).map(({ name }) => name), ["t"]);
    await client.publish({ topic: "t", delay: 60 });
    const { events } = await client.events({});
    assert.deepEqual(events.map(({ topicName, urlGroup }) => [topicName, urlGroup]), [["t", "t"]]);
  }));

Deno.test("a message to a URL group is found under its group everywhere", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    endpoint.answer("/fail", 500);
    const endpoints = [{ url: endpoint.url("/fail"), name: "one" }];
    await client.urlGroups.addEndpoints({ name: "g", endpoints });
    await client.publish({ urlGroup: "g", retries: 0 });
    await client.publish({ urlGroup: "g", delay: 60 });
    await clock.advance(0);
    const { messages } = await client.dlq.listMessages({ filter: { urlGroup: "g" } });
    assert.deepEqual(messages.map(({ urlGroup, endpointName }) => [urlGroup, endpointName]), [
      ["g", "one"],
    ]);
    const { logs } = await client.logs({ filter: { urlGroup: "g", state: "CREATED" } });
    assert.equal(logs.length, 2);
    assert.equal((await client.messages.cancel({ filter: { urlGroup: "g" } })).cancelled, 1);
  }));

Deno.test("a schedule to a URL group makes a message for each endpoint", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const endpoints = [{ url: endpoint.url("/a") }, { url: endpoint.url("/b") }];
    await client.urlGroups.addEndpoints({ name: "g", endpoints });
    await client.schedules.create({ destination: "g", cron: "0 * * * *", scheduleId: "s" });
    await clock.advance(3_600_000);
    assert.deepEqual(endpoint.calls.map(({ target }) => target).sort(), ["/a", "/b"]);
    const { logs } = await client.logs({ filter: { scheduleId: "s", state: "DELIVERED" } });
    assert.equal(logs.length, 2);
  }));

Deno.test("what a schedule redacts stays hidden in the schedule, its messages, logs and dead letters", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    endpoint.answer("/hook", 500);
    await client.schedules.create({
      destination: endpoint.url("/hook"),
      cron: "0 * * * *",
      scheduleId: "s",
      body: "secret",
      headers: { "X-Key": "token" },
      retries: 0,
      redact: { body: true, header: ["X-Key"] },
    });
    await clock.advance(3_600_000);
    assert.equal(endpoint.calls[0].text, "secret");
    const hidden = /^REDACTED:[0-9a-f]{64}$/;
    const schedule = await client.schedules.get("s");
    assert.match(schedule.body!, hidden);
    assert.match(schedule.header!["X-Key"][0], hidden);
    const [letter] = (await client.dlq.listMessages()).messages;
    assert.match(letter.body!, hidden);
    assert.match(letter.header!["X-Key"][0], hidden);
    const { logs } = await client.logs({ filter: { scheduleId: "s" } });
    for (const { body } of logs) assert.match(atob(body!), hidden);

    endpoint.answer("/hook", 200);
    await client.dlq.retry(letter.dlqId);
    await clock.advance(0);
    assert.equal(endpoint.calls.at(-1)!.text, "secret");
    assert.equal(endpoint.calls.at(-1)!.headers.get("x-key"), "token");
  }));

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
