/**
 * The feed's jobs, for the registry.
 *
 * @module
 */
export { feedAudit } from "./audit_job.ts";
export { feedClose, feedFlush } from "./flush_jobs.ts";
export { feedRank } from "./rank_job.ts";
export { feedRecord } from "./record_job.ts";
