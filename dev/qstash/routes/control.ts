/**
 * What the real QStash does not have: `/_faults`, `/_clock`, `/_meter`.
 *
 * No token, so pages of other sites are refused, and writes must say that they are JSON.
 *
 * @module
 */
import { Hono } from "hono";
import * as z from "zod";
import { noOtherPage } from "../../own_page.ts";
import { ApiError } from "../api_error.ts";
import type { Fault } from "../faults.ts";
import type { QstashParts } from "../parts.ts";
import { type QstashEnv, readJson } from "./context.ts";

const Common = {
  times: z.int().min(1).optional(),
  match: z.strictObject({
    url: z.string().optional(),
    label: z.string().optional(),
    messageId: z.string().optional(),
  }).optional(),
};
const FaultRequest = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("overlapping"),
    from: z.enum(["start", "wait"]).optional(),
    ...Common,
  }),
  z.strictObject({ kind: z.literal("late"), ms: z.number().min(0), ...Common }),
  z.strictObject({
    kind: z.literal("reordered"),
    count: z.int().min(2),
    withinMs: z.number().min(0).optional(),
    ...Common,
  }),
  z.strictObject({
    kind: z.literal("publishRefused"),
    status: z.literal([500, 502, 503, 504]).optional(),
    ...Common,
  }),
  z.strictObject({
    kind: z.enum([
      "duplicate",
      "lost",
      "dropped",
      "publishDisconnected",
      "publishReplyLost",
      "quota",
    ]),
    ...Common,
  }),
]);
const Advance = z.strictObject({ advanceMs: z.number().min(0) });

export function controlRoutes({ clock, faults, meter }: QstashParts): Hono<QstashEnv> {
  const app = new Hono<QstashEnv>();

  app.use("/_*", noOtherPage);
  app.use("/_*", async (c, next) => {
    const isJson = c.req.header("content-type")?.startsWith("application/json");
    if (c.req.method === "POST" && !c.req.path.startsWith("/_page") && !isJson) {
      throw new ApiError(400, "expected a body of type application/json");
    }
    await next();
  });
  app.get("/_meter", (c) => c.json(meter.snapshot()));
  app.delete("/_meter", (c) => {
    meter.reset();
    return c.json(meter.snapshot());
  });
  app.get("/_faults", (c) => c.json(faults.list()));
  app.post("/_faults", async (c) => {
    const { match, ...fault } = await readJson(c.req.raw, FaultRequest);
    faults.add({ ...fault, matches: match && matcher(match) } as Fault);
    return c.json(faults.list());
  });
  app.delete("/_faults", (c) => {
    faults.clear();
    return c.json(faults.list());
  });
  app.get("/_clock", (c) => c.json({ now: clock.now() }));
  app.post("/_clock", async (c) => {
    const { advanceMs } = await readJson(c.req.raw, Advance);
    await clock.advance(advanceMs);
    return c.json({ now: clock.now() });
  });
  return app;
}

function matcher(match: NonNullable<z.infer<typeof FaultRequest>["match"]>): Fault["matches"] {
  return ({ url, labels, messageId }) =>
    (match.url === undefined || match.url === url) &&
    (match.label === undefined || labels.includes(match.label)) &&
    (match.messageId === undefined || match.messageId === messageId);
}
