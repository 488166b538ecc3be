/**
 * The vendor's Receiver, unmodified, verifies what the server delivers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Receiver } from "@upstash/qstash";
import { installClock } from "../../dev/clock.ts";
import { type Call, type Cloud, withCloud } from "./qstash_cloud.ts";

interface Keys {
  current: string;
  next: string;
}

function receiverWith({ current, next }: Keys): Receiver {
  return new Receiver({ currentSigningKey: current, nextSigningKey: next, devMode: false });
}

function claimsOf({ headers }: Call): Record<string, unknown> {
  const payload = headers.get("upstash-signature")!.split(".")[1];
  return JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
}

/** Delivers one message and gives it to the test with the keys it was signed under. */
async function deliver(cloud: Cloud, body = '{"a":"ä"}'): Promise<{ call: Call; keys: Keys }> {
  const { api, client, clock, endpoint } = cloud;
  const keys = await (await api("GET", "/v2/keys")).json();
  await client.publish({ url: endpoint.url("/hook?x=1"), body });
  await clock.advance(0);
  return { call: endpoint.calls.at(-1)!, keys };
}

const accepted: [name: string, keys: (keys: Keys) => Keys, body: string][] = [
  ["with the current key", (keys) => keys, "plain"],
  ["with the current key in the place of the next", ({ current }) => ({
    current: "sig_other",
    next: current,
  }), "plain"],
  ["of an empty body", (keys) => keys, ""],
  ["of a body outside ASCII", (keys) => keys, "日本\u0000\n"],
];
for (const [name, change, body] of accepted) {
  Deno.test(`the Receiver accepts a delivery ${name}`, () =>
    withCloud(async (cloud) => {
      const { call, keys } = await deliver(cloud, body);
      const verified = await receiverWith(change(keys)).verify({
        signature: call.headers.get("upstash-signature")!,
        body: call.text,
        url: cloud.endpoint.url("/hook?x=1"),
      });
      assert.equal(verified, true);
    }));
}

const refused: [
  name: string,
  change: (request: { signature: string; body: string; url: string }) => object,
][] = [
  ["whose body was changed", ({ body }) => ({ body: body + " " })],
  ["for another url", ({ url }) => ({ url: `${url}/` })],
  ["whose claims were changed", ({ signature }) => ({
    signature: signature.replace(/\.(.)/, (_, first) => `.${first === "e" ? "f" : "e"}`),
  })],
  ["without a signature", () => ({ signature: "" })],
];
for (const [name, change] of refused) {
  Deno.test(`the Receiver refuses a delivery ${name}`, () =>
    withCloud(async (cloud) => {
      const { call, keys } = await deliver(cloud);
      const request = {
        signature: call.headers.get("upstash-signature")!,
        body: call.text,
        url: cloud.endpoint.url("/hook?x=1"),
      };
      await assert.rejects(receiverWith(keys).verify({ ...request, ...change(request) }));
    }));
}

Deno.test("the Receiver refuses a delivery that is older than five minutes", () =>
  withCloud(async (cloud) => {
    const undo = installClock(cloud.clock);
    try {
      const { call, keys } = await deliver(cloud);
      const request = { signature: call.headers.get("upstash-signature")!, body: call.text };
      await cloud.clock.advance(299_000);
      assert.equal(await receiverWith(keys).verify(request), true);
      await cloud.clock.advance(2_000);
      await assert.rejects(receiverWith(keys).verify(request), { name: "SignatureError" });
    } finally {
      undo();
    }
  }));

Deno.test("one rotation of the keys keeps old receivers working, two do not", () =>
  withCloud(async (cloud) => {
    const { keys: before } = await deliver(cloud);
    const receiver = receiverWith(before);
    const verify = async () => {
      const { call } = await deliver(cloud);
      return await receiver.verify({
        signature: call.headers.get("upstash-signature")!,
        body: call.text,
      });
    };
    const rotated: Keys = await (await cloud.api("POST", "/v2/keys/rotate")).json();
    assert.equal(rotated.current, before.next);
    assert.notEqual(rotated.next, before.next);
    assert.equal(await verify(), true);
    await cloud.api("POST", "/v2/keys/rotate");
    await assert.rejects(verify(), { name: "SignatureError" });
  }));

Deno.test("each attempt is signed afresh, for its own time", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    endpoint.answer("/hook", 500, 200);
    await client.publish({ url: endpoint.url("/hook"), retryDelay: "3600000" });
    await clock.advance(3_600_000);
    const [first, second] = endpoint.calls.map(claimsOf);
    assert.equal(second.iat, first.iat as number + 3600);
    assert.equal(second.exp, second.iat as number + 300);
    assert.equal(second.nbf, 0);
    assert.notEqual(second.jti, first.jti);
    assert.deepEqual(endpoint.calls.map(({ headers }) => headers.get("upstash-retried")), [
      "0",
      "1",
    ]);
  }));

Deno.test("callbacks are signed as well, for their own url", () =>
  withCloud(async (cloud) => {
    const { api, client, clock, endpoint } = cloud;
    const keys: Keys = await (await api("GET", "/v2/keys")).json();
    endpoint.answer("/hook", 500);
    await client.publish({
      url: endpoint.url("/hook"),
      retries: 0,
      callback: endpoint.url("/callback"),
      failureCallback: endpoint.url("/failure"),
    });
    await clock.advance(0);
    for (const path of ["/callback", "/failure"]) {
      const call = endpoint.call(path);
      const verified = await receiverWith(keys).verify({
        signature: call.headers.get("upstash-signature")!,
        body: call.text,
        url: endpoint.url(path),
      });
      assert.equal(verified, true);
    }
  }));
