import assert from "node:assert/strict";
import { createCloud } from "../../dev/cloud.ts";
import { signDelivery } from "../../dev/qstash/signing.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { ImportWatch, readConfig } from "../../shared/mod.ts";
import { silentLog } from "../support/silent_log.ts";

const startCloud = (environment?: Record<string, string>) =>
  createCloud({
    environment,
    app: (settings) =>
      createApp(
        createDeps(readConfig(settings), { importWatch: ImportWatch.off(), log: silentLog }),
      ),
  });

type Cloud = Awaited<ReturnType<typeof startCloud>>;

const token = { Authorization: "Bearer dev-service-token" };

function post(cloud: Cloud, path: string, body: unknown, headers: Record<string, string> = token) {
  return cloud.fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

interface Refused {
  because: string;
  path?: string;
  body: unknown;
  headers?: Record<string, string>;
  status: number;
  code: string;
  field?: string;
}

const echo = "/api/jobs/debug.echo";
const refused: Refused[] = [
  {
    because: "an unknown job",
    path: "/api/jobs/debug.ech",
    body: { input: {} },
    status: 404,
    code: "job_unknown",
  },
  {
    because: "a job named like a built-in of objects",
    path: "/api/jobs/constructor",
    body: { input: {} },
    status: 404,
    code: "job_unknown",
  },
  {
    because: "a missing field of the input",
    body: { input: {} },
    status: 422,
    code: "body_invalid",
    field: "input.message",
  },
  {
    because: "an input of another type",
    body: { input: { message: 7 } },
    status: 422,
    code: "body_invalid",
    field: "input.message",
  },
  {
    because: "a field that is none",
    body: { input: { message: "x" }, dealy: "10s" },
    status: 422,
    code: "body_invalid",
    field: "body",
  },
  {
    because: "an empty dedupeId",
    body: { input: { message: "x" }, dedupeId: "" },
    status: 422,
    code: "body_invalid",
    field: "dedupeId",
  },
  {
    because: "an Idempotency-Key that is too long",
    body: { input: { message: "x" } },
    headers: { ...token, "Idempotency-Key": "k".repeat(300) },
    status: 422,
    code: "body_invalid",
    field: "dedupeId",
  },
  {
    because: "a delay that is none",
    body: { input: { message: "x" }, delay: "soon" },
    status: 422,
    code: "delay_unsupported",
    field: "delay",
  },
  {
    because: "a delay beyond what QStash's plan holds",
    body: { input: { message: "x" }, delay: "500d" },
    status: 422,
    code: "delay_unsupported",
    field: "delay",
  },
  {
    because: "a body that is not JSON",
    body: "{",
    status: 400,
    code: "body_malformed",
  },
  {
    because: "a body over a megabyte",
    body: { input: { message: "x".repeat(1_100_000) } },
    status: 413,
    code: "body_too_large",
  },
  {
    because: "no token",
    body: { input: { message: "x" } },
    headers: {},
    status: 401,
    code: "token_missing",
  },
  {
    because: "a wrong token",
    body: { input: { message: "x" } },
    headers: { Authorization: "Bearer wrong" },
    status: 401,
    code: "token_invalid",
  },
  {
    because: "an unknown job among several",
    path: "/api/jobs",
    body: { jobs: [{ job: "debug.echo", input: { message: "x" } }, { job: "no", input: {} }] },
    status: 404,
    code: "job_unknown",
  },
  {
    because: "a wrong input among several",
    path: "/api/jobs",
    body: { jobs: [{ job: "debug.echo", input: {} }] },
    status: 422,
    code: "body_invalid",
    field: "jobs[0].input.message",
  },
  {
    because: "a group with a wrong follow-up",
    path: "/api/groups",
    body: { jobs: [], then: { job: "debug.echo", input: {} } },
    status: 422,
    code: "body_invalid",
    field: "then.input.message",
  },
];

for (const { because, path = echo, body, headers, status, code, field } of refused) {
  Deno.test(`enqueueing is refused with ${status} ${code}: ${because}`, async () => {
    await using cloud = await startCloud();
    const response = await post(cloud, path, body, headers);
    const problem = await response.json();
    assert.equal(response.status, status, JSON.stringify(problem));
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.equal(problem.code, code);
    if (field) assert.equal(problem.fields[0].path, field);
    await cloud.settle();
    assert.equal(cloud.qstash.messages().length, 0, "nothing half done");
    assert.equal(cloud.redis.meter.snapshot().commands, 0);
  });
}

for (const id of ["nope", "a%2Fb", "%2A", "A".repeat(32), "0".repeat(32)]) {
  for (const method of ["GET", "DELETE"]) {
    Deno.test(`${method} /api/jobs/${id} is not found`, async () => {
      await using cloud = await startCloud();
      const response = await cloud.fetch(`/api/jobs/${id}`, { method, headers: token });
      assert.equal(response.status, 404);
      assert.equal((await response.json()).code, "job_not_found");
    });
  }
}

Deno.test("with QStash away enqueueing answers 503 with Retry-After, and the same dedupeId works later", async () => {
  await using cloud = await startCloud();
  const body = { input: { message: "x" }, dedupeId: "order 1" };
  for (const kind of ["publishRefused", "publishDisconnected"] as const) {
    const undo = cloud.qstash.faults.add({ kind, times: 10 });
    const response = await post(cloud, echo, body);
    assert.equal(response.status, 503);
    assert.ok(Number(response.headers.get("retry-after")) > 0);
    assert.equal((await response.json()).code, "queue_unavailable");
    undo();
  }
  cloud.qstash.faults.add({ kind: "publishReplyLost", times: 10 });
  assert.equal((await post(cloud, echo, body)).status, 503);
  cloud.qstash.faults.clear();
  assert.equal((await post(cloud, echo, body)).status, 202);
  await cloud.settle();
  assert.equal(cloud.qstash.messages().length, 1);
});

Deno.test("with Redis away cancelling answers 503, and the job goes on", async () => {
  await using cloud = await startCloud();
  const { id } = await (await post(cloud, echo, { input: { message: "x" }, delay: "1m" })).json();
  const undo = cloud.redis.faults.add({ kind: "refuse", times: 10 });
  const response = await cloud.fetch(`/api/jobs/${id}`, { method: "DELETE", headers: token });
  assert.equal(response.status, 503);
  assert.equal((await response.json()).code, "redis_unavailable");
  undo();
  await cloud.advance("2m");
  const view = await (await cloud.fetch(`/api/jobs/${id}`, { headers: token })).json();
  assert.equal(view.state, "succeeded");
});

Deno.test("a delivery replayed by somebody who saw it is a duplicate, and runs nothing", async () => {
  const deliveries: { headers: Headers; body: string }[] = [];
  await using cloud = await createCloud({
    app: (settings) => {
      const app = createApp(
        createDeps(readConfig(settings), { importWatch: ImportWatch.off(), log: silentLog }),
      );
      return {
        fetch: async (request) => {
          if (new URL(request.url).pathname.startsWith("/qstash/")) {
            deliveries.push({ headers: request.headers, body: await request.clone().text() });
          }
          return await app.fetch(request);
        },
      };
    },
  });
  const { id } = await (await post(cloud, echo, { input: { message: "x" } })).json();
  await cloud.settle();
  cloud.redis.meter.reset();
  const again = await cloud.fetch("/qstash/jobs/debug.echo", { method: "POST", ...deliveries[0] });
  assert.equal(again.status, 200);
  assert.equal((await again.json()).state, "succeeded");
  assert.equal(cloud.redis.meter.snapshot().commands, 2, "one claim refused, one look");
  const view = await (await cloud.fetch(`/api/jobs/${id}`, { headers: token })).json();
  assert.equal(view.attempts, 1);
});

Deno.test("a message of ours that is no envelope fails for good", async () => {
  await using cloud = await startCloud();
  for (const body of ["{", "{}", '{"version":1,"job":"github.push","input":{},"enqueuedAt":1}']) {
    const bytes = new TextEncoder().encode(body);
    const signature = await signDelivery({
      key: cloud.qstash.signingKeys.current,
      url: `${cloud.url}/qstash/jobs/debug.echo`,
      body: bytes,
      now: cloud.clock.now(),
    });
    const response = await post(cloud, "/qstash/jobs/debug.echo", body, {
      "Upstash-Signature": signature,
      "Upstash-Message-Id": "msg_1",
    });
    assert.equal(response.status, 489, body);
    assert.equal(response.headers.get("upstash-nonretryable-error"), "true");
    assert.equal((await response.json()).code, "job_failed_for_good");
  }
});
