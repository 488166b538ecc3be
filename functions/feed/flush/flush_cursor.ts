/**
 * Where a flush stands between two deliveries.
 *
 * @module
 */
import * as z from "zod";
import { UNIQUE_SHARDS } from "../../../shared/mod.ts";
import { Uniques } from "../events/events.ts";

const count = z.int().min(0);
/** More than a day can have: a set is walked in parts of 250,000 members. */
export const MOST_PARTS = 100_000;
/** A job's id, and the generation that an operator made of it. */
export const RunName = z.string().max(64);
/** Where a SCAN stands: a number of 64 bits, as text. */
export const ScanCursor = z.string().regex(/^\d{1,20}$/, "must be a cursor of SCAN");

export const FlushCursor = z.object({
  /** The job that began it, by which `feed_flushes` knows it. */
  run: RunName,
  /** Deliveries before this one. */
  slices: count,
  stage: z.enum(["before", "log", "sets", "estimates", "done"]),
  shard: count.max(UNIQUE_SHARDS),
  /** Of the set that is walked through in parts: which part is next, and of how many; 0 for whole. */
  part: count.max(MOST_PARTS),
  parts: count.max(MOST_PARTS),
  /** Of the listings whose views are estimated. */
  scan: ScanCursor,
  /** What Redis showed so far. */
  views: count,
  bookings: count,
  /** Members that were none of ours. */
  skipped: count,
});
export type FlushCursor = z.infer<typeof FlushCursor>;

export const FlushInput = z.object({
  day: z.iso.date(),
  uniques: Uniques.default("exact"),
  from: FlushCursor.optional(),
});
export type FlushInput = z.infer<typeof FlushInput>;

export function newCursor(run: string): FlushCursor {
  return {
    run,
    slices: 0,
    stage: "before",
    shard: 0,
    part: 0,
    parts: 0,
    scan: "0",
    views: 0,
    bookings: 0,
    skipped: 0,
  };
}
