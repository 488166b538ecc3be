/**
 * Audits in Postgres, for the dashboard.
 *
 * @module
 */
import type { Sql } from "../../shared/mod.ts";
import type { Audit } from "./audit.ts";

/** Differences that are kept of an audit. */
const KEPT = 100;

/** Writes what the job found; its later word replaces its earlier one. */
export async function writeAudit(sql: Sql, job: string, audit: Audit, now: number): Promise<void> {
  const { day, compared, pending, drift } = audit;
  await sql.query(
    `INSERT INTO feed_audits (job, day, audited_at, compared, differing, differences)
     VALUES ($1, $2::date, $3, $4::bigint, $5::bigint, $6::text::jsonb)
     ON CONFLICT (job) DO UPDATE SET audited_at = EXCLUDED.audited_at,
       compared = EXCLUDED.compared, differing = EXCLUDED.differing,
       differences = EXCLUDED.differences`,
    [
      job,
      day,
      new Date(now).toISOString(),
      compared,
      drift.length,
      JSON.stringify([
        ...drift.map((difference) => ({ ...difference, is: "drift" })),
        ...pending.map((difference) => ({ ...difference, is: "pending" })),
      ].slice(0, KEPT)),
    ],
  );
}
