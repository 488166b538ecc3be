/**
 * Notifications in, and what became of them: for backends, never for browsers.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { isSound, RequestError, startOf } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { parseShape, readBody } from "../middleware/body.ts";
import { publicPath } from "../middleware/location.ts";
import {
  type NotificationsAnswer,
  NotifyRequest,
  RecipientQuery,
  type SuppressionsAnswer,
} from "./contracts.ts";
import { notifyUnchecked } from "./notify.ts";
import { secretOfNotifications, sqlOfNotifications } from "./parts.ts";
import { outboxRoutes } from "./outbox/routes.tsx";
import { notificationsTo, readNotification } from "./reading.ts";
import { recipientId } from "./recipients.ts";
import { suppressionsOf, unsuppress } from "./suppressions.ts";
import { unsubscribeRoutes } from "./unsubscribe/routes.ts";

/** A message of QStash's free plan, with room for the envelope. */
const NOTIFICATION_BYTES = 900_000;

export const notificationRoutes = new Hono<AppEnv>()
  .post("/api/notifications", async (c) => {
    const body = await readBody(c, NotifyRequest, {
      maxBytes: NOTIFICATION_BYTES,
      mend: ["data", "to"],
    });
    const told = await notifyUnchecked(c.var.deps, {
      ...body,
      dedupeId: body.dedupeId ?? c.req.header("Idempotency-Key"),
    });
    return c.json(told, 202, { Location: publicPath(c, `/api/notifications/${told.id}`) });
  })
  .get("/api/notifications", async (c) => {
    const { sql, recipient } = await recipientOf(c);
    const notifications = await notificationsTo(sql, recipient);
    return c.json({ notifications } satisfies NotificationsAnswer);
  })
  .get("/api/notifications/:id", async (c) => {
    const id = c.req.param("id");
    const sql = sqlOfNotifications(c.var.deps.database);
    const view = isSound(id) ? await readNotification(sql, id) : undefined;
    if (view) return c.json(view);
    throw new RequestError(
      "not_found",
      `Cannot find ${startOf(id, 64)} among what was told: while it waits, /api/jobs/:id has it`,
    );
  })
  .get("/api/suppressions", async (c) => {
    const { sql, recipient } = await recipientOf(c);
    const suppressions = await suppressionsOf(sql, recipient);
    return c.json({ suppressions } satisfies SuppressionsAnswer);
  })
  .delete("/api/suppressions", async (c) => {
    const { sql, recipient } = await recipientOf(c);
    if (await unsuppress(sql, { recipient, scope: "all" })) return c.body(null, 204);
    throw new RequestError("not_found", "Cannot lift it: this address is not suppressed");
  })
  .route("/", outboxRoutes)
  .route("/", unsubscribeRoutes);

async function recipientOf(c: Context<AppEnv>) {
  const { config, database } = c.var.deps;
  const { email } = parseShape(RecipientQuery, c.req.query(), "query");
  const recipient = await recipientId(secretOfNotifications(config), email);
  return { sql: sqlOfNotifications(database), recipient };
}
