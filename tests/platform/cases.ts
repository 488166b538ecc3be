/**
 * What a caller of the app may notice, as one table: every runtime answers all of it alike.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { Cloud } from "../../dev/cloud.ts";
import { signDelivery } from "../../dev/qstash/signing.ts";

/** One request, or a short story of several. */
export interface PlatformCase {
  name: string;
  run(cloud: Cloud): Promise<void>;
}

/** Every case, in the order in which it runs. */
export const platformCases: readonly PlatformCase[] = [
  ...[
    { name: "health is open to anyone", path: "/health", type: /^application\/json/ },
    { name: "the API is described", path: "/openapi.json", type: /^application\/json/ },
    { name: "the API has a page", path: "/docs", type: /^text\/html/ },
  ].map(({ name, path, type }) => ({
    name,
    run: async (cloud: Cloud) => {
      const response = await cloud.fetch(path);
      assert.equal(response.status, 200);
      assert.match(response.headers.get("content-type") ?? "", type);
      assert.match(
        response.headers.get("server-timing") ?? "",
        /^app;dur=\d+(\.\d+)?, redis;dur=0;desc="0 commands"$/,
      );
      await response.body?.cancel();
    },
  })),
  ...problems(),
  {
    name: "a job is accepted, delivered, settled, and can be read",
    run: async (cloud) => {
      const accepted = await enqueue(cloud, { input: { message: "hello" } });
      assert.equal(accepted.status, 202);
      const { id, state, deduplicated } = await accepted.json();
      assert.deepEqual({ state, deduplicated }, { state: "queued", deduplicated: false });
      assert.equal(accepted.headers.get("location"), `/api/jobs/${id}`);
      const job = await ended(cloud, id);
      assert.equal(job.state, "succeeded");
      assert.deepEqual(job.result, { message: "hello", attempts: 1 });
    },
  },
  {
    name: "a job that fails once is retried and succeeds",
    run: async (cloud) => {
      const { id } = await (await enqueue(cloud, { input: { message: "again", failures: 1 } }))
        .json();
      const job = await ended(cloud, id);
      assert.equal(job.state, "succeeded");
      assert.deepEqual(job.result, { message: "again", attempts: 2 });
    },
  },
  {
    name: "a job that fails for good ends failed, and leaves a dead letter",
    run: async (cloud) => {
      const { id } = await (await enqueue(cloud, { input: { message: "no", failForGood: true } }))
        .json();
      const job = await ended(cloud, id);
      assert.equal(job.state, "failed");
      const letter = await until(
        () => cloud.fetch(`/api/dead-letters/${id}`, { headers: authorized(cloud) }),
        (response) => response.status === 200,
      );
      assert.equal((await letter.json()).job, "debug.echo");
    },
  },
  {
    name: "an equal dedupeId makes one job",
    run: async (cloud) => {
      const body = { input: { message: "once" }, dedupeId: crypto.randomUUID() };
      const first = await (await enqueue(cloud, body)).json();
      const second = await (await enqueue(cloud, body)).json();
      assert.equal(second.id, first.id);
      assert.equal(second.deduplicated, true);
    },
  },
  {
    name: "a job that waits can be cancelled",
    run: async (cloud) => {
      const { id } = await (await enqueue(cloud, { input: { message: "no" }, delay: "1h" })).json();
      const response = await cloud.fetch(`/api/jobs/${id}`, {
        method: "DELETE",
        headers: authorized(cloud),
      });
      assert.equal(response.status, 200);
      assert.equal((await response.json()).state, "cancelled");
      assert.equal((await ended(cloud, id)).state, "cancelled");
    },
  },
  {
    name: "a group's follow-up runs once all of its jobs have ended",
    run: async (cloud) => {
      const response = await cloud.fetch("/api/groups", {
        method: "POST",
        headers: { ...authorized(cloud), "content-type": "application/json" },
        body: JSON.stringify({
          jobs: ["a", "b", "c"].map((message) => ({ job: "debug.echo", input: { message } })),
          then: { job: "debug.echo", input: { message: "all done" } },
        }),
      });
      assert.equal(response.status, 202);
      const { jobs, then } = await response.json();
      for (const id of jobs) assert.equal((await ended(cloud, id)).state, "succeeded");
      // Until the last of them has counted itself, the follow-up is nowhere.
      await until(
        () => cloud.fetch(`/api/jobs/${then}`, { headers: authorized(cloud) }),
        (answer) => answer.status === 200,
      );
      assert.deepEqual((await ended(cloud, then)).result, { message: "all done", attempts: 1 });
    },
  },
  {
    name: "a delivery that QStash signed is run; the same one again is done already",
    run: async (cloud) => {
      const body = JSON.stringify({
        version: 1,
        id: crypto.randomUUID().replaceAll("-", ""),
        job: "debug.echo",
        input: { message: "signed" },
        enqueuedAt: cloud.clock.now(),
      });
      for (let time = 0; time < 2; time++) {
        const response = await deliver(cloud, { body });
        assert.equal(response.status, 200, await response.clone().text());
        assert.equal((await response.json()).state, "succeeded");
      }
    },
  },
  {
    name: "GitHub's signed push becomes a job with a summary",
    run: async (cloud) => {
      const response = await githubPush(cloud, cloud.environment.WEBHOOK_SECRET_GITHUB);
      assert.equal(response.status, 202, await response.clone().text());
      const { id, job } = await response.json();
      assert.equal(job, "github.push");
      const { state, result } = await ended(cloud, id);
      assert.equal(state, "succeeded");
      assert.equal(result.repository, "octo/hello");
      assert.deepEqual(result.files, { added: 1, modified: 1, removed: 0 });
    },
  },
  {
    name: "a Standard Webhook becomes a job",
    run: async (cloud) => {
      const id = `msg_${crypto.randomUUID()}`;
      const timestamp = String(Math.floor(cloud.clock.now() / 1_000));
      const body = JSON.stringify({ type: "debug.echo", data: { message: "hooked" } });
      const secret = cloud.environment.WEBHOOK_SECRET_STANDARD.replace("whsec_", "");
      const signature = createHmac("sha256", Uint8Array.fromBase64(secret))
        .update(`${id}.${timestamp}.${body}`).digest("base64");
      const response = await cloud.fetch("/hooks/standard", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": timestamp,
          "webhook-signature": `v1,${signature}`,
        },
        body,
      });
      assert.equal(response.status, 202, await response.clone().text());
      assert.equal((await ended(cloud, (await response.json()).id)).state, "succeeded");
    },
  },
];

/** A request that is refused: its status, its code, and nothing done. */
interface Refusal {
  name: string;
  status: number;
  code: string;
  send(cloud: Cloud): Promise<Response>;
}

function problems(): PlatformCase[] {
  const refusals: Refusal[] = [
    {
      name: "an unknown path",
      status: 404,
      code: "not_found",
      send: (cloud) => cloud.fetch("/nowhere"),
    },
    {
      name: "another method",
      status: 405,
      code: "method_not_allowed",
      send: (cloud) => cloud.fetch("/health", { method: "DELETE" }),
    },
    {
      name: "no token",
      status: 401,
      code: "token_missing",
      send: (cloud) => cloud.fetch("/api/jobs/debug.echo", { method: "POST", body: "{}" }),
    },
    {
      name: "a wrong token",
      status: 401,
      code: "token_invalid",
      send: (cloud) =>
        cloud.fetch("/api/jobs/debug.echo", {
          method: "POST",
          headers: { authorization: "Bearer wrong" },
          body: "{}",
        }),
    },
    {
      name: "an unknown job",
      status: 404,
      code: "job_unknown",
      send: (cloud) => enqueue(cloud, { input: {} }, "no.such"),
    },
    {
      name: "a wrong payload",
      status: 422,
      code: "body_invalid",
      send: (cloud) => enqueue(cloud, { input: { message: 7 } }),
    },
    {
      name: "malformed JSON",
      status: 400,
      code: "body_malformed",
      send: (cloud) => enqueue(cloud, "{"),
    },
    {
      name: "a body that is too large",
      status: 413,
      code: "body_too_large",
      send: (cloud) => enqueue(cloud, { input: { message: "x".repeat(1_100_000) } }),
    },
    {
      name: "a delay of no known form",
      status: 422,
      code: "delay_unsupported",
      send: (cloud) => enqueue(cloud, { input: { message: "x" }, delay: "soon" }),
    },
    {
      name: "a job that is not there",
      status: 404,
      code: "job_not_found",
      send: (cloud) =>
        cloud.fetch("/api/jobs/00000000000000000000", { headers: authorized(cloud) }),
    },
    {
      name: "an unsigned delivery",
      status: 401,
      code: "signature_missing",
      send: (cloud) => cloud.fetch("/qstash/jobs/debug.echo", { method: "POST", body: "{}" }),
    },
    {
      name: "a forged delivery",
      status: 401,
      code: "signature_invalid",
      send: (cloud) => deliver(cloud, { body: "{}", key: "sig_forged" }),
    },
    {
      name: "a delivery that was signed for another URL",
      status: 401,
      code: "signature_invalid",
      send: (cloud) => deliver(cloud, { body: "{}", url: `${cloud.url}/qstash/failures` }),
    },
    {
      name: "a delivery whose signature has expired",
      status: 401,
      code: "signature_expired",
      send: (cloud) => deliver(cloud, { body: "{}", now: cloud.clock.now() - 3_600_000 }),
    },
    {
      name: "a forged webhook",
      status: 401,
      code: "signature_invalid",
      send: (cloud) => githubPush(cloud, "forged"),
    },
  ];
  return refusals.map(({ name, status, code, send }) => ({
    name: `${name} answers ${status} ${code} as problem details`,
    run: async (cloud) => {
      const published = cloud.qstash.messages().length;
      const response = await send(cloud);
      const text = await response.text();
      assert.equal(response.status, status, text);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.match(response.headers.get("server-timing") ?? "", /^app;dur=/);
      const problem = JSON.parse(text);
      assert.equal(problem.code, code);
      assert.equal(problem.status, status);
      assert.equal(problem.type, `${cloud.url}/docs#${code}`);
      assert.ok(problem.title && problem.detail && problem.instance && problem.requestId);
      assert.equal(problem.requestId, response.headers.get("x-request-id"));
      assert.equal(cloud.qstash.messages().length, published, "nothing was published");
    },
  }));
}

function authorized(cloud: Cloud): Record<string, string> {
  return { authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` };
}

function enqueue(cloud: Cloud, body: unknown, job = "debug.echo"): Promise<Response> {
  return cloud.fetch(`/api/jobs/${job}`, {
    method: "POST",
    headers: { ...authorized(cloud), "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** Calls the delivery endpoint as QStash would, unless it is told to do it wrong. */
async function deliver(
  cloud: Cloud,
  { body, key, url, now }: { body: string; key?: string; url?: string; now?: number },
): Promise<Response> {
  const target = `${cloud.url}/qstash/jobs/debug.echo`;
  const signature = await signDelivery({
    key: key ?? cloud.qstash.signingKeys.current,
    url: url ?? target,
    body: new TextEncoder().encode(body),
    now: now ?? cloud.clock.now(),
  });
  return await cloud.fetch("/qstash/jobs/debug.echo", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "upstash-signature": signature,
      "upstash-message-id": "msg_platform",
      "upstash-retried": "0",
    },
    body,
  });
}

function githubPush(cloud: Cloud, secret: string): Promise<Response> {
  const body = JSON.stringify({
    ref: "refs/heads/main",
    after: "f".repeat(40),
    repository: { full_name: "octo/hello" },
    pusher: { name: "mona" },
    commits: [{
      id: "f".repeat(40),
      message: "Say hello\n\nto all",
      author: { name: "Mona", username: "mona" },
      added: ["hello.txt"],
      modified: ["README.md"],
      removed: [],
    }],
  });
  return cloud.fetch("/hooks/github", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": "push",
      "x-github-delivery": crypto.randomUUID(),
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    },
    body,
  });
}

/** The job's view, once it has ended. */
async function ended(cloud: Cloud, id: string) {
  return await until(
    async () => {
      const response = await cloud.fetch(`/api/jobs/${id}`, { headers: authorized(cloud) });
      const text = await response.text();
      assert.equal(response.status, 200, text);
      return JSON.parse(text);
    },
    ({ state }) => ["succeeded", "failed", "cancelled"].includes(state),
  );
}

/** Asks until `isDone`; what is asked moves in real time, in another process. */
async function until<T>(ask: () => Promise<T>, isDone: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (isDone(answer)) return answer;
    if (Date.now() > deadline) assert.fail(`It did not come to that: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
