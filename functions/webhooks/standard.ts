/**
 * Standard Webhooks: which types become jobs.
 *
 * @module
 */
import * as z from "zod";
import type { AppRegistry } from "../jobs/registry.ts";

/** The job that each type of event becomes, with the event's data; every other type is let go. */
export const standardJobs: Readonly<Record<string, keyof AppRegistry>> = {
  "debug.echo": "debug.echo",
};

/** The body of a Standard Webhooks delivery. */
export const StandardEvent = z.object({
  type: z.string().min(1).max(200),
  timestamp: z.string().optional(),
  data: z.unknown(),
});
