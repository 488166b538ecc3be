/**
 * What the app refuses, and how it says so; nothing is half done after any of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Cloud } from "../../dev/cloud.ts";
import { authorized, deliver, enqueue, githubPush, type PlatformCase } from "./calls.ts";

/** A request that is refused: its status, its code, and nothing done. */
interface Refusal {
  name: string;
  status: number;
  code: string;
  send(cloud: Cloud): Promise<Response>;
}

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
    send: (cloud) => cloud.fetch("/api/jobs/00000000000000000000", { headers: authorized(cloud) }),
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
/** Each refusal as problem details, the same on every runtime. */
export const refusalCases: readonly PlatformCase[] = refusals.map((
  { name, status, code, send },
) => ({
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
