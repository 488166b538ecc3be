/**
 * The same day as the design before would have billed it: a script for each event, a marker for
 * each view, and a daily flush by SCAN, MGET and DEL. What runs inside a script is billed as well.
 *
 * Nothing that was sent again is counted. A test holds it against the meter of dev/redis.
 *
 * @module
 */
import { createRandom, type Plan } from "./demo_feed_plan.ts";

/** Counts one event; the key is kept for 7 days from its first. */
export const COUNT_SCRIPT = `local count = redis.call("INCR", KEYS[1])
if count == 1 then redis.call("EXPIRE", KEYS[1], ARGV[1]) end
return count`;
/** How many keys a SCAN looks at. */
export const SCAN_COUNT = 100;

/** Billed commands by name. */
export type Bill = Record<string, number>;

/** One thing that a browser reported, as the design before took it: each on its own. */
export interface OldEvent {
  /** The counter that goes up. */
  counter: string;
  /** A view's own key, which tells whether it is the first of its visitor. */
  marker?: string;
}

/** The events of the day, impressions singly. */
export function* oldEvents({ actions }: Plan): Generator<OldEvent> {
  for (const action of actions) {
    if (action.type === "impressions") {
      if (action.again) continue;
      for (const listing of action.listings) yield { counter: `impressions:${listing}` };
    } else if (action.type === "view") {
      const { listing, visitor } = action;
      yield { counter: `views:${listing}`, marker: `seen:${listing}:${visitor}` };
    } else if (action.type === "favorite") {
      // One that is taken back costs the same: DECR in the place of INCR.
      yield { counter: `favorites:${action.listing}` };
    } else if (!action.again) {
      yield { counter: `bookings:${action.listing}` };
    }
  }
}

/** What the events cost, and the keys that they leave. */
export function billEvents(events: Iterable<OldEvent>) {
  const bill = { SET: 0, EVAL: 0, INCR: 0, EXPIRE: 0 };
  const counters = new Set<string>();
  const markers = new Set<string>();
  for (const { counter, marker } of events) {
    if (marker !== undefined) {
      bill.SET++;
      if (markers.has(marker)) continue;
      markers.add(marker);
    }
    bill.EVAL++;
    bill.INCR++;
    if (counters.has(counter)) continue;
    counters.add(counter);
    bill.EXPIRE++;
  }
  return { bill, counters: counters.size, markers: markers.size };
}

/** What the flush costs, by how many counters each page of its SCAN found. */
export function billFlush(pages: readonly number[]): Bill {
  const found = pages.filter((counters) => counters > 0).length;
  return { SCAN: pages.length, MGET: found, DEL: found };
}

/** Pages of a SCAN over all these keys, which lie in no order. */
export function scanPages({ counters, markers }: { counters: number; markers: number }): number[] {
  const random = createRandom(1);
  const pages = new Array<number>(Math.ceil((counters + markers) / SCAN_COUNT)).fill(0);
  let left = counters;
  for (let key = 0; key < counters + markers; key++) {
    // Drawn without putting back: each key that is left is as likely as any other.
    if (random() * (counters + markers - key) >= left) continue;
    left--;
    pages[Math.floor(key / SCAN_COUNT)]++;
  }
  return pages;
}
