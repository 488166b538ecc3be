/**
 * The job that compares Redis and Postgres for a day, whenever somebody asks.
 *
 * @module
 */
import * as z from "zod";
import { defineJob } from "../../shared/mod.ts";
import { auditDay } from "./audit.ts";
import { writeAudit } from "./audit_store.ts";
import { Uniques } from "./events.ts";

const SHOWN = 20;

/** Compares a day; changes nothing but the record of it. */
export const feedAudit = defineJob({
  name: "feed.audit",
  description: "Says where Redis and Postgres differ for a day.",
  input: z.object({ day: z.iso.date(), uniques: Uniques.default("exact") }),
  timeoutMs: 60_000,
  run: async ({ day, uniques }, context) => {
    const audit = await auditDay(context, day, { views: uniques === "exact" });
    await writeAudit(context.sql, context.id, audit, context.clock.now());
    return {
      day,
      compared: audit.compared,
      pending: audit.pending.length,
      pendingEntries: audit.pendingEntries,
      drift: audit.drift.length,
      differences: [...audit.drift, ...audit.pending].slice(0, SHOWN),
    };
  },
});
