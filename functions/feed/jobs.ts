/**
 * The feed's jobs, for the registry.
 *
 * @module
 */
export { feedAudit } from "./audit/audit_job.ts";
export { feedClose, feedFlush } from "./flush/flush_jobs.ts";
export { createRankJob, feedRank } from "./ranking/rank_job.ts";
export { feedRecord } from "./events/record_job.ts";
