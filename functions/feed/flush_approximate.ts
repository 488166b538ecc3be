/**
 * The day's HyperLogLogs into Postgres, listing by listing.
 *
 * @module
 */
import {
  countApproximateViews,
  type Day,
  type Listing,
  scanApproximateListings,
} from "../../shared/mod.ts";
import type { FlushBudget } from "./flush_limits.ts";
import type { FeedParts } from "./parts.ts";
import { raiseCounts } from "./store.ts";

const nameOf = ({ kind, id }: Listing) => `${kind}:${id}`;
const BATCH = 500;

/**
 * Writes estimates in the order of the listings' names, after `after`. Resolves to the last one
 * written when the budget is spent, to undefined when all are.
 */
export async function flushApproximateViews(
  { redis, keys, sql }: FeedParts,
  day: Day,
  after: string,
  budget: FlushBudget,
): Promise<string | undefined> {
  const listings = new Map<string, Listing>();
  let cursor = "0";
  do {
    budget.spend();
    const page = await scanApproximateListings(redis, keys, day, cursor);
    for (const listing of page.listings) {
      if (nameOf(listing) > after) listings.set(nameOf(listing), listing);
    }
    cursor = page.cursor;
  } while (cursor !== "0");
  const left = [...listings.entries()].sort(([one], [other]) => one < other ? -1 : 1);
  for (let start = 0; start < left.length; start += BATCH) {
    const batch = left.slice(start, start + BATCH);
    budget.spend();
    const views = await countApproximateViews(redis, keys, day, batch.map(([, one]) => one));
    await raiseCounts(
      sql,
      day,
      batch.map(([, listing], index) => ({ ...listing, views: views[index], bookings: 0 })),
    );
    if (budget.isSpent && start + BATCH < left.length) return batch.at(-1)![0];
  }
  return undefined;
}
