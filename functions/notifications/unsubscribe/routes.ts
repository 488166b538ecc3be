/**
 * Unsubscribing, for whoever has the link of a mail: people on its page, mail programs in one click.
 *
 * A GET changes nothing: mail programs and scanners open every link.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { RequestError } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { unsubscribeGroups } from "../event.ts";
import { secretOfNotifications, sqlOfNotifications } from "../parts.ts";
import { readUnsubscribeToken, type Subscription } from "../recipients.ts";
import { suppress, unsuppress } from "../suppressions.ts";
import { unsubscribePage, type UnsubscribePageOptions } from "./page.tsx";

export const unsubscribeRoutes = new Hono<AppEnv>()
  .get("/notifications/unsubscribe", async (c) => {
    const subscription = await subscriptionOf(c);
    return await answer(c, subscription, "asking");
  })
  .post("/notifications/unsubscribe", async (c) => {
    const { recipient, group } = await subscriptionOf(c);
    const { clock, database } = c.var.deps;
    await suppress(sqlOfNotifications(database), {
      recipient,
      scope: group,
      reason: "unsubscribed",
      at: clock.now(),
    });
    return await answer(c, { recipient, group }, "unsubscribed");
  })
  .post("/notifications/resubscribe", async (c) => {
    const { recipient, group } = await subscriptionOf(c);
    await unsuppress(sqlOfNotifications(c.var.deps.database), { recipient, scope: group });
    return await answer(c, { recipient, group }, "subscribed");
  });

async function subscriptionOf(c: Context<AppEnv>): Promise<Subscription> {
  const secret = secretOfNotifications(c.var.deps.config);
  const subscription = await readUnsubscribeToken(secret, c.req.query("token") ?? "");
  if (subscription) return subscription;
  throw new RequestError("unsubscribe_invalid", "Cannot read the link: open it from the mail anew");
}

function answer(
  c: Context<AppEnv>,
  { group }: Subscription,
  state: UnsubscribePageOptions["state"],
): Promise<Response> {
  const token = c.req.query("token") ?? "";
  return unsubscribePage(c, { token, what: unsubscribeGroups[group], state });
}
