/**
 * The limit of requests a second, and idempotency keys.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHarness, mail, START } from "./harness.ts";

const headersOf = ({ headers }: Response) =>
  ["limit", "remaining", "reset"].map((name) => headers.get(`ratelimit-${name}`)).join();

Deno.test("two in a second pass, the third is refused and told when to come again", async () => {
  const { send, server, clock } = createHarness({ ratePerSecond: 2 });
  assert.equal(headersOf(await send()), "2,1,1");
  await clock.advance(999);
  assert.equal(headersOf(await send()), "2,0,1");
  const third = await send();
  assert.equal(third.status, 429);
  assert.equal(headersOf(third), "2,0,1");
  assert.equal(third.headers.get("retry-after"), "1");
  assert.equal((await third.json()).name, "rate_limit_exceeded");
  // Windows are fixed: four within two milliseconds are fine.
  await clock.advance(1);
  assert.equal((await send()).status, 200);
  assert.equal((await send()).status, 200);
  assert.deepEqual(server.counts(), {
    requests: 5,
    refused: 1,
    accepted: 4,
    faults: 0,
    windows: [
      { startAt: START, requests: 3, refused: 1 },
      { startAt: START + 1_000, requests: 2, refused: 0 },
    ],
  });
});

Deno.test("every request counts, whatever it asks and whatever it is answered", async () => {
  const { send, call } = createHarness({ ratePerSecond: 5 });
  const answers = [
    await send({ to: "nobody" }),
    await call("GET", "/emails"),
    await call("GET", "/nowhere"),
    await call("POST", "/emails", { headers: { authorization: null } }),
    await call("DELETE", "/emails"),
  ];
  assert.deepEqual(answers.map(headersOf), ["5,4,1", "5,3,1", "5,2,1", "5,1,1", "5,0,1"]);
  assert.equal((await send()).status, 429);
});

Deno.test("the page and the controls do not count", async () => {
  const { call, server } = createHarness({ ratePerSecond: 1 });
  for (const path of ["/_faults", "/_counts"]) {
    assert.equal((await call("GET", path)).status, 200, path);
  }
  assert.equal(server.counts().requests, 0);
});

Deno.test("a rate that is none is refused", () => {
  assert.throws(() => createHarness({ ratePerSecond: 0 }), RangeError);
});

Deno.test("a key of up to 256 characters is taken, a longer or empty one is not", async () => {
  const { send } = createHarness();
  assert.equal((await send({}, "k".repeat(256))).status, 200);
  for (const key of ["k".repeat(257), ""]) {
    const response = await send({}, key);
    assert.equal(response.status, 400);
    assert.equal((await response.json()).name, "invalid_idempotency_key");
  }
});

Deno.test("a key stands for one path and one payload", async () => {
  const { send, call, server } = createHarness();
  assert.deepEqual(
    await (await send({}, "k")).json(),
    await (await send({}, "k")).json(),
  );
  const batch = await call("POST", "/emails/batch", {
    body: [mail],
    headers: { "idempotency-key": "k" },
  });
  for (const response of [batch, await send({ subject: "Other" }, "k")]) {
    assert.equal(response.status, 409);
    assert.equal((await response.json()).name, "invalid_idempotent_request");
  }
  assert.deepEqual([...server.mailsByKey()].map(([key, { length }]) => [key, length]), [["k", 1]]);
});

Deno.test("a refused mail does not use up its key", async () => {
  const { send, server } = createHarness();
  assert.equal((await send({ to: "nobody" }, "k")).status, 422);
  assert.equal((await send({}, "k")).status, 200);
  assert.equal(server.mails().length, 1);
});

Deno.test("the batch of a key is answered with the same ids", async () => {
  const { call, server } = createHarness();
  const send = async () =>
    await (await call("POST", "/emails/batch", {
      body: [mail, mail],
      headers: { "idempotency-key": "k" },
    })).json();
  assert.deepEqual(await send(), await send());
  assert.equal(server.mails().length, 2);
});
