/**
 * Where the embedded engine is known to differ from a Redis 7.0 server, each with its cause.
 *
 * An entry matches one observation narrowly: this command, these two outcomes. One that matches
 * nothing in the fixed-seed run is stale and fails it.
 *
 * @module
 */

import type { Outcome, Result } from "./redis_compare.ts";

/** One command, and what each engine made of it. */
export interface Observation {
  readonly command: readonly string[];
  readonly embedded: Result;
  readonly redis: Result;
}

/** A difference that is understood. */
export interface Difference {
  /** Why they differ. */
  readonly cause: string;
  matches(observation: Observation): boolean;
}

/** All of them. */
export const differences: readonly Difference[] = [];

/** Whether `outcome` is an error. */
export function isError(outcome: Outcome): outcome is { error: string } {
  return outcome !== null && typeof outcome === "object" && "error" in outcome;
}
