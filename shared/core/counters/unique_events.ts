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

/** Adds members of sets up by listing. Those that are not ours are left out, and counted apart. */
export class MemberCounts {
  readonly #counts = new Map<string, UniqueCounts>();
  views = 0;
  bookings = 0;
  /** Members that are none of ours. */
  skipped = 0;

  add(member: string): void {
    const name = member.slice(17);
    const metric = member[0] === "v" ? "views" : member[0] === "b" ? "bookings" : undefined;
    const counts = metric && (this.#counts.get(name) ?? this.#begin(name));
    if (!counts) {
      this.skipped++;
      return;
    }
    counts[metric!]++;
    this[metric!]++;
  }

  /** The counts of each listing. */
  get counts(): UniqueCounts[] {
    return [...this.#counts.values()];
  }

  #begin(name: string): UniqueCounts | undefined {
    const colon = name.indexOf(":");
    const listing = { kind: name.slice(0, Math.max(0, colon)), id: name.slice(colon + 1) };
    if (!isStorable(listing.kind) || !isStorable(listing.id)) return undefined;
    const counts = { ...listing, views: 0, bookings: 0 };
    this.#counts.set(name, counts);
    return counts;
  }
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
