/**
 * Listings in: from backends, never from browsers.
 *
 * @module
 */
import { Hono } from "hono";
import { QueueRejectedError, QueueUnavailableError } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import type { Deps } from "../../deps.ts";
import { readBody } from "../../middleware/body.ts";
import { type ListingsAnswer, ListingsRequest } from "../contracts.ts";
import { saveListings } from "./listings.ts";
import { sqlOfFeed } from "../parts.ts";

const LISTINGS_BYTES = 1_000_000;
/** What is said within it is ranked together; QStash tells equal messages apart for as long. */
const SLOT_MS = 10 * 60_000;

export const listingRoutes = new Hono<AppEnv>()
  .post("/api/listings", async (c) => {
    const { deps } = c.var;
    const { listings } = await readBody(c, ListingsRequest, { maxBytes: LISTINGS_BYTES });
    const changed = await saveListings(sqlOfFeed(deps), listings, deps.clock.now());
    if (changed > 0) await rankSoon(deps);
    return c.json({ listings: listings.length, changed } satisfies ListingsAnswer);
  });

/** Has the feed ranked at the slot's end, whatever else happens: a site may have no traffic yet. */
async function rankSoon({ jobs, clock, log }: Deps): Promise<void> {
  const notBefore = (Math.floor(clock.now() / SLOT_MS) + 1) * SLOT_MS;
  try {
    await jobs.enqueue("feed.rank", {}, { dedupeId: `listings ${notBefore}`, notBefore });
  } catch (error) {
    if (!(error instanceof QueueUnavailableError || error instanceof QueueRejectedError)) {
      throw error;
    }
    // What was said is kept, and the next flush ranks it.
    log.warn("rank.not_enqueued", { error: error.message });
  }
}
