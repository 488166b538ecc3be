/**
 * Replies that Redis will not send, because they are larger than the plan's largest.
 *
 * @module
 */
import { RedisCommandError } from "../../shared/mod.ts";

/** Whether Redis has what was asked for, but it is too much at once. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof RedisCommandError && /max request size exceeded/i.test(error.message);
}
