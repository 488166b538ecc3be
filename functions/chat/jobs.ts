/**
 * The jobs of the chat, for the registry.
 *
 * @module
 */
export { createReplyJob } from "./replies/reply_job.ts";
