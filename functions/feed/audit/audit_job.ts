/**
 * The job that compares Redis and Postgres for a day, whenever somebody asks.
 *
 * @module
 */
import { defineJob } from "../../../shared/mod.ts";
import { auditDay } from "./audit.ts";
import { AuditInput } from "./audit_cursor.ts";
import { patience, runOf } from "../flush/flush_jobs.ts";
import type { FlushLimits } from "../flush/flush_limits.ts";

/** Makes the job; `limits` are for tests. */
export function createAuditJob(limits: FlushLimits = {}) {
  /** Compares a day; changes nothing but the record of it. */
  const feedAudit = defineJob({
    name: "feed.audit",
    description: "Says where Redis and Postgres differ for a day.",
    input: AuditInput,
    internalFields: ["from"],
    ...patience,
    ofNamespace: true,
    run: async (input, context) => {
      const audit = await auditDay(context, input, { run: runOf(context), limits });
      if ("next" in audit) await context.enqueue(feedAudit, { ...input, from: audit.next });
      return audit;
    },
  });
  return feedAudit;
}

export const feedAudit = createAuditJob();
