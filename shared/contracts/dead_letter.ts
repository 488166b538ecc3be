/**
 * A job that failed for good, as it is kept and shown.
 *
 * @module
 */
import * as z from "zod";

/** A job that failed for good, kept to be looked at, edited and sent again. */
export const DeadLetter = z.object({
  /** The job's id. */
  id: z.string(),
  job: z.string(),
  generation: z.int(),
  /** Runs of the handler; deliveries, where a job without tracking was answered for by nobody. */
  attempts: z.int(),
  error: z.object({ message: z.string(), status: z.int().optional() }),
  /** The job's envelope, as it was delivered. */
  envelope: z.string(),
  /** Epoch ms. */
  failedAt: z.int(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;
