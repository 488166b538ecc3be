/**
 * The job that counts what came while Redis was away.
 *
 * It may run any number of times: an event counts once. Its retries last for 8 and a half hours
 * after the first attempt; then it is a dead letter, and counts when it is replayed within 7 days.
 *
 * @module
 */
import {
  type Day,
  dayOf,
  defineJob,
  EventTooLateError,
  type JobContext,
  refusedFrom,
} from "../../../shared/mod.ts";
import { SpooledEvents, type Uniques } from "./events.ts";
import { feedFlush } from "../flush/flush_jobs.ts";
import { flushSchedules, recordLate } from "./record.ts";

/** A day that has ended is flushed once for all late events of so many ms. */
const LATE_SLOT_MS = 600_000;
/** Longer than an attempt may take: what it records is there when the flush begins. */
const LATE_FLUSH_MS = 180_000;

/** Events that came while Redis was away. */
export const feedRecord = defineJob({
  name: "feed.record",
  description: "Counts events that came while Redis was away.",
  input: SpooledEvents,
  internal: true,
  retries: 5,
  backoff: { first: 60_000, factor: 5, max: 6 * 3_600_000 },
  // Its claim would need the very Redis that is away; an event counts once by itself.
  tracked: false,
  run: async ({ events, uniques }, context) => {
    const now = context.clock.now();
    const timely = events.filter(({ at }) => now < refusedFrom(dayOf(at)));
    if (timely.length > 0) {
      await armFlushes(context, { days: new Set(timely.map(({ at }) => dayOf(at))), uniques });
      await recordLate(context.redis, context.keys, { events: timely, uniques });
    }
    if (timely.length < events.length) throw new EventTooLateError(events.length - timely.length);
  },
});

/** Today's flushes as every event arms them; for each other day, one of its own. */
async function armFlushes(
  { arm, clock, enqueue }: JobContext,
  { days, uniques }: { days: ReadonlySet<Day>; uniques: Uniques },
): Promise<void> {
  const now = clock.now();
  const slot = Math.floor(now / LATE_SLOT_MS) * LATE_SLOT_MS;
  for (const day of days) {
    if (day === dayOf(now)) await arm(flushSchedules);
    else {
      await enqueue(feedFlush, { day, uniques }, {
        dedupeId: `feed.late:${day}:${slot}`,
        notBefore: slot + LATE_SLOT_MS + LATE_FLUSH_MS,
      });
    }
  }
}
