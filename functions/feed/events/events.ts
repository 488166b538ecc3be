/**
 * What happened, as it is recorded in Redis, or kept by QStash while Redis is away.
 *
 * @module
 */
import * as z from "zod";

const base = {
  /** When it happened, in epoch ms; its UTC day is the one that counts. */
  at: z.int(),
};
const listing = { kind: z.string(), id: z.string() };

export const FeedEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("view"), ...base, ...listing, by: z.string() }),
  z.object({ type: z.literal("booking"), ...base, ...listing, by: z.string() }),
  z.object({
    type: z.literal("favorite"),
    ...base,
    ...listing,
    by: z.string(),
    favorited: z.boolean(),
  }),
  z.object({
    type: z.literal("impressions"),
    ...base,
    batch: z.string(),
    counts: z.array(z.tuple([z.string(), z.string(), z.int().positive()])),
  }),
]);
export type FeedEvent = z.infer<typeof FeedEvent>;

/** How unique views are counted. */
export const Uniques = z.enum(["exact", "approximate"]);
export type Uniques = z.infer<typeof Uniques>;

/** The most events that one message of QStash's carries. */
export const MOST_SPOOLED = 500;

/** Events that QStash keeps while Redis is away. */
export const SpooledEvents = z.object({
  events: z.array(FeedEvent).min(1).max(MOST_SPOOLED),
  uniques: Uniques.default("exact"),
});
