/**
 * The vendor's SDK, unmodified, manages queues, URL groups and flow control.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Cloud, refusal, withCloud } from "./qstash_cloud.ts";

Deno.test("queue().upsert(), get(), list() and delete()", () =>
  withCloud(async ({ client, clock }) => {
    const queue = client.queue({ queueName: "orders" });
    await queue.upsert({ parallelism: 2 });
    const createdAt = clock.now();
    assert.deepEqual(await queue.get(), {
      name: "orders",
      createdAt,
      updatedAt: createdAt,
      parallelism: 2,
      paused: false,
      lag: 0,
    });
    await clock.advance(5_000);
    await queue.upsert({ parallelism: 1, paused: true });
    assert.partialDeepStrictEqual(await queue.get(), {
      createdAt,
      updatedAt: createdAt + 5_000,
      parallelism: 1,
      paused: true,
    });
    assert.deepEqual((await queue.list()).map(({ name }) => name), ["orders"]);
    await queue.delete();
    await queue.delete();
    assert.deepEqual(await queue.list(), []);
    assert.equal((await refusal(() => queue.get())).status, 404);
  }));

Deno.test("enqueue() makes the queue, delivers in order, and waits for retries", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const queue = client.queue({ queueName: "orders" });
    endpoint.answer("/1", 500, 500, 200);
    for (const name of ["/1", "/2", "/3"]) {
      await queue.enqueue({ url: endpoint.url(name), retryDelay: "10000" });
    }
    assert.partialDeepStrictEqual(await queue.get(), { parallelism: 1, lag: 3 });
    await clock.advance(19_999);
    assert.deepEqual(endpoint.calls.map(({ target }) => target), ["/1", "/1"]);
    await clock.advance(1);
    assert.deepEqual(endpoint.calls.map(({ target }) => target), ["/1", "/1", "/1", "/2", "/3"]);
    assert.equal((await queue.get()).lag, 0);
  }));

Deno.test("enqueueJSON() to a url group makes a message for each endpoint", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    await client.urlGroups.addEndpoints({
      name: "group",
      endpoints: [{ url: endpoint.url("/a") }, { url: endpoint.url("/b") }],
    });
    const queue = client.queue({ queueName: "orders" });
    const messages = await queue.enqueueJSON({ urlGroup: "group", body: { a: 1 } });
    assert.equal(messages.length, 2);
    await clock.advance(0);
    assert.deepEqual(endpoint.calls.map(({ target, text }) => `${target} ${text}`).sort(), [
      '/a {"a":1}',
      '/b {"a":1}',
    ]);
  }));

Deno.test("queue().pause() keeps accepting, queue().resume() delivers what waited", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    const queue = client.queue({ queueName: "orders" });
    await queue.upsert({});
    await queue.pause();
    await queue.enqueue({ url: endpoint.url("/1") });
    await queue.enqueue({ url: endpoint.url("/2") });
    await clock.advance(60_000);
    assert.equal(endpoint.calls.length, 0);
    assert.partialDeepStrictEqual(await queue.get(), { paused: true, lag: 2 });
    await queue.resume();
    await clock.advance(60_000);
    assert.deepEqual(endpoint.calls.map(({ target }) => target), ["/1", "/2"]);
  }));

Deno.test("urlGroups: add, rename, list, get, remove, delete", () =>
  withCloud(async ({ client, clock }) => {
    const { urlGroups } = client;
    const one = "https://x.dev/1";
    const two = "https://x.dev/2";
    await urlGroups.addEndpoints({ name: "g", endpoints: [{ url: one, name: "first" }] });
    await urlGroups.addEndpoints({ name: "g", endpoints: [{ url: two }] });
    const group = await urlGroups.get("g");
    assert.partialDeepStrictEqual(group, { name: "g", createdAt: clock.now() });
    assert.deepEqual(group.endpoints, [{ name: "first", url: one }, { url: two }]);
    assert.deepEqual((await urlGroups.list()).map(({ name }) => name), ["g"]);

    await urlGroups.removeEndpoints({ name: "g", endpoints: [{ name: "first" }] });
    assert.deepEqual((await urlGroups.get("g")).endpoints, [{ url: two }]);
    await urlGroups.removeEndpoints({ name: "g", endpoints: [{ url: two }] });
    assert.equal((await refusal(() => urlGroups.get("g"))).status, 404);

    await urlGroups.addEndpoints({ name: "g", endpoints: [{ url: one }] });
    await urlGroups.delete("g");
    await urlGroups.delete("g");
    assert.deepEqual(await urlGroups.list(), []);
  }));

/** Publishes to `/k` under the key "k". */
function publishLimited(
  { client, endpoint }: Cloud,
  limits: { rate?: number; parallelism?: number },
) {
  return client.publish({
    url: endpoint.url("/k"),
    flowControl: { key: "k", period: 60, ...limits } as { key: string; rate: number },
  });
}

Deno.test("flowControl.get() knows the key, and its rate is taken, as soon as publish() has answered", () =>
  withCloud(async (cloud) => {
    await publishLimited(cloud, { rate: 1, parallelism: 2 });
    await publishLimited(cloud, { rate: 1, parallelism: 2 });
    assert.partialDeepStrictEqual(await cloud.client.flowControl.get("k"), {
      flowControlKey: "k",
      waitListSize: 1,
      parallelismMax: 2,
      rateMax: 1,
      rateCount: 1,
      ratePeriod: 60,
      isPaused: false,
      isPinnedParallelism: false,
      isPinnedRate: false,
    });
  }));

Deno.test("a rate holds messages back until the next period", () =>
  withCloud(async (cloud) => {
    const { clock, endpoint } = cloud;
    for (let count = 0; count < 5; count++) await publishLimited(cloud, { rate: 2 });
    const counts: number[] = [];
    for (let period = 0; period < 3; period++) {
      await clock.advance(period === 0 ? 0 : 60_000);
      counts.push(endpoint.calls.length);
    }
    assert.deepEqual(counts, [2, 4, 5]);
  }));

Deno.test("flowControl.resetRate() ends the period at once", () =>
  withCloud(async (cloud) => {
    const { client, clock, endpoint } = cloud;
    await publishLimited(cloud, { rate: 1 });
    await publishLimited(cloud, { rate: 1 });
    await clock.advance(0);
    assert.equal(endpoint.calls.length, 1);
    await client.flowControl.resetRate("k");
    await clock.advance(0);
    assert.equal(endpoint.calls.length, 2);
  }));

Deno.test("flowControl.pause() holds everything, flowControl.resume() lets it go", () =>
  withCloud(async (cloud) => {
    const { client, clock, endpoint } = cloud;
    await publishLimited(cloud, { rate: 10 });
    await clock.advance(0);
    await client.flowControl.pause("k");
    assert.equal((await client.flowControl.get("k")).isPaused, true);
    await publishLimited(cloud, { rate: 10 });
    await clock.advance(600_000);
    assert.equal(endpoint.calls.length, 1);
    await client.flowControl.resume("k");
    await clock.advance(0);
    assert.equal(endpoint.calls.length, 2);
    assert.equal((await client.flowControl.get("k")).isPaused, false);
  }));

Deno.test("flowControl.pin() beats what messages ask for, each half by itself, until unpin()", () =>
  withCloud(async (cloud) => {
    const { flowControl } = cloud.client;
    await publishLimited(cloud, { rate: 1, parallelism: 1 });
    await flowControl.pin("k", { rate: 7, period: 30 });
    await publishLimited(cloud, { rate: 2, parallelism: 2 });
    assert.partialDeepStrictEqual(await flowControl.get("k"), {
      rateMax: 7,
      ratePeriod: 30,
      parallelismMax: 2,
      isPinnedRate: true,
      isPinnedParallelism: false,
    });
    await flowControl.pin("k", { parallelism: 9 });
    assert.partialDeepStrictEqual(await flowControl.get("k"), {
      rateMax: 7,
      parallelismMax: 9,
      isPinnedRate: true,
      isPinnedParallelism: true,
    });
    await flowControl.unpin("k", { rate: true });
    await publishLimited(cloud, { rate: 3, parallelism: 3 });
    assert.partialDeepStrictEqual(await flowControl.get("k"), {
      rateMax: 3,
      parallelismMax: 9,
      isPinnedRate: false,
      isPinnedParallelism: true,
    });
  }));

Deno.test("flowControl.getGlobalParallelism() is the plan's", () =>
  withCloud(async ({ client }) => {
    assert.deepEqual(await client.flowControl.getGlobalParallelism(), {
      parallelismMax: 10,
      parallelismCount: 0,
    });
  }, { plan: "free" }));

Deno.test("flowControl.get() of an unknown key is a 404", () =>
  withCloud(async ({ client }) => {
    assert.equal((await refusal(() => client.flowControl.get("none"))).status, 404);
  }));
