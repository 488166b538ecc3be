/**
 * Notifications in: from backends, never from browsers.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { requireServiceToken } from "../middleware/auth.ts";
import { readBody } from "../middleware/body.ts";
import { publicPath } from "../middleware/location.ts";
import { NotifyRequest } from "./contracts.ts";
import { notifyUnchecked } from "./notify.ts";

/** A message of QStash's free plan, with room for the envelope. */
const NOTIFICATION_BYTES = 900_000;

export const notificationRoutes = new Hono<AppEnv>()
  .post("/api/notifications", requireServiceToken, async (c) => {
    const body = await readBody(c, NotifyRequest, { maxBytes: NOTIFICATION_BYTES });
    const told = await notifyUnchecked(c.var.deps, {
      ...body,
      dedupeId: body.dedupeId ?? c.req.header("Idempotency-Key"),
    });
    return c.json(told, 202, { Location: publicPath(c, `/api/notifications/${told.id}`) });
  });
