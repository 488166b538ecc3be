/**
 * The vendor's SDK, unmodified, is refused what it should be.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { PublishRequest } from "@upstash/qstash";
import { type Cloud, refusal, withCloud } from "./qstash_cloud.ts";

type UrlRequest = Extract<PublishRequest<string>, { url: string }>;

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
