/**
 * Where a caller finds what was made.
 *
 * @module
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";

/** The path of a job, below the path that the app is published at. */
export function jobLocation(c: Context<AppEnv>, id: string): string {
  const { pathname } = new URL(c.var.deps.config.publicUrl);
  return `${pathname.replace(/\/$/, "")}/api/jobs/${id}`;
}
