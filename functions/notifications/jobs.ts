/**
 * The jobs of notifications, for the registry.
 *
 * @module
 */
export { createSendJobs } from "./sending/send_jobs.ts";
