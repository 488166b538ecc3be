/**
 * Events that count once for each person (views) or each id (bookings), as members of a set.
 *
 * One SADD dedupes and counts, and a repeat changes nothing. A day has 8 sets, by hash of the
 * listing, so that one set holds all of a listing: its count is absolute, and can be written to
 * Postgres any number of times. A set holds about a million members (a record of 100 MB).
 *
 * @module
 */
import type { Redis, RedisCommand } from "../../ports.ts";
import type { Keys } from "../keys.ts";
import type { Day } from "./day.ts";
import { isStorable } from "./storable.ts";

/** How many sets a day has; to change it is to lose count of the days that are held. */
export const UNIQUE_SHARDS = 8;

/** A listing of one kind; ids that are integers stand as their text. */
export interface Listing {
  kind: string;
  id: string;
}

export type UniqueMetric = "views" | "bookings";

export interface UniqueEvent extends Listing {
  day: Day;
  metric: UniqueMetric;
  /** What makes the event one: 16 characters. */
  by: string;
}

/** How often a listing was seen and booked on a day. */
export interface UniqueCounts extends Listing {
  views: number;
  bookings: number;
}

const letters: Readonly<Record<UniqueMetric, string>> = { views: "v", bookings: "b" };

/**
 * Counts the event; resolves to whether it is new. One command.
 *
 * A reply that was lost is asked for again, and an event that is new then counts as known.
 */
export async function recordUnique(redis: Redis, keys: Keys, event: UniqueEvent): Promise<boolean> {
  return await redis.run(uniqueCommand(keys, event)) === 1;
}

/** What records the event. */
export function uniqueCommand(keys: Keys, event: UniqueEvent): RedisCommand {
  return ["SADD", keys.uniqueEvents(event.day, shardOf(event)), memberOf(event)];
}

/** The member's parts have no separator that an id could hold: letter, 16 of identity, kind, `:`, id. */
export function memberOf({ metric, by, kind, id }: UniqueEvent): string {
  return `${letters[metric]}${by}${kind}:${id}`;
}

/**
 * Adds members of sets up by listing, in about 130 bytes for each listing. Members that are not
 * ours are left out, and counted apart.
 */
export class MemberCounts implements Iterable<UniqueCounts> {
  /** Where each listing stands in the two lists below. */
  readonly #listings = new Map<string, number>();
  readonly #views: number[] = [];
  readonly #bookings: number[] = [];
  views = 0;
  bookings = 0;
  /** Members that are none of ours. */
  skipped = 0;

  add(member: string): void {
    const name = member.slice(17);
    const isView = member[0] === letters.views;
    const isOurs = isView || member[0] === letters.bookings;
    const index = isOurs ? this.#listings.get(name) ?? this.#begin(name) : undefined;
    if (index === undefined) {
      this.skipped++;
    } else if (isView) {
      this.#views[index]++;
      this.views++;
    } else {
      this.#bookings[index]++;
      this.bookings++;
    }
  }

  /** The counts of each listing. */
  *[Symbol.iterator](): Iterator<UniqueCounts> {
    for (const [name, index] of this.#listings) {
      yield {
        ...listingOf(name),
        views: this.#views[index],
        bookings: this.#bookings[index],
      };
    }
  }

  #begin(name: string): number | undefined {
    const { kind, id } = listingOf(name);
    if (!isStorable(kind) || !isStorable(id)) return undefined;
    const index = this.#listings.size;
    this.#listings.set(name, index);
    this.#views.push(0);
    this.#bookings.push(0);
    return index;
  }
}

/** The listing in a member; without a kind where there is no colon. */
function listingOf(name: string): Listing {
  const colon = name.indexOf(":");
  return { kind: name.slice(0, Math.max(0, colon)), id: name.slice(colon + 1) };
}

/** Which of the day's sets holds the listing. */
export function shardOf({ kind, id }: Listing): number {
  return hashOf(`${kind}:${id}`) % UNIQUE_SHARDS;
}

/** FNV-1a of 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}
