/**
 * The jobs that bring counts from Redis to Postgres, in as many deliveries as it takes.
 *
 * @module
 */
import {
  defineJob,
  isPostgresAway,
  type JobContext,
  NonRetryableError,
} from "../../../shared/mod.ts";
import { closeDay, CloseInput, type CloseReport, closesAt, nextTryAt } from "./close.ts";
import { flushDay, type FlushReport } from "./flush.ts";
import { FlushInput } from "./flush_cursor.ts";
import type { FlushLimits } from "./flush_limits.ts";
import { feedRank } from "../ranking/rank_job.ts";

/** A Redis that is away for 8 hours costs nothing but time, a Postgres for 7. */
export const patience = {
  retries: 5,
  backoff: { first: 60_000, factor: 5, max: 6 * 3_600_000 },
  timeoutMs: 60_000,
};

/** How far clocks may be apart. */
const CLOCKS_MS = 60_000;

/** What a flush or an audit is known by: another one for each replay, so that none is taken for a repeat. */
export function runOf({ id, replayedAs }: JobContext): string {
  return replayedAs === 0 ? id : `${id}.${replayedAs}`;
}

/** Makes the jobs; `limits` are for tests. */
export function createFlushJobs(limits: FlushLimits = {}) {
  /** Brings Postgres up to what Redis holds of a day, then has the feed ranked. */
  const feedFlush = defineJob({
    name: "feed.flush",
    description: "Writes a day's counts from Redis to Postgres.",
    input: FlushInput,
    internalFields: ["from"],
    ...patience,
    ofNamespace: true,
    run: async (input, context): Promise<FlushReport> => {
      const report = await flushDay(context, input, { run: runOf(context), limits });
      if (report.next) {
        await context.enqueue(feedFlush, { ...input, from: report.next });
        return report;
      }
      await context.enqueue(feedRank, {});
      const { day, uniques } = input;
      // Something came late: the day has to be proven anew, should it have been by a faster clock.
      const notBefore = closesAt(day);
      if (context.clock.now() >= notBefore - CLOCKS_MS) {
        await context.enqueue(feedClose, { day, uniques }, { notBefore });
      }
      return report;
    },
  });

  /** The flush after midnight, which proves that the day is complete. */
  const feedClose = defineJob({
    name: "feed.close",
    description: "Flushes a day that has ended once more, and proves that nothing is missing.",
    input: CloseInput,
    internalFields: ["from", "audit", "isRepeat"],
    ...patience,
    ofNamespace: true,
    run: async (input, context): Promise<CloseReport> => {
      try {
        const report = await closeDay(context, input, { run: runOf(context), limits });
        if (report.next) await context.enqueue(feedClose, report.next);
        else if (report.isProven) await context.enqueue(feedRank, {});
        else await tryAgain(input, context, report.because);
        return report;
      } catch (error) {
        if (error instanceof NonRetryableError) throw error;
        if (isPostgresAway(error)) await waitForPostgres(context);
        else if (!context.lastAttempt) throw error;
        const because = (error as Error).message;
        await tryAgain(input, context, because);
        return { day: input.day, isProven: false, because };
      }
    },
  });

  /** Costs no attempt, and QStash repeats a delivery for 7 h only: beyond this it is tried again later. */
  async function waitForPostgres({ clock, defer, deferrals }: JobContext): Promise<void> {
    const { retries, backoff: { first, factor, max } } = patience;
    if (deferrals >= retries) return;
    await defer(clock.now() + Math.min(max, first * factor ** deferrals));
  }

  /** Some hours on, until shortly before Redis forgets the day; then it is a dead letter. */
  async function tryAgain(
    { day, uniques }: CloseInput,
    { clock, enqueue, log }: JobContext,
    because = "",
  ): Promise<void> {
    const notBefore = nextTryAt(day, clock.now());
    log.error("day.not_proven", { day, because, nextTryAt: notBefore });
    if (notBefore === undefined) throw new NonRetryableError(`Cannot prove ${day}: ${because}`);
    await enqueue(feedClose, { day, uniques, isRepeat: true }, { notBefore });
  }

  return { feedFlush, feedClose };
}

export const { feedFlush, feedClose } = createFlushJobs();
