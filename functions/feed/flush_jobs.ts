/**
 * The jobs that bring counts from Redis to Postgres, in as many deliveries as it takes.
 *
 * @module
 */
import { type Day, DAY_MS, defineJob, type JobContext, startOfDay } from "../../shared/mod.ts";
import { flushDay, FlushInput, type FlushReport } from "./flush.ts";
import { feedProve } from "./prove_job.ts";
import { feedRank } from "./rank_job.ts";

/** How long after midnight UTC a day is closed: what was on its way has arrived by then. */
export const CLOSING_MS = 600_000;

/** A Redis or a Postgres that is away for 10 hours costs a dead letter, and nothing else. */
const delivery = {
  input: FlushInput,
  retries: 5,
  backoff: { first: 60_000, factor: 5, max: 6 * 3_600_000 },
  timeoutMs: 60_000,
};

/** Brings Postgres up to what Redis holds of a day, then has the feed ranked. */
export const feedFlush = defineJob({
  name: "feed.flush",
  description: "Writes a day's counts from Redis to Postgres.",
  ...delivery,
  run: async (input, context): Promise<FlushReport> => {
    const report = await flushDay(context, input, { run: input.from?.run ?? context.id });
    if (report.next) await context.enqueue(feedFlush, { ...input, from: report.next });
    else await followUp(context, input);
    return report;
  },
});

/** The flush after midnight, armed by the first event of a day. */
export const feedClose = defineJob({
  name: "feed.close",
  description: "Flushes a day that has ended once more, and has it proven.",
  ...delivery,
  run: async (input, context): Promise<FlushReport> => {
    const report = await flushDay(context, input, { run: input.from?.run ?? context.id });
    const { day, uniques } = input;
    if (report.next) await context.enqueue(feedClose, { ...input, from: report.next });
    // Whatever the time: this clock may be behind the one by which the job was sent.
    else await context.enqueue(feedProve, { day, uniques });
    return report;
  },
});

/** A day that is closed is proven, again where a late event came; one that goes on is ranked. */
async function followUp(context: JobContext, { day, uniques }: FlushInput): Promise<void> {
  if (isClosed(day, context.clock.now())) await context.enqueue(feedProve, { day, uniques });
  else await context.enqueue(feedRank, {});
}

function isClosed(day: Day, now: number): boolean {
  return now >= startOfDay(day) + DAY_MS + CLOSING_MS;
}
