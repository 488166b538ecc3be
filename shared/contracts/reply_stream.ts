/**
 * What a reply's stream is made of, in Redis: frames that are published, and a snapshot that is kept.
 *
 * A frame holds all text since the last snapshot, so a viewer that missed some loses nothing as long
 * as it knows the snapshot. Offsets count UTF-16 code units from the start of the reply.
 *
 * @module
 */
import * as z from "zod";

/**
 * How a reply ended: `done` only where the model's server said that it is whole, `cut` where it reached
 * its longest length or time, `withheld` where the provider keeps the rest.
 */
export const ReplyEnd = z.enum(["done", "stopped", "failed", "cut", "withheld"]);
export type ReplyEnd = z.infer<typeof ReplyEnd>;

/** One message on the reply's channel. */
export const ReplyFrame = z.object({
  /** Raised by each producer that starts the reply anew: what was said before is void. */
  epoch: z.int().min(1),
  /** Where `text` begins: the end of the last snapshot. */
  at: z.int().min(0),
  text: z.string(),
  /** In the last frame of a reply. */
  end: ReplyEnd.optional(),
  /** Set instead of text: the provider has to be asked again, at this moment (epoch ms). */
  retryAt: z.int().optional(),
});
export type ReplyFrame = z.infer<typeof ReplyFrame>;

/** What a viewer that comes late begins with. */
export const ReplySnapshot = z.object({
  epoch: z.int().min(1),
  text: z.string(),
  end: ReplyEnd.optional(),
});
export type ReplySnapshot = z.infer<typeof ReplySnapshot>;
