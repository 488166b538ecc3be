/**
 * The day that `deno task demo:feed` replays: the same for one seed, but for its ids, which are
 * the run's own, so that a second run on one system counts apart.
 *
 * @module
 */

export const kinds = ["locations", "events", "services"] as const;

export interface PlannedListing {
  kind: string;
  /** Every second one is a number. */
  id: number | string;
}

interface By {
  /** Index of the visitor, who does one thing after another. */
  visitor: number;
}

/** One request of a browser; `listing` is an index. */
export type Action =
  & By
  & (
    | { type: "view"; listing: number }
    | { type: "impressions"; batch: number; listings: number[]; again: boolean }
    | { type: "favorite"; listing: number; undo: boolean }
    | { type: "booking"; listing: number; booking: number; again: boolean }
  );

export interface Plan {
  listings: PlannedListing[];
  visitors: number;
  actions: Action[];
  /** Impressions singly, views, favorites, what took them back, bookings; none that was sent again. */
  events: number;
}

export interface PlanOptions {
  events: number;
  seed: number;
  /** Tells the ids of one run from those of another; below a billion. */
  run: number;
}

const SHARE = {
  /** Of a page's listings, those that are opened; some of them twice. */
  opened: 0.28,
  openedAgain: 0.3,
  /** Of the opened. */
  favorite: 0.12,
  booking: 0.05,
  /** Of the favorites, those taken back; and of these, those given once more. */
  undo: 0.3,
  changeOfMind: 0.4,
  /** Of batches and bookings, those whose answer was lost, so that they are sent once more. */
  again: 0.04,
};
const LISTINGS_OF_A_DAY = 5_000;
const VISITORS_OF_A_DAY = 20_000;
const EVENTS_OF_A_DAY = 200_000;

/** Makes the day. A smaller one has fewer visitors and listings as well. */
export function planDay({ events, seed, run }: PlanOptions): Plan {
  const random = createRandom(seed);
  const scale = Math.min(1, events / EVENTS_OF_A_DAY);
  const visitors = Math.max(10, Math.round(VISITORS_OF_A_DAY * scale));
  const listings = planListings(Math.max(30, Math.round(LISTINGS_OF_A_DAY * scale)), run);
  const pick = createZipf(listings.length, random);
  const actions: Action[] = [];
  let counted = 0;
  let batch = 0;
  let booking = 0;
  for (let visit = 0; counted < events; visit++) {
    // Everybody comes once; whoever comes again is anyone.
    const visitor = visit < visitors ? visit : Math.floor(random() * visitors);
    const chance = (share: number) => counted < events && random() < share;
    const page = pick.several(Math.min(events - counted, 2 + Math.floor(random() * 9)));
    const shown = { type: "impressions", visitor, batch: batch++, listings: page } as const;
    actions.push({ ...shown, again: false });
    counted += page.length;
    for (const listing of page) {
      if (!chance(SHARE.opened)) continue;
      const act = (action: Action) => {
        actions.push(action);
        counted++;
      };
      act({ type: "view", visitor, listing });
      if (chance(SHARE.openedAgain)) act({ type: "view", visitor, listing });
      if (chance(SHARE.favorite)) {
        act({ type: "favorite", visitor, listing, undo: false });
        if (chance(SHARE.undo)) {
          act({ type: "favorite", visitor, listing, undo: true });
          if (chance(SHARE.changeOfMind)) {
            act({ type: "favorite", visitor, listing, undo: false });
          }
        }
      }
      if (chance(SHARE.booking)) {
        const booked = { type: "booking", visitor, listing, booking: booking++ } as const;
        act({ ...booked, again: false });
        if (random() < SHARE.again) actions.push({ ...booked, again: true });
      }
    }
    if (random() < SHARE.again) actions.push({ ...shown, again: true });
  }
  return { listings, visitors, actions, events: counted };
}

/** Numbers, and texts with everything that an id may hold. */
function planListings(count: number, run: number): PlannedListing[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: kinds[index % kinds.length],
    id: Math.floor(index / kinds.length) % 2 === 0
      ? run * 100_000 + index
      : `${run}.${["villa", "Zuerich.am_See", "50~more", "jazz-night"][index % 4]}.${index}`,
  }));
}

/** Draws indexes below `count`, of which the first is drawn most: by Zipf's law, exponent 1. */
function createZipf(count: number, random: () => number) {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let index = 0; index < count; index++) sums[index] = sum += 1 / (index + 1);
  const one = () => {
    const wanted = random() * sum;
    let from = 0;
    let to = count - 1;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (sums[middle] > wanted) to = middle;
      else from = middle + 1;
    }
    return from;
  };
  return {
    /** So many, no two of them equal; fewer where there are not so many. */
    several(wanted: number): number[] {
      const drawn = new Set<number>();
      while (drawn.size < Math.min(wanted, count)) drawn.add(one());
      return [...drawn];
    },
  };
}

/** Numbers from 0 to below 1, the same for one seed: mulberry32. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
