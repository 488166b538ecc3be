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

/** Adds members of a set up by listing. Those that are not ours are left out, and returned. */
export function countMembers(
  members: Iterable<string>,
  counts: Map<string, UniqueCounts> = new Map(),
): { counts: Map<string, UniqueCounts>; unknown: string[] } {
  const unknown: string[] = [];
  for (const member of members) {
    const listing = member.slice(17);
    const colon = listing.indexOf(":");
    const metric = member[0] === "v" ? "views" : member[0] === "b" ? "bookings" : undefined;
    if (metric === undefined || colon < 1) {
      unknown.push(member);
      continue;
    }
    let count = counts.get(listing);
    if (!count) {
      count = {
        kind: listing.slice(0, colon),
        id: listing.slice(colon + 1),
        views: 0,
        bookings: 0,
      };
      counts.set(listing, count);
    }
    count[metric]++;
  }
  return { counts, unknown };
}

/** Which of the day's sets holds the listing: FNV-1a of its kind and id. */
export function shardOf({ kind, id }: Listing): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${kind}:${id}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash % UNIQUE_SHARDS;
}
