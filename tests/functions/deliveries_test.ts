import assert from "node:assert/strict";
import { signDelivery } from "./signature.ts";
import { createAppWorld, PUBLIC_URL, SERVICE_TOKEN } from "./app_world.ts";
import { envelope as echoEnvelope } from "./echo_delivery.ts";

const PATH = "/qstash/jobs/debug.echo";
const envelope = JSON.stringify(echoEnvelope);

type World = ReturnType<typeof createAppWorld>;

interface Delivery {
  path?: string;
  /** What is sent. */
  body?: string;
  /** What is signed. Default: what is sent. */
  signedBody?: string;
  signedUrl?: string;
  key?: "current" | "next" | "forged";
  /** Signed this long ago, in ms. */
  ageMs?: number;
  headers?: Record<string, string>;
}

async function deliver(world: World, delivery: Delivery = {}) {
  const { path = PATH, body = envelope, key = "current", ageMs = 0 } = delivery;
  const signature = await signDelivery({
    key: key === "forged" ? "sig_forged" : world.qstash.signingKeys[key],
    url: delivery.signedUrl ?? `${PUBLIC_URL}${path}`,
    body: delivery.signedBody ?? body,
    // The receiver reads this process's clock.
    issuedAt: Date.now() - ageMs,
  });
  return await world.request(path, {
    method: "POST",
    body,
    headers: {
      "Upstash-Signature": signature,
      "Upstash-Message-Id": "msg_1",
      "Upstash-Retried": "0",
      ...delivery.headers,
    },
  });
}

Deno.test("a signed delivery runs, whatever address the request came in by", async () => {
  await using world = createAppWorld({ redisFetch: () => Promise.resolve(ok("OK")) });
  const { response, body } = await deliver(world);
  assert.equal(response.status, 200, JSON.stringify(body));
  assert.equal(body.state, "succeeded");
  assert.equal(response.headers.get("X-Degraded"), null);
});

Deno.test("a delivery signed with the next key runs", async () => {
  await using world = createAppWorld({ redisFetch: () => Promise.resolve(ok("OK")) });
  assert.equal((await deliver(world, { key: "next" })).response.status, 200);
});

const ok = (result: unknown) => Response.json({ result });

const refused: [name: string, code: string, delivery: Delivery][] = [
  ["without a signature", "signature_missing", { headers: { "Upstash-Signature": "" } }],
  ["that is forged", "signature_invalid", { key: "forged" }],
  ["that expired", "signature_expired", { ageMs: 400_000 }],
  ["for another body", "signature_invalid", { signedBody: envelope.replace("hello", "bye") }],
  ["for another job's URL", "signature_invalid", {
    signedUrl: `${PUBLIC_URL}/qstash/jobs/github.push`,
  }],
  ["for another host", "signature_invalid", { signedUrl: `https://other.example${PATH}` }],
  [
    "for the URL without its query",
    "signature_invalid",
    { path: `${PATH}?a=1`, signedUrl: `${PUBLIC_URL}${PATH}` },
  ],
  [
    "for another capitalisation of JSON: the raw bytes count",
    "signature_invalid",
    { body: ` ${envelope}`, signedBody: envelope },
  ],
  [
    "by a service token instead",
    "signature_missing",
    { headers: { "Upstash-Signature": "", "Authorization": `Bearer ${SERVICE_TOKEN}` } },
  ],
];
for (const [name, code, delivery] of refused) {
  Deno.test(`a delivery ${name} answers 401 ${code}, and nothing runs`, async () => {
    await using world = createAppWorld();
    const { response, body } = await deliver(world, delivery);
    assert.equal(response.status, 401);
    assert.equal(body.code, code);
    assert.deepEqual(world.sentToRedis, []);
    assert(!world.lines.some(({ event }) => event === "job.started"));
  });
}

Deno.test("the failure callback's route asks for a signature as well", async () => {
  await using world = createAppWorld();
  const { response, body } = await world.request("/qstash/failures", {
    method: "POST",
    body: "{}",
  });
  assert.equal(response.status, 401);
  assert.equal(body.code, "signature_missing");
});

Deno.test("a delivery over 4 MB is refused unread", async () => {
  await using world = createAppWorld();
  const { body } = await deliver(world, { body: " ".repeat(4_000_001) });
  assert.equal(body.code, "body_too_large");
});

Deno.test("a signed message that is no envelope is a dead letter at once: 489, no retry", async () => {
  await using world = createAppWorld();
  const { response, body } = await deliver(world, { body: "nonsense" });
  assert.equal(response.status, 489);
  assert.equal(body.code, "job_failed_for_good");
  assert.equal(response.headers.get("Upstash-NonRetryable-Error"), "true");
});

Deno.test("a run that fails is answered with 200: the next is on its way", async () => {
  await using world = createAppWorld({ redisFetch: () => Promise.resolve(ok("OK")) });
  const body = envelope.replace('"message"', '"failures":1,"message"');
  const answer = await deliver(world, { body });
  assert.equal(answer.response.status, 200);
  assert.equal(answer.body.state, "retrying");
  assert.deepEqual(world.qstash.messages().map(({ labels }) => labels), [[echoEnvelope.id]]);
});

Deno.test("a run that fails, and cannot be sent on, answers 500 with the wait before the next", async () => {
  await using world = createAppWorld({ redisFetch: () => Promise.resolve(ok("OK")) });
  world.qstash.faults.add({ kind: "publishRefused", times: 9 });
  const body = envelope.replace('"message"', '"failures":1,"message"');
  const answer = await deliver(world, { body });
  assert.equal(answer.response.status, 500);
  assert.equal(answer.body.code, "job_failed");
  assert.equal(answer.body.attempts, 1);
  assert.equal(answer.response.headers.get("Retry-After"), "1");
  assert.equal(answer.response.headers.get("Upstash-NonRetryable-Error"), null);
});

Deno.test("what is away says so without a Retry-After, which would spend QStash's retries in seconds", async () => {
  const redisFetch = () => Promise.reject(new TypeError("connection refused"));
  await using world = createAppWorld({ redisFetch });
  const group = {
    id: "0123456789abcdef",
    index: 0,
    total: 1,
    then: { job: "debug.echo", input: {} },
  };
  const body = JSON.stringify({ ...echoEnvelope, group });
  const answer = await deliver(world, { body });
  assert.equal(answer.response.status, 503);
  assert.equal(answer.response.headers.get("Retry-After"), null);
});

Deno.test("with Redis away a job runs untracked, and says so", async () => {
  const redisFetch = () => Promise.reject(new TypeError("connection refused"));
  await using world = createAppWorld({ redisFetch });
  const { response, body } = await deliver(world);
  assert.equal(response.status, 200);
  assert.equal(body.state, "succeeded");
  assert.equal(response.headers.get("X-Degraded"), "untracked");
});
