/**
 * The job that proves a closed day: what Redis holds of it is what Postgres has.
 *
 * @module
 */
import * as z from "zod";
import { defineJob, NonRetryableError, refusedFrom } from "../../shared/mod.ts";
import { Uniques } from "./events.ts";
import { auditDay } from "./audit.ts";
import { writeAudit } from "./audit_store.ts";
import { markProven, sweep, trimLog } from "./prove.ts";
import { feedRank } from "./rank_job.ts";

/** How long to wait before a day that could not be proven is looked at again. */
const NEXT_TRY_MS = 6 * 3_600_000;

/** Proves a closed day, lets go of its stream, and sweeps what no late event can need any more. */
export const feedProve = defineJob({
  name: "feed.prove",
  description:
    "Compares a closed day in Redis and Postgres; until they agree, again every 6 hours.",
  input: z.object({ day: z.iso.date(), uniques: Uniques.default("exact") }),
  retries: 5,
  backoff: { first: 60_000, factor: 5, max: 6 * 3_600_000 },
  timeoutMs: 60_000,
  run: async ({ day, uniques }, context) => {
    const { sql, clock, log, id } = context;
    const now = clock.now();
    const audit = await auditDay(context, day, { views: uniques === "exact" });
    await writeAudit(sql, id, audit, now);
    const isProven = audit.drift.length + audit.pending.length + audit.pendingEntries === 0;
    await markProven(sql, day, isProven ? now : undefined);
    if (!isProven) {
      const { drift, pending, pendingEntries } = audit;
      const facts = { day, drift: drift.length, pending: pending.length, pendingEntries };
      log.error("day.not_proven", facts);
      if (now + NEXT_TRY_MS < refusedFrom(day)) await context.defer(now + NEXT_TRY_MS);
      throw new NonRetryableError(
        `Cannot prove ${day}: ${drift.length} counts differ, ${pending.length} were not flushed`,
      );
    }
    await trimLog(context, day);
    await sweep(sql, now);
    await context.enqueue(feedRank, {});
    return { day, compared: audit.compared };
  },
});
