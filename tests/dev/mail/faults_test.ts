/**
 * Faults on demand: what the sender meets, and whether the mail was accepted by then.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { MailFault } from "../../../dev/mail/faults.ts";
import { createHarness, type Harness } from "./harness.ts";

async function meet({ send }: Harness): Promise<string> {
  try {
    const response = await send();
    return `${response.status} ${response.headers.get("retry-after")} ${await response.text()}`;
  } catch {
    // In this process a connection that broke is a body that fails.
    return "broken";
  }
}

const faults: [fault: MailFault, answer: RegExp, accepted: boolean][] = [
  [{ kind: "limit" }, /^429 1 .*"rate_limit_exceeded"/, false],
  [{ kind: "limit", retryAfter: "30" }, /^429 30 .*"rate_limit_exceeded"/, false],
  [{ kind: "quota", times: 1 }, /^429 null .*"daily_quota_exceeded"/, false],
  [{ kind: "quota", period: "monthly", times: 1 }, /^429 null .*"monthly_quota_exceeded"/, false],
  [{ kind: "refuse" }, /^503 null .*"internal_server_error"/, false],
  [{ kind: "refuse", status: 500, retryAfter: "9" }, /^500 9 .*"internal_server_error"/, false],
  [{ kind: "forbid" }, /^403 .*The zeropoll\.example domain is not verified/, false],
  [{ kind: "address" }, /^422 .*Invalid `to` field/, false],
  [{ kind: "disconnect" }, /^broken$/, false],
  [{ kind: "dropReply" }, /^broken$/, true],
  [{ kind: "garble" }, /^200 null <html>/, true],
  [{ kind: "slow", ms: 1, clock: "real" }, /^200 null \{"id"/, true],
];
for (const [fault, answer, accepted] of faults) {
  Deno.test(`${JSON.stringify(fault)} strikes once, and the mail was ${accepted ? "" : "not "}accepted`, async () => {
    const harness = createHarness();
    harness.server.faults.add(fault);
    assert.match(await meet(harness), answer);
    assert.equal(harness.server.mails().length, accepted ? 1 : 0);
    assert.match(await meet(harness), /^200 /);
    assert.equal(harness.server.counts().faults, 1);
  });
  Deno.test(`${JSON.stringify(fault)} comes over HTTP just so`, async () => {
    const harness = createHarness();
    const response = await harness.call("POST", "/_faults", { body: fault });
    assert.deepEqual(await response.json(), [{ kind: fault.kind, left: 1 }]);
    assert.match(await meet(harness), answer);
    assert.match(await meet(harness), /^200 /);
  });
}

Deno.test("a quota lasts until it is disarmed", async () => {
  const { send, server } = createHarness();
  const disarm = server.faults.add({ kind: "quota" });
  for (let n = 0; n < 3; n++) assert.equal((await send()).status, 429);
  disarm();
  assert.equal((await send()).status, 200);
});

Deno.test("a fault strikes only whom it is for", async () => {
  const { send, server } = createHarness();
  server.faults.add({ kind: "address", to: "gone@example.com" });
  server.faults.add({ kind: "refuse", matches: ({ idempotencyKey }) => idempotencyKey === "k7" });
  assert.equal((await send()).status, 200);
  assert.equal((await send({ to: ["gone@example.com"] })).status, 422);
  assert.equal((await send({}, "k6")).status, 200);
  assert.equal((await send({}, "k7")).status, 503);
});

Deno.test("a fault by chance strikes about as often as it says, and the same in every run", async () => {
  const run = async () => {
    const { send, server } = createHarness({ ratePerSecond: 10_000 });
    server.faults.add({ kind: "refuse", probability: 0.2 });
    const statuses: number[] = [];
    for (let n = 0; n < 1_000; n++) statuses.push((await send()).status);
    return statuses;
  };
  const statuses = await run();
  const struck = statuses.filter((status) => status === 503).length;
  assert.ok(struck > 150 && struck < 250, String(struck));
  assert.deepEqual(await run(), statuses);
});

Deno.test("chance can be given", async () => {
  const { send, server } = createHarness({ random: () => 0.5 });
  server.faults.add({ kind: "refuse", probability: 0.5 });
  assert.equal((await send()).status, 200);
  server.faults.add({ kind: "refuse", probability: 0.51, times: 1 });
  assert.deepEqual([(await send()).status, (await send()).status], [503, 200]);
  assert.throws(() => server.faults.add({ kind: "refuse", probability: 2 }), RangeError);
});

Deno.test("a slow answer takes the clock's time, and its key is in use meanwhile", async () => {
  const { send, server, clock } = createHarness();
  const answers: string[] = [];
  server.faults.add({ kind: "slow", ms: 60_000 });
  for (const afterMs of [0, 1_000, 61_000]) {
    clock.schedule(clock.now() + afterMs, async () => {
      const { status } = await send({}, "k");
      answers.push(`${status} by ${afterMs}`);
    });
  }
  await clock.advance(30_000);
  assert.deepEqual(answers, ["409 by 1000"]);
  assert.equal(server.mails().length, 0);
  await clock.advance(40_000);
  assert.deepEqual(answers, ["409 by 1000", "200 by 0", "200 by 61000"]);
  assert.equal(server.mails().length, 1);
});

Deno.test("a request that hangs was accepted, and is let go when the server ends", async () => {
  const { send, server } = createHarness();
  server.faults.add({ kind: "hang" });
  let answered = false;
  const sending = send({}, "k").finally(() => answered = true);
  while (server.mails().length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal((await send({}, "k")).status, 200);
  assert.equal(server.mails().length, 1);
  assert.equal(answered, false);
  await server.close();
  await (await sending).body?.cancel().catch(() => {/* It is broken. */});
});

const malformed: [what: string, body: unknown, headers: Record<string, string>][] = [
  ["an unknown kind", { kind: "explode" }, {}],
  ["a fault with a field too many", { kind: "hang", ms: 5 }, {}],
  ["a chance of more than 1", { kind: "hang", probability: 2 }, {}],
  ["what is no JSON", "{", {}],
  ["a form", "kind=hang", { "content-type": "application/x-www-form-urlencoded" }],
];
for (const [what, body, headers] of malformed) {
  Deno.test(`${what} arms nothing`, async () => {
    const { call, server } = createHarness();
    assert.equal((await call("POST", "/_faults", { body, headers })).status, 400);
    assert.deepEqual(server.faults.list(), []);
  });
}

Deno.test("faults are listed and disarmed over HTTP", async () => {
  const { call, server } = createHarness();
  server.faults.add({ kind: "quota" });
  server.faults.add({ kind: "hang", times: 2, to: "a@b.dev", probability: 0.5 });
  assert.deepEqual(await (await call("GET", "/_faults")).json(), [
    { kind: "quota" },
    { kind: "hang", left: 2, probability: 0.5, to: "a@b.dev" },
  ]);
  assert.deepEqual(await (await call("DELETE", "/_faults")).json(), []);
});
