/**
 * Where a flush stands between two deliveries.
 *
 * @module
 */
import * as z from "zod";
import { Uniques } from "../events/events.ts";

const count = z.int().min(0);

export const FlushCursor = z.object({
  /** The job that began it, by which `feed_flushes` knows it. */
  run: z.string(),
  /** Deliveries before this one. */
  slices: count,
  stage: z.enum(["before", "log", "sets", "estimates", "done"]),
  shard: count,
  /** Of the set that is walked through in parts: which part is next, and of how many; 0 for whole. */
  part: count,
  parts: count,
  /** Of the listings whose views are estimated. */
  scan: z.string(),
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
