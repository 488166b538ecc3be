/**
 * Faults on demand: what the caller meets, and how much of the answer comes first.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { LlmFault } from "../../../dev/llm/faults.ts";
import { createHarness, type Harness, Listener } from "./harness.ts";

const QUESTION = "/tokens 20 Hello";

/** The status with what is said of it; or how many tokens came, and how it ended. */
async function meet({ ask, clock }: Harness, changes: Record<string, unknown> = {}) {
  const response = await ask(QUESTION, { stream: true, ...changes });
  if (!response.ok) {
    return `${response.status} ${response.headers.get("retry-after")} ${await response.text()}`;
  }
  const stream = new Listener(response);
  await clock.advance(10_000);
  // What stalls without an end is looked at as it is.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return `${stream.tokens.length} tokens, ${stream.end ?? "open"}, ${stream.events.at(-1)}`;
}

const SAID = /^20 tokens, done, \[DONE\]$/;
const faults: [fault: LlmFault, meets: RegExp][] = [
  [{ kind: "limit" }, /^429 1 .*"rate_limit_exceeded"/],
  [{ kind: "limit", retryAfter: "30" }, /^429 30 .*"rate_limit_exceeded"/],
  [{ kind: "quota", times: 1 }, /^429 null .*"insufficient_quota"/],
  [{ kind: "refuse" }, /^503 null .*"server_error"/],
  [{ kind: "refuse", status: 500, retryAfter: "9" }, /^500 9 .*"server_error"/],
  [{ kind: "forbid" }, /^401 null .*"invalid_api_key"/],
  [{ kind: "noModel" }, /^404 null .*`gpt-5-mini` does not exist.*"model_not_found"/],
  [{ kind: "tooLong" }, /^400 null .*"context_length_exceeded"/],
  [{ kind: "disconnect" }, /^0 tokens, llm: connection closed by a fault, /],
  [{ kind: "stall" }, /^0 tokens, open, /],
  [{ kind: "stall", afterTokens: 3 }, /^3 tokens, open, /],
  [{ kind: "stall", afterTokens: 3, ms: 5_000 }, SAID],
  [{ kind: "break" }, /^10 tokens, llm: connection closed by a fault, /],
  [{ kind: "break", afterTokens: 0 }, /^0 tokens, llm: connection closed by a fault, /],
  [{ kind: "break", afterTokens: 99 }, /^20 tokens, llm: connection closed by a fault, /],
  [{ kind: "garble", afterTokens: 2 }, /^2 tokens, done, \{"id":"chatcmpl-$/],
  [{ kind: "unfinished", afterTokens: 4 }, /^4 tokens, done, .*"finish_reason":null/],
  [{ kind: "fail", afterTokens: 1 }, /^1 tokens, done, \{"error":\{.*"server_error"/],
];
for (const [fault, meets] of faults) {
  Deno.test(`${JSON.stringify(fault)} strikes once`, async () => {
    const harness = createHarness();
    harness.server.faults.add(fault);
    assert.match(await meet(harness), meets);
    assert.match(await meet(harness), SAID);
    assert.equal(harness.server.counts().faults, 1);
    await harness.server.close();
  });
  Deno.test(`${JSON.stringify(fault)} comes over HTTP just so`, async () => {
    const harness = createHarness();
    const response = await harness.call("POST", "/_faults", { body: fault });
    assert.deepEqual(await response.json(), [{ kind: fault.kind, left: 1 }]);
    assert.match(await meet(harness), meets);
    assert.match(await meet(harness), SAID);
    await harness.server.close();
  });
}

const wholes: [fault: LlmFault, meets: RegExp][] = [
  [{ kind: "fail" }, /^500 .*"server_error"/],
  [{ kind: "break" }, /^200 broken$/],
  [{ kind: "garble" }, /^200 <html>/],
  [{ kind: "unfinished" }, /^200 .*"finish_reason":null/],
  [{ kind: "stall", ms: 100 }, /^200 .*"finish_reason":"stop"/],
];
for (const [fault, meets] of wholes) {
  Deno.test(`${JSON.stringify(fault)} strikes a whole answer as well`, async () => {
    const { ask, clock, server } = createHarness();
    server.faults.add(fault);
    const response = await ask(QUESTION);
    const text = response.text().catch(() => "broken");
    await clock.advance(1_000);
    assert.match(`${response.status} ${await text}`, meets);
  });
}

Deno.test("a stall lasts as long as it says on the server's clock, and a hang as long as the server", async () => {
  const { clock, listen, ask, server } = createHarness();
  server.faults.add({ kind: "stall", ms: 500, afterTokens: 5 });
  const stream = await listen(QUESTION);
  await clock.advance(600);
  assert.equal(stream.tokens.length, 5);
  await clock.advance(20);
  assert.equal(stream.tokens.length, 6);
  server.faults.add({ kind: "hang" });
  let isAnswered = false;
  const hanging = ask(QUESTION).then(() => isAnswered = true);
  await clock.advance(60_000);
  assert.equal(isAnswered, false);
  await server.close();
  await hanging;
});

Deno.test("a stall in real time needs no clock", async () => {
  const { listen, server } = createHarness();
  server.faults.add({ kind: "stall", ms: 20, clock: "real" });
  const stream = await listen("/tokens 0 Hello");
  assert.equal(stream.end, undefined);
  await stream.ended();
});

Deno.test("several faults strike one answer", async () => {
  const harness = createHarness();
  harness.server.faults.add({ kind: "stall", ms: 500, afterTokens: 2 });
  harness.server.faults.add({ kind: "break", afterTokens: 4 });
  assert.match(await meet(harness), /^4 tokens, llm: connection closed/);
  assert.match(await meet(harness), SAID);
});

Deno.test("a quota lasts until it is disarmed", async () => {
  const { ask, server } = createHarness();
  const disarm = server.faults.add({ kind: "quota" });
  for (let n = 0; n < 3; n++) assert.equal((await ask(QUESTION)).status, 429);
  disarm();
  assert.equal((await ask(QUESTION)).status, 200);
});

Deno.test("a fault strikes only what it is for", async () => {
  const { ask, server } = createHarness();
  server.faults.add({ kind: "refuse", contains: "weather" });
  server.faults.add({ kind: "limit", matches: ({ isStream }) => isStream });
  assert.equal((await ask("Hello")).status, 200);
  assert.equal((await ask("How is the weather?")).status, 503);
  assert.equal((await ask("Hello", { stream: true })).status, 429);
});

Deno.test("a fault by chance strikes about as often as it says, and the same in every run", async () => {
  const run = async () => {
    const { ask, server } = createHarness();
    server.faults.add({ kind: "refuse", probability: 0.2 });
    const statuses: number[] = [];
    for (let n = 0; n < 1_000; n++) statuses.push((await ask("/tokens 0 Hello")).status);
    return statuses;
  };
  const statuses = await run();
  const struck = statuses.filter((status) => status === 503).length;
  assert.ok(struck > 150 && struck < 250, String(struck));
  assert.deepEqual(await run(), statuses);
});

Deno.test("chance can be given, and must be one", async () => {
  const { ask, server } = createHarness({ random: () => 0.5 });
  server.faults.add({ kind: "refuse", probability: 0.5 });
  assert.equal((await ask(QUESTION)).status, 200);
  server.faults.add({ kind: "refuse", probability: 0.51, times: 1 });
  assert.deepEqual([(await ask(QUESTION)).status, (await ask(QUESTION)).status], [503, 200]);
  assert.throws(() => server.faults.add({ kind: "refuse", probability: 2 }), RangeError);
});

Deno.test("faults are listed and disarmed over HTTP, and a page of another site cannot arm one", async () => {
  const { call, ask } = createHarness();
  const body = { kind: "break", probability: 0.5, contains: "x" };
  await call("POST", "/_faults", { body });
  assert.deepEqual(await (await call("GET", "/_faults")).json(), [body]);
  assert.deepEqual(await (await call("DELETE", "/_faults")).json(), []);
  const plain = await call("POST", "/_faults", {
    body,
    headers: { "content-type": "text/plain" },
  });
  assert.equal(plain.status, 400);
  const wrong = await call("POST", "/_faults", { body: { kind: "break", ms: 5 } });
  assert.equal(wrong.status, 400);
  assert.match((await wrong.json()).error.message, /ms/);
  await (await ask("/tokens 0 Hello")).text();
  const counts = await (await call("GET", "/_counts")).json();
  assert.deepEqual(Object.keys(counts).sort(), [
    "aborted",
    "faults",
    "finished",
    "refused",
    "requests",
    "running",
    "tokens",
  ]);
});

for (const kind of ["garble", "fail", "unfinished", "break"] as const) {
  Deno.test(`whoever leaves on the last token before "${kind}" is not answered any more`, async () => {
    const { ask, clock, server } = createHarness();
    server.faults.add({ kind, afterTokens: 1 });
    const response = await ask(QUESTION, { stream: true });
    const reader = response.body!.getReader();
    const leaving = (async () => {
      for (let reads = 0; reads < 2; reads++) await reader.read();
      await reader.cancel();
    })();
    await clock.advance(1_000);
    await leaving;
    assert.equal(server.counts().running, 0);
  });
}
