/**
 * Whether the app runs. Costs nothing: it asks neither Redis nor QStash.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import type { Health } from "./contracts.ts";
import { version } from "./version.ts";

export const healthRoutes = new Hono<AppEnv>().get("/health", (c) => {
  const { clock, config } = c.var.deps;
  return c.json(
    {
      status: "ok",
      version,
      at: new Date(clock.now()).toISOString(),
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
