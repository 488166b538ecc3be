/**
 * The worker with the packages that are not mounted yet, so that their weight is known early.
 *
 * @module
 */
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import worker from "../../functions/worker.ts";

export default worker;

/** Named exports of a worker are kept, and with them what they use. */
export const packages = { Ratelimit, Redis };
