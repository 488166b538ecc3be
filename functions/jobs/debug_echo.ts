/**
 * `debug.echo`: gives back what it is given, and fails as often as it is told to.
 *
 * Copy this file to make a job of your own; then add one line to registry.ts.
 *
 * @module
 */
import * as z from "zod";
import { defineJob, NonRetryableError } from "../../shared/mod.ts";

export const debugEcho = defineJob({
  name: "debug.echo",
  description: "Gives back the message; fails first, if it is told to.",
  input: z.object({
    message: z.string().max(10_000),
    /** How many attempts fail before one succeeds. */
    failures: z.int().min(0).max(100).default(0),
    /** Fails once and for all, with no retry. */
    failForGood: z.boolean().default(false),
  }),
  output: z.object({ message: z.string(), attempts: z.int() }),
  retries: 3,
  backoff: { first: 1_000, factor: 2 },
  timeoutMs: 30_000,
  run({ message, failures, failForGood }, context) {
    if (failForGood) throw new NonRetryableError("Told to fail for good");
    if (context.attempt < failures) {
      throw new Error(`Told to fail ${failures} times, this is attempt ${context.attempt + 1}`);
    }
    return { message, attempts: context.attempt + 1 };
  },
});
