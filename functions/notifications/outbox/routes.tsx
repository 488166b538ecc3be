/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The dashboard of mail. It reads Postgres alone, and makes no Redis command.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import type { AppEnv } from "../../context.ts";
import { decodeText, parseShape, readBytes } from "../../middleware/body.ts";
import { publicPath } from "../../middleware/location.ts";
import { operatorName } from "../../middleware/operator_session.ts";
import { pageResponse } from "../../pages/page.tsx";
import { RecipientQuery } from "../contracts.ts";
import { secretOfNotifications, sqlOfNotifications } from "../parts.ts";
import { notificationsTo } from "../reading.ts";
import { recipientId } from "../recipients.ts";
import { suppressionsOf, unsuppress } from "../suppressions.ts";
import { type Found, OutboxView } from "./page.tsx";
import { readOutbox } from "./queries.ts";

const PATH = "/admin/analytics/mail";
const FORM_BYTES = 1_000;

export const outboxRoutes = new Hono<AppEnv>()
  .get(PATH, (c) => outboxPage(c, {}))
  // An address stands in no URL: those are kept in logs and histories.
  .post(PATH, async (c) => {
    const { email } = await readForm(c);
    return await outboxPage(c, { found: await find(c, email) });
  })
  .post(`${PATH}/lift`, async (c) => {
    const { email } = await readForm(c);
    const { database, config, log } = c.var.deps;
    const recipient = await recipientId(secretOfNotifications(config), email);
    const lifted = await unsuppress(sqlOfNotifications(database), { recipient, scope: "all" });
    log.info("suppression.lifted", {
      operator: await operatorName(c.var.operator!),
      recipient,
      lifted,
    });
    return await outboxPage(c, {
      found: await find(c, email),
      notice: "It may have mail again. If it bounces once more, it is held back once more.",
    });
  });

async function outboxPage(
  c: Context<AppEnv>,
  { found, notice }: { found?: Found; notice?: string },
): Promise<Response> {
  const { clock, config, database } = c.var.deps;
  secretOfNotifications(config);
  const state = await readOutbox(sqlOfNotifications(database), clock.now());
  // What a form has led to cannot be asked for again by itself.
  const script = c.req.method === "GET" ? {} : { script: null };
  return await pageResponse(
    c,
    { title: "Mail", notice, ...script },
    <OutboxView state={state} path={publicPath(c, PATH)} found={found} />,
  );
}

async function find(c: Context<AppEnv>, email: string): Promise<Found> {
  const { config, database } = c.var.deps;
  const recipient = await recipientId(secretOfNotifications(config), email);
  const sql = sqlOfNotifications(database);
  return {
    email,
    notifications: await notificationsTo(sql, recipient),
    suppressions: await suppressionsOf(sql, recipient),
  };
}

async function readForm(c: Context<AppEnv>) {
  const form = new URLSearchParams(decodeText(await readBytes(c, { maxBytes: FORM_BYTES })));
  return parseShape(RecipientQuery, Object.fromEntries(form));
}
