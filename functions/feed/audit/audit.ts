/**
 * Recounts a day from Redis, by other code than the flush's, and says where Postgres differs.
 *
 * What Postgres holds is noted first, and only grows: where Redis then shows more, it is `pending`,
 * not flushed yet; where it shows less, it has drifted. The recount stands in tables of its own
 * until it is compared, so that a day of any size is audited, in as many deliveries as it takes.
 *
 * @module
 */
import { DAY_MS, forgottenAtSeconds, startOfDay } from "../../../shared/mod.ts";
import { recountEstimates, recountLog, recountSet } from "./audit_recount.ts";
import type { AuditCursor, AuditInput } from "./audit_cursor.ts";
import { type Audit, beginAudit, endAudit } from "./audit_store.ts";
import { FlushBudget, type FlushLimits } from "../flush/flush_limits.ts";
import { logReader } from "../flush/flush_slice.ts";
import type { FeedParts } from "../parts.ts";

export interface AuditOptions {
  /** The job that begins the audit. */
  run: string;
  limits?: FlushLimits;
  /** Default: a new one of these limits. */
  budget?: FlushBudget;
}

/** Compares the day, as far as the limits let it. @throws {RangeError} for a day that Redis has forgotten */
export async function auditDay(
  parts: FeedParts,
  { day, uniques, from }: AuditInput,
  { run, limits, budget = new FlushBudget(parts.clock, limits) }: AuditOptions,
): Promise<Audit | { next: AuditCursor }> {
  const { sql, clock } = parts;
  const now = clock.now();
  if (now >= forgottenAtSeconds(day) * 1_000) {
    throw new RangeError(`Cannot audit ${day}: Redis has forgotten it`);
  }
  const cursor: AuditCursor = from
    ? { ...from }
    : { run, stage: "sets", shard: 0, part: 0, parts: 0, scan: "0" };
  if (await beginAudit(sql, { run: cursor.run, day, now })) cursor.stage = "compare";
  const log = logReader(parts, day, budget);
  const slice = { parts, day, cursor, budget, log };
  while (cursor.stage !== "compare") {
    if (budget.isSpent) return { next: cursor };
    if (cursor.stage === "sets") {
      if (!await recountSet(slice)) return { next: cursor };
    } else if (cursor.stage === "estimates") {
      if (uniques === "exact") cursor.stage = "log";
      else await recountEstimates(slice);
    } else await recountLog(slice);
  }
  return await endAudit(sql, {
    run: cursor.run,
    day,
    now: clock.now(),
    isExact: uniques === "exact",
    isClosed: now >= startOfDay(day) + DAY_MS,
  });
}
