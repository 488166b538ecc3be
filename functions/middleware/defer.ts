/**
 * Work that outlives the response.
 *
 * Workers keep an isolate for it; elsewhere it is waited for, because an instance may be
 * stopped at any time after its answer. What must not be lost belongs in QStash instead.
 *
 * @module
 */
import type { Context } from "hono";
import type { Log } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";

/** Makes a request's `defer`; a failure of the work is logged, and reaches nobody else. */
export function createDefer(c: Context<AppEnv>, log: Log): AppEnv["Variables"]["defer"] {
  return async (work) => {
    const guarded = work.then(() => {}, (error) => {
      log.error("deferred.failed", { error: error instanceof Error ? error.message : `${error}` });
    });
    const waitUntil = waitUntilOf(c);
    if (waitUntil) waitUntil(guarded);
    else await guarded;
  };
}

/** The platform's own way to keep going after the answer, where it has one. */
export function waitUntilOf(c: Context<AppEnv>): ((work: Promise<unknown>) => void) | undefined {
  try {
    const { executionCtx } = c;
    return (work) => executionCtx.waitUntil(work);
  } catch {
    // Hono throws where there is no execution context: on Deno, and in tests.
    return undefined;
  }
}
