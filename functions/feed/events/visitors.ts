/**
 * Requests that no person has caused: programs, and pages that a browser loads ahead.
 *
 * Told by headers alone, which anybody may write as they like: this keeps counts clean of those who
 * say what they are, and of nobody else.
 *
 * @module
 */
import { isbot } from "isbot";

/** Whoever loads a page before somebody looks at it says so in one of these. */
const AHEAD = ["Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"];

/** Why what this request says is not counted; undefined for a person's. */
export function ignoredBecause(
  header: (name: string) => string | undefined,
): "bot" | "prefetch" | undefined {
  if (AHEAD.some((name) => /\b(prefetch|prerender|preview)\b/i.test(header(name) ?? ""))) {
    return "prefetch";
  }
  return isbot(header("User-Agent")) ? "bot" : undefined;
}
