/**
 * What a caller of the app may notice, as one table: every runtime answers all of it alike.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { Cloud } from "../../dev/cloud.ts";
import {
  authorized,
  deliver,
  ended,
  enqueue,
  githubPush,
  type PlatformCase,
  until,
} from "./calls.ts";
import { feedEventCases } from "./feed_events.ts";
import { feedReadCases } from "./feed_reads.ts";
import { limitCases } from "./limits.ts";
import { notificationHookCases } from "./notification_hooks.ts";
import { notificationMailCases } from "./notification_mails.ts";
import { notificationCases } from "./notifications.ts";
import { refusalCases } from "./refusals.ts";

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
  ...refusalCases,
  ...feedEventCases,
  ...feedReadCases,
  ...limitCases,
  ...notificationCases,
  ...notificationHookCases,
  ...notificationMailCases,
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
    name: "a body with a byte order mark, or in the charset that it names, is read as what it is",
    run: async (cloud) => {
      const json = '{"input":{"message":"café"}}';
      const mark = new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode(json)]);
      const latin = Uint8Array.from(json, (character) => character.charCodeAt(0));
      for (const [body, charset] of [[mark, "utf-8"], [latin, "iso-8859-1"]] as const) {
        const accepted = await cloud.fetch("/api/jobs/debug.echo", {
          method: "POST",
          headers: { ...authorized(cloud), "content-type": `application/json; charset=${charset}` },
          body,
        });
        const { id } = await accepted.json();
        assert.equal((await ended(cloud, id)).result.message, "café");
      }
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
    name: "dead letters are kept in Postgres: listed, replayed, and gone with it",
    run: async (cloud) => {
      const ids = await Promise.all(["one", "two", "three"].map(async (message) => {
        const body = { input: { message, failForGood: true } };
        return (await (await enqueue(cloud, body)).json()).id as string;
      }));
      for (const id of ids) assert.equal((await ended(cloud, id)).state, "failed");
      const headers = authorized(cloud);
      const list = async () => {
        const response = await cloud.fetch("/api/dead-letters", { headers });
        assert.equal(response.status, 200, await response.clone().text());
        return (await response.json()).letters.map(({ id }: { id: string }) => id) as string[];
      };
      // The letter of a job is kept a moment after the job has failed.
      await until(list, (listed) => ids.every((id) => listed.includes(id)));
      // Several requests at once: no connection of one may be another's.
      for (const listed of await Promise.all([list(), list(), list(), list()])) {
        for (const id of ids) assert.ok(listed.includes(id), `${id} is not listed`);
      }
      const replayed = await cloud.fetch(`/api/dead-letters/${ids[0]}/replay`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ input: { message: "mended" } }),
      });
      assert.equal(replayed.status, 202, await replayed.clone().text());
      assert.equal((await ended(cloud, ids[0])).state, "succeeded");
      assert.ok(!(await list()).includes(ids[0]));
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
