/**
 * The entry on Cloudflare Workers: the same app, built once for each isolate.
 *
 * Settings come with the first request; a bad environment answers 503 and says why in the log.
 *
 * @module
 */
import type { ExecutionContext, Hono } from "hono";
import { printError } from "../shared/adapters/terminal.ts";
import { readConfig } from "../shared/config.ts";
import { createApp } from "./app.ts";
import type { AppEnv } from "./context.ts";
import { createDatabase, createDeps, warnOfSettings } from "./deps.ts";

let app: Hono<AppEnv> | undefined;

function build(bindings: Record<string, unknown>): Hono<AppEnv> {
  const texts = Object.entries(bindings).filter(([, value]) => typeof value === "string");
  const config = readConfig(Object.fromEntries(texts) as Record<string, string>);
  // workerd lets no request use a connection that another one opened.
  const deps = createDeps(config, { database: createDatabase(config, "request") });
  warnOfSettings(deps);
  return createApp(deps, { isOwnHost: true });
}

export default {
  fetch(request: Request, bindings: Record<string, unknown>, context: ExecutionContext) {
    try {
      app ??= build(bindings);
    } catch (error) {
      printError((error as Error).message);
      return new Response("The app is not configured: its log says what is missing\n", {
        status: 503,
      });
    }
    // Set by Cloudflare, whatever the caller sent.
    const clientAddress = request.headers.get("CF-Connecting-IP") ?? undefined;
    return app.fetch(request, { clientAddress }, context);
  },
};
