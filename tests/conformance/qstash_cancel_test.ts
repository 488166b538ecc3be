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

Deno.test("the deprecated forms messages.delete(), deleteMany() and deleteAll() work", () =>
  withCloud(async (cloud) => {
    const [one, two] = await publishThree(cloud);
    const { messages } = cloud.client;
    await messages.delete(one);
    assert.equal(await messages.deleteMany([two]), 1);
    assert.equal(await messages.deleteAll(), 1);
  }));
