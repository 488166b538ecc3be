import assert from "node:assert/strict";
import { Receiver } from "@upstash/qstash";
import { installClock } from "../../../dev/clock.ts";
import { listen } from "../../../dev/server.ts";
import { createHarness, HOUR_MS, START } from "./harness.ts";

const JOB = "https://app.test/job";

Deno.test("nothing is delivered before the clock moves, and advance(0) delivers what is due", async () => {
  const { clock, received, publish } = createHarness();
  await publish(JOB);
  assert.equal(received.length, 0);
  await clock.advance(0);
  assert.equal(received.length, 1);
});

Deno.test("a delivery carries the body byte for byte and QStash's headers", async () => {
  const { clock, received, api } = createHarness();
  const body = new Uint8Array([0, 255, 128, 10, 13, 0]);
  const response = await api(
    "POST",
    "/v2/publish/https://app.test//a//b?x=1&upstash-retries=7&y=%20z",
    {
      body,
      headers: {
        "content-type": "application/octet-stream",
        "upstash-forward-x-api-key": "k1",
        "upstash-forward-content-type": "text/plain",
        "upstash-method": "PUT",
        "x-not-forwarded": "no",
        "upstash-telemetry-sdk": "no",
      },
    },
  );
  const { messageId } = await response.json();
  await clock.advance(0);
  const [{ url, method, bytes, headers }] = received;
  assert.equal(url, "https://app.test//a//b?x=1&y=%20z");
  assert.equal(method, "PUT");
  assert.deepEqual(bytes, body);
  const sent = Object.fromEntries(headers);
  delete sent["upstash-signature"];
  assert.deepEqual(sent, {
    "content-type": "application/octet-stream",
    "upstash-caller-ip": "127.0.0.1",
    "upstash-message-id": messageId,
    "upstash-region": "EU-CENTRAL-1",
    "upstash-retried": "0",
    "user-agent": "Upstash-QStash",
    "x-api-key": "k1",
  });
});

Deno.test("every attempt is signed afresh, for the SDK's receiver, with the current key", async () => {
  const { clock, received, publish, qstash, answer, json } = createHarness();
  const undo = installClock(clock);
  try {
    answer((_, index) => index === 0 ? 500 : 200);
    await publish(JOB, { "upstash-retry-delay": "1000" }, "payload");
    await clock.advance(0);
    const before = qstash.signingKeys;
    const rotated = await json("POST", "/v2/keys/rotate");
    assert.equal(rotated.current, before.next);
    assert.notEqual(rotated.next, before.next);
    assert.deepEqual(await json("GET", "/v2/keys"), rotated);
    assert.deepEqual(qstash.signingKeys, rotated);
    const receiver = new Receiver({
      currentSigningKey: before.current,
      nextSigningKey: before.next,
      devMode: false,
    });
    const [first] = received;
    await clock.advance(1000);
    const second = received[1];
    for (const { headers, body } of [first, second]) {
      const signature = headers.get("upstash-signature")!;
      assert.equal(await receiver.verify({ signature, body, url: JOB }), true);
    }
    assert.notEqual(
      first.headers.get("upstash-signature"),
      second.headers.get("upstash-signature"),
    );
    const signature = second.headers.get("upstash-signature")!;
    await assert.rejects(receiver.verify({ signature, body: "forged", url: JOB }));
  } finally {
    undo();
  }
});

Deno.test("a failing endpoint is retried along the ladder, then ends in the DLQ", async () => {
  const { clock, received, publish, qstash, answer, seconds } = createHarness();
  answer(() => 500);
  const messageId = await publish(JOB);
  await clock.advance(24 * HOUR_MS);
  assert.deepEqual(seconds().map(Math.round), [0, 12, 161, 1969]);
  assert.deepEqual(received.map(({ headers }) => headers.get("upstash-retried")), [
    "0",
    "1",
    "2",
    "3",
  ]);
  assert.equal(qstash.deadLetters().length, 1);
  assert.equal(qstash.deadLetters()[0].messageId, messageId);
  assert.equal(qstash.deadLetters()[0].responseStatus, 500);
  assert.deepEqual(qstash.logs().reverse().map(({ state }) => state), [
    "CREATED",
    ...["ACTIVE", "ERROR", "RETRY"],
    ...["ACTIVE", "ERROR", "RETRY"],
    ...["ACTIVE", "ERROR", "RETRY"],
    ...["ACTIVE", "ERROR", "FAILED"],
  ]);
});

Deno.test("a ladder of days runs as fast as it can", async () => {
  const { clock, received, publish, answer } = createHarness();
  answer(() => 503);
  for (let index = 0; index < 10; index++) await publish(JOB, { "upstash-retries": "8" });
  // A test's own limit is far from a day, on any machine.
  await clock.advance(7 * 24 * HOUR_MS);
  assert.equal(received.length, 10 * 9);
  // After the fourth retry, a day between attempts.
  assert.equal(Math.round((received.at(-1)!.at - received.at(-11)!.at) / HOUR_MS), 24);
});

Deno.test("an endpoint that was restarted on its port gets the next delivery itself", async () => {
  const { clock, publish, qstash, json } = createHarness({ transport: undefined });
  const answers: string[] = [];
  const serve = (name: string, port: number) =>
    listen(() => {
      answers.push(name);
      return new Response(name);
    }, { port, tries: 0 });
  const old = serve("old", 0);
  await publish(`${old.url}/`);
  await clock.advance(0);
  await old.close();
  const young = serve("young", old.port);
  await publish(`${old.url}/`);
  await clock.advance(0);
  await young.close();
  await publish(`${old.url}/`, { "upstash-retries": "0" });
  await clock.advance(0);
  assert.deepEqual(answers, ["old", "young"]);
  const { messages } = await json("GET", "/v2/dlq");
  assert.equal(messages[0].responseStatus, 0);
  await qstash.close();
});

Deno.test("a GET drops the body, and its signature covers what is sent", async () => {
  const { clock, received, publish, qstash } = createHarness();
  await publish(JOB, { "upstash-method": "GET" }, "left behind");
  await clock.advance(0);
  assert.equal(received[0].body, "");
  const claims = JSON.parse(atob(received[0].headers.get("upstash-signature")!.split(".")[1]));
  assert.equal(claims.body, "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
  assert.equal(qstash.messages()[0].state, "DELIVERED");
});

Deno.test("redirects are not followed: they count as failures", async () => {
  const { clock, publish, answer, qstash } = createHarness();
  answer(() => new Response(null, { status: 302, headers: { location: "https://else.test" } }));
  await publish(JOB, { "upstash-retries": "0" });
  await clock.advance(0);
  assert.equal(qstash.deadLetters()[0].responseStatus, 302);
});

const waits: { headers: Record<string, string>; seconds: number }[] = [
  { headers: { "upstash-delay": "1h30m" }, seconds: 5400 },
  {
    headers: { "upstash-delay": "10s", "upstash-not-before": String(START / 1000 + 60) },
    seconds: 60.5,
  },
  { headers: { "upstash-not-before": String(START / 1000 - 60) }, seconds: 0 },
];
for (const { headers, seconds: expected } of waits) {
  Deno.test(`a publish with ${JSON.stringify(headers)} is delivered after ${expected} s`, async () => {
    const { clock, publish, seconds } = createHarness();
    await publish(JOB, headers);
    await clock.advance(2 * HOUR_MS);
    assert.deepEqual(seconds(), [expected]);
  });
}

Deno.test("a timeout of zero is none, and a moment beyond the calendar is refused", async () => {
  const { clock, publish, answer, api, qstash } = createHarness({ plan: "fixed1m" });
  answer(async () => {
    await clock.sleep(1_000);
    return 200;
  });
  await publish("https://app.test/job", { "upstash-timeout": "0s" });
  await clock.advance(1_000);
  assert.equal(qstash.messages()[0].state, "DELIVERED");
  for (const name of ["upstash-delay", "upstash-timeout"]) {
    const headers = { [name]: "99999999999999d" };
    assert.equal((await api("POST", "/v2/publish/https://app.test/", { headers })).status, 400);
  }
});

Deno.test("a closed server sets no timer for what is still published to it", async () => {
  const { clock, publish, qstash } = createHarness();
  await qstash.close();
  await publish("https://app.test/job");
  await publish("https://app.test/job", { "upstash-delay": "1h" });
  assert.equal(clock.nextDueAt(), undefined);
});

Deno.test("a redirect is a failed attempt, and nobody follows it", async () => {
  const paths: string[] = [];
  const endpoint = listen((request) => {
    const { pathname } = new URL(request.url);
    paths.push(pathname);
    return pathname === "/job"
      ? new Response(null, { status: 302, headers: { location: "/elsewhere" } })
      : new Response();
  });
  const { clock, publish, qstash } = createHarness({ transport: undefined });
  await publish(`${endpoint.url}/job`, { "upstash-retries": "0" });
  await clock.advance(0);
  assert.equal(qstash.deadLetters()[0]?.responseStatus, 302);
  assert.deepEqual(paths, ["/job"]);
  await qstash.close();
  await endpoint.close();
});
