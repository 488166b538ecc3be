import assert from "node:assert/strict";
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/config.ts";
import { authorized } from "../platform/calls.ts";
import { startDatabase } from "../support/database.ts";
import { silentLog } from "../support/silent_log.ts";

Deno.test({
  name:
    "a request that gets no connection in time answers 503 with its code, and when to come back",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using postgres = await startDatabase();
    await using cloud = await createCloud({
      clock: "wall",
      environment: { DATABASE_URL: `${postgres.url}?connection_limit=1&pool_timeout=1` },
      app: () => ({ fetch: () => new Response() }),
    });
    const deps = createDeps(readConfig(cloud.environment), { log: silentLog });
    const app = createApp(deps);
    const ask = () => app.request("/api/dead-letters", { headers: authorized(cloud) });
    assert.equal((await ask()).status, 200);
    const release = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const holder = deps.database!.transaction(async (sql) => {
      await sql.query("SELECT 1");
      entered.resolve();
      await release.promise;
    });
    await entered.promise;
    for (let time = 0; time < 2; time++) {
      const answer = await ask();
      const problem = await answer.json();
      assert.deepEqual([answer.status, problem.code], [503, "postgres_busy"]);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
      assert.equal(answer.headers.get("retry-after"), "2");
    }
    release.resolve();
    await holder;
    assert.equal((await ask()).status, 200, "once the connection is free");
    await deps.database?.close();
  },
});
