/**
 * The jobs that bring counts from Redis to Postgres.
 *
 * @module
 */
import { defineJob } from "../../shared/mod.ts";
import { flushDay, FlushInput } from "./flush.ts";
import { feedRank } from "./rank_job.ts";

/** Brings Postgres up to what Redis holds of a day, then has the feed ranked. */
export const feedFlush = defineJob({
  name: "feed.flush",
  description: "Writes a day's counts from Redis to Postgres.",
  input: FlushInput,
  timeoutMs: 60_000,
  run: async (input, context) => {
    const report = await flushDay(context, input);
    await context.enqueue(feedRank, {});
    return report;
  },
});

/** The flush after midnight. */
export const feedClose = defineJob({
  name: "feed.close",
  description: "Flushes a day that has ended once more, and proves that nothing is missing.",
  input: FlushInput,
  timeoutMs: 60_000,
  run: (input, context) => flushDay(context, input),
});
