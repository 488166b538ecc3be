/**
 * What OpenAI does not have: `/_faults` and `/_counts`.
 *
 * No token, so pages of other sites are refused, and writes must say that they are JSON.
 *
 * @module
 */
import { Hono } from "hono";
import * as z from "zod";
import { noOtherPage } from "../own_page.ts";
import { refusals } from "./api_error.ts";
import type { LlmFaults } from "./faults.ts";
import type { LlmCounts } from "./server.ts";

const common = {
  times: z.int().positive().optional(),
  probability: z.number().min(0).max(1).optional(),
  contains: z.string().optional(),
};
const retryAfter = z.string().optional();
const afterTokens = z.int().nonnegative().optional();

const FaultRequest = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("limit"), retryAfter, ...common }),
  z.strictObject({
    kind: z.literal("refuse"),
    status: z.literal([500, 502, 503, 504]).optional(),
    retryAfter,
    ...common,
  }),
  z.strictObject({
    kind: z.literal("stall"),
    afterTokens,
    ms: z.number().nonnegative().optional(),
    clock: z.enum(["server", "real"]).optional(),
    ...common,
  }),
  z.strictObject({
    kind: z.enum(["break", "garble", "unfinished", "fail"]),
    afterTokens,
    ...common,
  }),
  z.strictObject({
    kind: z.literal("end"),
    reason: z.string().nullable(),
    afterTokens,
    ...common,
  }),
  z.strictObject({ kind: z.literal("raw"), text: z.string(), afterTokens, ...common }),
  z.strictObject({
    kind: z.literal("alive"),
    sign: z.enum(["comment", "role", "empty", "tool", "reasoning"]),
    ms: z.number().positive(),
    afterTokens,
    ...common,
  }),
  z.strictObject({ kind: z.literal("unsupported"), parameter: z.string().min(1), ...common }),
  z.strictObject({
    kind: z.enum(["quota", "forbid", "noModel", "tooLong", "disconnect", "hang", "alternate"]),
    ...common,
  }),
]);

/** The control routes; `counts` tells what was counted. */
export function controlRoutes(
  { faults, counts }: { faults: LlmFaults; counts(): LlmCounts },
): Hono {
  const app = new Hono();
  app.use("/_*", noOtherPage);
  app.get("/_counts", (c) => c.json(counts()));
  app.get("/_faults", (c) => c.json(faults.list()));
  app.post("/_faults", async (c) => {
    if (!c.req.header("content-type")?.startsWith("application/json")) {
      throw refusals.invalid("expected a body of type application/json", null);
    }
    const order = FaultRequest.safeParse(await c.req.json().catch(() => undefined));
    if (!order.success) throw refusals.invalid(z.prettifyError(order.error), null);
    faults.add(order.data);
    return c.json(faults.list());
  });
  app.delete("/_faults", (c) => {
    faults.clear();
    return c.json(faults.list());
  });
  return app;
}
