/**
 * {@link createStreamApp} as a Worker.
 *
 * @module
 */
import type { ExecutionContext, Hono } from "hono";
import type { AppEnv } from "../../functions/context.ts";
import { createStreamApp } from "./stream_app.ts";

let app: Hono<AppEnv> | undefined;

export default {
  fetch(request: Request, bindings: Record<string, string>, context: ExecutionContext) {
    app ??= createStreamApp(bindings);
    return app.fetch(request, {}, context);
  },
};
