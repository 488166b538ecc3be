/**
 * The mail provider's webhooks: what became of a mail after it was accepted.
 *
 * Written to Postgres at once; no Redis command and no message. Without Postgres 503, and Resend
 * sends it again.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../../context.ts";
import { decodeText, parseJson, parseShape, readBytes } from "../../middleware/body.ts";
import { verifyStandard } from "../../middleware/standard_signature.ts";
import { secretOfNotifications, sqlOfNotifications } from "../parts.ts";
import { type MailEventType, mailEventTypes, ResendEvent, ResendMail } from "./contracts.ts";
import { recordMailEvent } from "./record.ts";

/** An event holds no body of a mail, but all of its headers. */
const MOST_BYTES = 1_000_000;

export const providerRoutes = new Hono<AppEnv>()
  .post("/hooks/resend", async (c) => {
    const { clock, config, database } = c.var.deps;
    const body = await readBytes(c, { maxBytes: MOST_BYTES });
    await verifyStandard(c.req.raw.headers, body, {
      what: "the mail provider's webhook",
      setting: "WEBHOOK_SECRET_RESEND",
      secret: config.webhookSecrets.resend,
      now: clock.now(),
      prefix: "svix",
    });
    const event = parseShape(ResendEvent, parseJson(decodeText(body)));
    const type = typeOf(event.type);
    if (type === undefined) {
      return c.json({ accepted: false, because: `"${event.type}" is not kept` }, 202);
    }
    const { data: mail } = parseShape(ResendEvent.extend({ data: ResendMail }), event);
    const at = Date.parse(event.created_at ?? "") || clock.now();
    const secret = secretOfNotifications(config);
    const isNew = await recordMailEvent(sqlOfNotifications(database), secret, { type, mail, at });
    return c.json({ accepted: true, deduplicated: !isNew }, 202);
  });

function typeOf(name: string): MailEventType | undefined {
  return mailEventTypes.find((type) => name === `email.${type}`);
}
