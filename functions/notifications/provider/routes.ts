/**
 * The mail provider's webhooks: what became of a mail after it was accepted.
 *
 * Written to Postgres at once; no Redis command and no message. Without Postgres 503, and Resend
 * sends it again.
 *
 * @module
 */
import { Hono } from "hono";
import { DAY_MS } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { bodyText, parseShape } from "../../middleware/body.ts";
import { parseJson } from "../../middleware/json.ts";
import { readSigned } from "../../middleware/signed_body.ts";
import { claimOfStandard } from "../../middleware/standard_signature.ts";
import { secretOfNotifications, sqlOfNotifications } from "../parts.ts";
import { type MailEventType, mailEventTypes, ResendEvent, ResendMail } from "./contracts.ts";
import { recordMailEvent } from "./record.ts";

/** An event holds no body of a mail, but all of its headers. */
const MOST_BYTES = 1_000_000;

export const providerRoutes = new Hono<AppEnv>()
  .post("/hooks/resend", async (c) => {
    const { clock, config, database } = c.var.deps;
    const claim = claimOfStandard(c.req.raw.headers, {
      what: "the mail provider's webhook",
      setting: "WEBHOOK_SECRET_RESEND",
      secret: config.webhookSecrets.resend,
      now: clock.now(),
      prefix: "svix",
    });
    const body = await readSigned(c, claim, MOST_BYTES);
    const event = parseShape(
      ResendEvent,
      parseJson(bodyText(c, body), { mend: "all", nul: "\ufffd" }),
    );
    const type = typeOf(event.type);
    if (type === undefined) {
      return c.json({ accepted: false, because: `"${event.type}" is not kept` }, 202);
    }
    const { data: mail } = parseShape(ResendEvent.extend({ data: ResendMail }), event);
    const at = happenedAt(event.created_at, clock.now());
    const secret = secretOfNotifications(config);
    const isNew = await recordMailEvent(sqlOfNotifications(database), secret, { type, mail, at });
    return c.json({ accepted: true, deduplicated: !isNew }, 202);
  });

/** When it says that it happened, where that can be: Postgres has fewer years than JavaScript. */
function happenedAt(said: string | undefined, now: number): number {
  const at = Date.parse(said ?? "");
  return at > 0 && at <= now + DAY_MS ? at : now;
}

function typeOf(name: string): MailEventType | undefined {
  return mailEventTypes.find((type) => name === `email.${type}`);
}
