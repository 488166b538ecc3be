import assert from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/config.ts";
import { createCloud } from "../../shared/testing/mod.ts";

Deno.test("a cloud with Postgres has its tables, and ends with it", async () => {
  let deps: Deps | undefined;
  const cloud = await createCloud({
    postgres: true,
    app: (environment) => createApp(deps = createDeps(readConfig(environment))),
  });
  const { database } = deps!;
  assert.deepEqual(await database!.query("SELECT count(*)::int AS days FROM feed_days"), [
    { days: 0 },
  ]);
  await cloud.close();
  await assert.rejects(database!.query("SELECT 1"), { code: "postgres_unavailable" });
  await database!.close();
});
