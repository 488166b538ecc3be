/**
 * The job that counts what came while Redis was away.
 *
 * @module
 */
import * as z from "zod";
import { defineJob } from "../../shared/mod.ts";
import { FeedEvent } from "./events.ts";
import { recordEvent } from "./record.ts";

/** Events that came while Redis was away. */
export const feedRecord = defineJob({
  name: "feed.record",
  description: "Counts events that came while Redis was away.",
  input: z.object({ events: z.array(FeedEvent).min(1) }),
  retries: 5,
  backoff: { first: 60_000, factor: 5, max: 6 * 3_600_000 },
  // Its claim would need the very Redis that is away; an event counts once by itself.
  tracked: false,
  run: async ({ events }, context) => {
    for (const event of events) await recordEvent(context, event, { late: true });
  },
});
