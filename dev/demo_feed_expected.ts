/**
 * What `deno task demo:feed` expects in Postgres: counted beside the system, from what it sends.
 *
 * @module
 */
import type { Action } from "./demo_feed_plan.ts";

/** A listing's counts of one day. */
export interface ExpectedCounts {
  views: number;
  impressions: number;
  /** Given less taken back on that day; below zero when more were taken back. */
  favorites: number;
  bookings: number;
}

export const metrics = ["views", "impressions", "favorites", "bookings"] as const;

/** Counts of every listing, by its index, for each UTC day. */
export class Expected {
  readonly days = new Map<string, Map<number, ExpectedCounts>>();
  readonly #known = new Set<string>();
  readonly #favorites = new Set<string>();

  /** Counts an action that the system took on this day; in the order of each visitor's. */
  add(action: Action, day: string): void {
    const { visitor } = action;
    switch (action.type) {
      case "view":
        // Once for each person and day.
        if (this.#isNew(`view ${day} ${visitor} ${action.listing}`)) {
          this.#of(day, action.listing).views++;
        }
        break;
      case "impressions":
        if (!this.#isNew(`batch ${action.batch}`)) break;
        for (const listing of action.listings) this.#of(day, listing).impressions++;
        break;
      case "favorite": {
        const key = `${visitor} ${action.listing}`;
        if (action.undo === !this.#favorites.has(key)) break;
        if (action.undo) this.#favorites.delete(key);
        else this.#favorites.add(key);
        this.#of(day, action.listing).favorites += action.undo ? -1 : 1;
        break;
      }
      case "booking":
        // Told apart within a day: one that is sent again after midnight would count there.
        if (this.#isNew(`booking ${day} ${action.booking}`)) {
          this.#of(day, action.listing).bookings++;
        }
    }
  }

  /** All days and listings added up. */
  totals(): ExpectedCounts {
    const sum = { views: 0, impressions: 0, favorites: 0, bookings: 0 };
    for (const day of this.days.values()) {
      for (const counts of day.values()) {
        for (const metric of metrics) sum[metric] += counts[metric];
      }
    }
    return sum;
  }

  #isNew(key: string): boolean {
    const { size } = this.#known;
    return this.#known.add(key).size > size;
  }

  #of(day: string, listing: number): ExpectedCounts {
    let listings = this.days.get(day);
    if (!listings) this.days.set(day, listings = new Map());
    let counts = listings.get(listing);
    if (!counts) {
      listings.set(listing, counts = { views: 0, impressions: 0, favorites: 0, bookings: 0 });
    }
    return counts;
  }
}
