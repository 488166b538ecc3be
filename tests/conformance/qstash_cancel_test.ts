/**
 * The vendor's SDK, unmodified, takes messages back.
 *
 * @module
 */
import assert from "node:assert/strict";
import { batch, type Cloud, withCloud } from "./qstash_cloud.ts";

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

Deno.test("a cancel by filter takes every message at once, whatever its count", () =>
  withCloud(async ({ client, clock }) => {
    for (let page = 0; page < 7; page++) {
      await batch(
        client,
        Array.from({ length: 100 }, () => ({ url: "https://a.example", delay: 60, label: "many" })),
      );
    }
    const { cancelled } = await client.messages.cancel({ filter: { label: "many" }, count: 10 });
    assert.equal(cancelled, 700);
    await clock.advance(60_000);
    assert.deepEqual(await client.messages.cancel({ all: true }), { cancelled: 0 });
  }));

Deno.test("an async cancel answers an action, which tells how it went for a week", () =>
  withCloud(async (cloud) => {
    const { api, clock } = cloud;
    const json = async (method: string, path: string, body?: unknown) =>
      await (await api(method, path, body)).json();
    await publishThree(cloud);
    const createdAt = clock.now();
    const answer = await json("DELETE", "/v2/messages?host=a.example&label=red,blue&async=true");
    assert.deepEqual(Object.keys(answer), ["actionId"]);
    const action = await json("GET", `/v2/bulkActions/${answer.actionId}`);
    assert.deepEqual(action, {
      actionId: answer.actionId,
      kind: "cancel",
      state: "FINISHED",
      total: 2,
      processed: 2,
      createdAt,
      completedAt: createdAt,
      filter: { host: ["a.example"], label: ["red", "blue"] },
    });
    // As a JSON body too, in Python's spelling.
    const { actionId } = await json("DELETE", "/v2/messages", { async: true });
    const listed = await json("GET", "/v2/bulkActions?count=1");
    assert.deepEqual(listed.bulkActions.map((each: { actionId: string }) => each.actionId), [
      actionId,
    ]);
    const rest = await json("GET", `/v2/bulkActions?count=1&cursor=${listed.cursor}`);
    assert.deepEqual(rest, { bulkActions: [action] });
    assert.deepEqual((await json("GET", "/v2/bulkActions?state=IN_PROGRESS")).bulkActions, []);
    assert.equal((await api("GET", "/v2/bulkActions/act_none")).status, 404);
    assert.equal((await api("DELETE", "/v2/messages?async=perhaps")).status, 400);
    await clock.advance(7 * 86_400_000);
    assert.equal((await api("GET", `/v2/bulkActions/${actionId}`)).status, 404);
  }));

Deno.test("the deprecated forms messages.delete(), deleteMany() and deleteAll() work", () =>
  withCloud(async (cloud) => {
    const [one, two] = await publishThree(cloud);
    const { messages } = cloud.client;
    await messages.delete(one);
    assert.equal(await messages.deleteMany([two]), 1);
    assert.equal(await messages.deleteAll(), 1);
  }));
