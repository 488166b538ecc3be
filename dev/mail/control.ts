/**
 * What the real Resend does not have: `/_faults` and `/_counts`.
 *
 * No token, so pages of other sites are refused, and writes must say that they are JSON.
 *
 * @module
 */
import { Hono } from "hono";
import * as z from "zod";
import { MailApiError } from "./api_error.ts";
import { noOtherPage } from "../own_page.ts";
import type { MailFaults } from "./faults.ts";
import type { MailCounts } from "./server.ts";

const common = {
  times: z.int().positive().optional(),
  probability: z.number().min(0).max(1).optional(),
  to: z.string().optional(),
};
const retryAfter = z.string().optional();

const FaultRequest = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("limit"), retryAfter, ...common }),
  z.strictObject({
    kind: z.literal("quota"),
    period: z.enum(["daily", "monthly"]).optional(),
    retryAfter,
    ...common,
  }),
  z.strictObject({
    kind: z.literal("refuse"),
    status: z.literal([500, 502, 503, 504]).optional(),
    retryAfter,
    ...common,
  }),
  z.strictObject({
    kind: z.literal("slow"),
    ms: z.number().nonnegative(),
    clock: z.enum(["server", "real"]).optional(),
    ...common,
  }),
  z.strictObject({
    kind: z.enum(["forbid", "address", "disconnect", "hang", "dropReply", "garble"]),
    ...common,
  }),
]);

/** The control routes; `counts` tells what was counted. */
export function controlRoutes(
  { faults, counts }: { faults: MailFaults; counts(): MailCounts },
): Hono {
  const app = new Hono();
  app.use("/_*", noOtherPage);
  app.get("/_counts", (c) => c.json(counts()));
  app.get("/_faults", (c) => c.json(faults.list()));
  app.post("/_faults", async (c) => {
    if (!c.req.header("content-type")?.startsWith("application/json")) {
      throw new MailApiError(400, "validation_error", "expected a body of type application/json");
    }
    const order = FaultRequest.safeParse(await c.req.json().catch(() => undefined));
    if (!order.success) {
      throw new MailApiError(400, "validation_error", z.prettifyError(order.error));
    }
    faults.add(order.data);
    return c.json(faults.list());
  });
  app.delete("/_faults", (c) => {
    faults.clear();
    return c.json(faults.list());
  });
  return app;
}
