/**
 * The day's HyperLogLogs into Postgres.
 *
 * @module
 */
import { countApproximateViews, isStorable, scanApproximateListings } from "../../../shared/mod.ts";
import type { FlushSlice } from "./flush_slice.ts";
import { raiseCounts } from "./store.ts";

/** About a thousand listings' estimates: one command for each, and one that finds them. */
export async function flushEstimates({ parts, day, cursor, budget }: FlushSlice): Promise<void> {
  const { redis, keys, sql } = parts;
  budget.spend();
  const page = await scanApproximateListings(redis, keys, day, cursor.scan);
  const listings = page.listings.filter(({ kind, id }) => isStorable(kind) && isStorable(id));
  if (listings.length > 0) {
    // 500 to a request.
    for (let start = 0; start < listings.length; start += 500) budget.spend();
    const views = await countApproximateViews(redis, keys, day, listings);
    await raiseCounts(
      sql,
      day,
      listings.map((listing, index) => ({ ...listing, views: views[index], bookings: 0 })),
    );
  }
  cursor.skipped += page.listings.length - listings.length;
  cursor.scan = page.cursor;
  if (page.cursor === "0") cursor.stage = "done";
}
