/**
 * A Postgres that cannot be reached, under Deno and under workerd: a 503 that may be tried again.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/config.ts";
import { startDatabase } from "../support/database.ts";
import { startGate } from "../support/gate.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent_log.ts";
import { startWorker } from "../support/workerd.ts";
import { authorized } from "./calls.ts";

const runtimes = [
  {
    name: "Deno",
    ignore: false,
    start: (environment: Record<string, string>) => {
      const app = createApp(createDeps(readConfig(environment), { log: silentLog }));
      return Promise.resolve({
        ask: (path: string, init: RequestInit) => Promise.resolve(app.request(path, init)),
        close: () => Promise.resolve(),
      });
    },
  },
  {
    name: "workerd",
    ...needs("workerd"),
    start: async (environment: Record<string, string>) => {
      const worker = await startWorker(environment);
      return {
        ask: (path: string, init: RequestInit) => fetch(`${worker.url}${path}`, init),
        close: worker.close,
      };
    },
  },
];

for (const { name, ignore, start } of runtimes) {
  Deno.test({
    name: `${name}: with Postgres away dead letters answer 503, what needs none goes on`,
    ignore,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using cloud = await createCloud({
        clock: "wall",
        environment: { DATABASE_URL: "postgres://someone:hunter2@127.0.0.1:1/nowhere" },
        app: () => ({ fetch: () => new Response() }),
      });
      const runtime = await start({ ...cloud.environment });
      try {
        for (let time = 0; time < 7; time++) {
          const answer = await runtime.ask("/api/dead-letters", { headers: authorized(cloud) });
          const text = await answer.text();
          assert.equal(answer.status, 503, text);
          const waitSeconds = Number(answer.headers.get("retry-after"));
          assert.ok(time < 5 ? waitSeconds === 5 : waitSeconds > 5, `${waitSeconds} s`);
          assert.equal(JSON.parse(text).code, time < 5 ? "postgres_unavailable" : "circuit_open");
          assert.ok(!text.includes("hunter2"), text);
        }
        const health = await runtime.ask("/health", {});
        assert.equal(health.status, 200, await health.text());
      } finally {
        await runtime.close();
      }
    },
  });
  Deno.test({
    name: `${name}: a feed that was read before is answered as stale while Postgres is away`,
    ignore,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using postgres = await startDatabase();
      await using gate = startGate(postgres.url);
      await using cloud = await createCloud({
        clock: "wall",
        environment: { DATABASE_URL: gate.url },
        app: () => ({ fetch: () => new Response() }),
      });
      const runtime = await start({ ...cloud.environment });
      try {
        const paths = ["/api/feed/locations", "/api/metrics/locations/42"];
        const ask = async (path: string) => {
          const answer = await runtime.ask(path, {});
          return { status: answer.status, headers: answer.headers, body: await answer.json() };
        };
        const fresh = await Promise.all(paths.map(ask));
        for (const { status, body } of fresh) assert.equal(status, 200, JSON.stringify(body));
        gate.shut();
        for (const [index, path] of paths.entries()) {
          const { status, headers, body } = await ask(path);
          assert.deepEqual([status, headers.get("x-degraded")], [200, "stale"]);
          assert.deepEqual(body, { ...fresh[index].body, stale: true });
        }
        const other = await ask("/api/feed/events");
        assert.deepEqual([other.status, other.body.code], [503, "postgres_unavailable"]);
        gate.open();
        const again = await Promise.all(paths.map(ask));
        assert.deepEqual(again.map(({ body }) => body), fresh.map(({ body }) => body));
      } finally {
        await runtime.close();
      }
    },
  });
}
