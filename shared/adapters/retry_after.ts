/**
 * When to come again, as the head of an answer says it.
 *
 * @module
 */

export const SHORTEST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 24 * 3_600_000;

/**
 * The wait in ms, of seconds or an HTTP date; within 1 second and 24 hours. Undefined where it says
 * nothing that can be read. `now` is in epoch ms.
 */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (text === "") return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  if (Number.isNaN(ms)) return undefined;
  return Math.ceil(Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, ms)));
}
