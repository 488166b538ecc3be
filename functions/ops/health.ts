/**
 * Whether the app runs, and has its tables. Costs no command and no message; Postgres is asked until it
 * has all of them.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import type { Health } from "./contracts.ts";
import { missingTables } from "./tables.ts";
import { version } from "./version.ts";

export const healthRoutes = new Hono<AppEnv>().get("/health", async (c) => {
  const { clock, config, database, memory } = c.var.deps;
  const missing = database && await missingTables(memory.tables, database, clock);
  const isShort = missing !== undefined && missing.length > 0;
  return c.json(
    {
      // Still 200: what needs no Postgres works, and a restart would not make tables.
      status: isShort ? "tables_missing" : "ok",
      version,
      at: new Date(clock.now()).toISOString(),
      ...(isShort && { missing: [...missing], todo: "run deno task migrate" }),
      configured: {
        // Boot refuses to go on without these two.
        redis: true,
        queue: true,
        database: config.databaseUrl !== undefined,
        feed: config.databaseUrl !== undefined && config.identitySecret !== undefined,
        operators: config.operators.length > 0,
        serviceTokens: config.serviceTokens.length > 0,
        webhooks: Object.keys(config.webhookSecrets).sort(),
      },
    } satisfies Health,
  );
});
