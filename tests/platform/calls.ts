/**
 * The calls that the platform's cases are made of.
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

/** The header of a backend that may call. */
export function authorized(cloud: Cloud): Record<string, string> {
  return { authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` };
}

/** Enqueues over HTTP; `body` may be JSON text that is broken on purpose. */
export function enqueue(cloud: Cloud, body: unknown, job = "debug.echo"): Promise<Response> {
  return cloud.fetch(`/api/jobs/${job}`, {
    method: "POST",
    headers: { ...authorized(cloud), "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** Calls the delivery endpoint as QStash would, unless it is told to do it wrong. */
export async function deliver(
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

/** A push to octo/hello, as GitHub sends it, signed with `secret`. */
export function githubPush(cloud: Cloud, secret: string): Promise<Response> {
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
export async function ended(cloud: Cloud, id: string) {
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
export async function until<T>(ask: () => Promise<T>, isDone: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const answer = await ask();
    if (isDone(answer)) return answer;
    if (Date.now() > deadline) assert.fail(`It did not come to that: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
