/**
 * Events in: views, impressions, favorites and bookings.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { readBody } from "../middleware/body.ts";
import { type EventAnswer, ViewRequest } from "./contracts.ts";
import { acceptEvent } from "./record.ts";
import { dayOf, identityOf } from "../../shared/mod.ts";

const EVENT_BYTES = 16_000;

export const eventRoutes = new Hono<AppEnv>()
  .post("/api/metrics/views", async (c) => {
    const { kind, id, session } = await readBody(c, ViewRequest, { maxBytes: EVENT_BYTES });
    const { deps } = c.var;
    const at = deps.clock.now();
    const by = await identityOf(deps.config.identitySecret!, dayOf(at), {
      session,
      address: c.env?.clientAddress,
    });
    const outcome = await acceptEvent(deps, { type: "view", at, kind, id, by });
    return c.json({ outcome } satisfies EventAnswer, outcome === "later" ? 202 : 200);
  });
