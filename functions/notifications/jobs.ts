/**
 * The jobs of notifications, for the registry.
 *
 * @module
 */
export { createRowJob } from "./triggers/row_job.ts";
export { createSendJobs } from "./sending/send_jobs.ts";
