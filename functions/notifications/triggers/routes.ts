/**
 * Changes of rows in, from the databases that the site keeps its own in.
 *
 * A change that tells nobody is let go with 202: a sender must not be made to try again for ever.
 * Without Postgres or QStash 503, and the same may be sent again.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { NotConfiguredError, RequestError } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { bearerOf } from "../../middleware/auth.ts";
import { bodyText, parseShape, readBytes } from "../../middleware/body.ts";
import { parseJson } from "../../middleware/json.ts";
import { indexOfSecret } from "../../middleware/secrets.ts";
import { readSigned } from "../../middleware/signed_body.ts";
import { claimOfStandard } from "../../middleware/standard_signature.ts";
import { PayloadChange, SupabaseChange } from "./contracts.ts";
import { fire } from "./fire.ts";
import { changeOfPayload, changeOfSupabase } from "./senders.ts";

/** A row with its related ones. */
const MOST_BYTES = 2_000_000;

export const triggerRoutes = new Hono<AppEnv>()
  .post("/hooks/supabase", async (c) => {
    await assertSupabase(c);
    const body = await readBytes(c, { maxBytes: MOST_BYTES });
    const change = changeOfSupabase(parseShape(SupabaseChange, rowsOf(c, body)));
    return c.json(await fire(c.var.deps, change), 202);
  })
  .post("/hooks/payload", async (c) => {
    const { clock, config } = c.var.deps;
    const claim = claimOfStandard(c.req.raw.headers, {
      what: "Payload's webhook",
      setting: "WEBHOOK_SECRET_PAYLOAD",
      secret: config.webhookSecrets.payload,
      now: clock.now(),
    });
    const body = await readSigned(c, claim, MOST_BYTES);
    const change = changeOfPayload(parseShape(PayloadChange, rowsOf(c, body)));
    return c.json(await fire(c.var.deps, change), 202);
  });

/** Rows hold what people typed, and ids as large as Postgres has them. */
function rowsOf(c: Context<AppEnv>, body: Uint8Array): unknown {
  return parseJson(bodyText(c, body), { mend: "all" });
}

/** Supabase signs nothing: a header that its webhook is given says who it is. */
async function assertSupabase(c: Context<AppEnv>): Promise<void> {
  const secret = c.var.deps.config.webhookSecrets.supabase;
  if (secret === undefined) {
    throw new NotConfiguredError("Supabase's webhook", ["WEBHOOK_SECRET_SUPABASE"]);
  }
  const token = bearerOf(c);
  if (token === undefined) {
    throw new RequestError(
      "token_missing",
      "Cannot tell who calls: give the webhook a header Authorization: Bearer",
    );
  }
  if (await indexOfSecret(token, [secret]) === -1) {
    throw new RequestError("token_invalid", "Cannot accept this token: it is not Supabase's");
  }
}
