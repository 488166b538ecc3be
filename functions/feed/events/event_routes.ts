/**
 * Events in: views, impressions, favorites and bookings.
 *
 * One Redis command each; none for what is ignored. Whoever is answered with 2xx is counted, now or
 * later: an event that would reach neither Redis nor QStash is refused with 503.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { dayOf, type Person } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { readBody } from "../../middleware/body.ts";
import { waitUntilOf } from "../../middleware/defer.ts";
import {
  BookingRequest,
  type EventAnswer,
  FavoriteRequest,
  ImpressionsRequest,
  type Said,
  ViewRequest,
} from "../contracts.ts";
import type { FeedEvent } from "./events.ts";
import { assertMayBook, identitiesOf, type Sender, senderOf } from "./person.ts";
import { acceptEvent } from "./record.ts";

/** A token and the longest of ids, with all of their characters escaped. */
const EVENT_BYTES = 16_000;
/** As much as browsers send with a page that is left. */
const BATCH_BYTES = 65_536;

export const eventRoutes = new Hono<AppEnv>()
  .post("/api/metrics/views", async (c) => {
    const identities = identitiesOf(c);
    const { kind, id, ...said } = await readBody(c, ViewRequest, { maxBytes: EVENT_BYTES });
    return await take(c, said, async (at, person) => {
      const by = await identities.ofPerson(dayOf(at), person);
      return { type: "view", at, kind, id, by };
    });
  })
  .post("/api/metrics/impressions", async (c) => {
    identitiesOf(c);
    const body = await readBody(c, ImpressionsRequest, { maxBytes: BATCH_BYTES });
    const { batch, impressions, ...said } = body;
    return await take(c, said, (at) => ({
      type: "impressions",
      at,
      batch,
      counts: addUp(impressions),
    }));
  })
  .post("/api/metrics/favorites", async (c) => {
    const identities = identitiesOf(c);
    const body = await readBody(c, FavoriteRequest, { maxBytes: EVENT_BYTES });
    const { kind, id, undo, ...said } = body;
    return await take(c, said, async (at, person) => {
      const by = await identities.ofPerson(dayOf(at), person);
      return { type: "favorite", at, kind, id, by, favorited: !undo };
    });
  })
  .post("/api/metrics/bookings", async (c) => {
    const identities = identitiesOf(c);
    const body = await readBody(c, BookingRequest, { maxBytes: EVENT_BYTES });
    const { kind, id, booking, ...said } = body;
    return await take(c, said, async (at) => {
      return { type: "booking", at, kind, id, by: await identities.ofBooking(booking) };
    }, (sender) => assertMayBook(sender, c.var.deps.config.feed.bookings));
  });

/** Counts the event that `make` makes of this moment, unless nobody caused it. */
async function take(
  c: Context<AppEnv>,
  said: Said,
  make: (at: number, person: Person) => FeedEvent | Promise<FeedEvent>,
  assertMay: (sender: Sender) => void = () => {},
) {
  const { deps } = c.var;
  const sender = await senderOf(c, said);
  assertMay(sender);
  if ("because" in sender) {
    return c.json({ outcome: "ignored", because: sender.because } satisfies EventAnswer);
  }
  const event = await make(deps.clock.now(), sender.person);
  const accepted = acceptEvent(deps, event);
  // Pages send with their last breath: workerd stops what nobody waits for any more.
  waitUntilOf(c)?.(accepted.catch(() => {}));
  const outcome = await accepted;
  if (outcome === "later") c.header("X-Degraded", "later");
  return c.json({ outcome } satisfies EventAnswer, outcome === "later" ? 202 : 200);
}

/** Equal listings become one: the sum of at most 100 times 1,000 is no problem for anybody. */
function addUp(impressions: readonly { kind: string; id: string; count: number }[]) {
  const counts = new Map<string, [kind: string, id: string, count: number]>();
  for (const { kind, id, count } of impressions) {
    const known = counts.get(`${kind}:${id}`);
    if (known) known[2] += count;
    else counts.set(`${kind}:${id}`, [kind, id, count]);
  }
  return [...counts.values()];
}
