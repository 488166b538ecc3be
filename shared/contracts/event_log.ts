/**
 * What stands in a day's stream of impressions and favorites.
 *
 * @module
 */
import * as z from "zod";

/** Impressions of one request: each listing with how often it was shown. */
export const ImpressionsEntry = z.object({
  type: z.literal("impressions"),
  /** Made by the sender; an equal one is counted once. */
  batch: z.string(),
  counts: z.array(z.tuple([z.string(), z.string(), z.int().positive()])),
});
export type ImpressionsEntry = z.infer<typeof ImpressionsEntry>;

/** A person's word on a listing. The last word counts, by time. */
export const FavoriteEntry = z.object({
  type: z.literal("favorite"),
  kind: z.string(),
  id: z.string(),
  by: z.string(),
  favorited: z.boolean(),
  /** Epoch ms. Absent: when the stream took it. */
  at: z.int().optional(),
});
export type FavoriteEntry = z.infer<typeof FavoriteEntry>;

export const LogEntry = z.discriminatedUnion("type", [ImpressionsEntry, FavoriteEntry]);
export type LogEntry = z.infer<typeof LogEntry>;
