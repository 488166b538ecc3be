/**
 * The app as `deno task dev:workers` runs it: as on Cloudflare, behind the guard.
 *
 * @module
 */
import type { ExecutionContext } from "hono";
import worker from "../functions/worker.ts";
import { guardOf } from "./app_guard.ts";
import { refusal } from "./guard.ts";

export default {
  fetch(request: Request, bindings: Record<string, unknown>, context: ExecutionContext) {
    return refusal(request, guardOf(bindings)) ?? worker.fetch(request, bindings, context);
  },
};
