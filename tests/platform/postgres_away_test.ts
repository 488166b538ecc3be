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
        for (let time = 0; time < 3; time++) {
          const answer = await runtime.ask("/api/dead-letters", { headers: authorized(cloud) });
          const text = await answer.text();
          assert.equal(answer.status, 503, text);
          assert.equal(answer.headers.get("retry-after"), "5");
          assert.equal(JSON.parse(text).code, "postgres_unavailable");
          assert.ok(!text.includes("hunter2"), text);
        }
        const health = await runtime.ask("/health", {});
        assert.equal(health.status, 200, await health.text());
      } finally {
        await runtime.close();
      }
    },
  });
}
