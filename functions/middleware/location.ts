/**
 * Where a caller finds what was made.
 *
 * @module
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";

/** The path of a job, below the path that the app is published at. */
export function jobLocation(c: Context<AppEnv>, id: string): string {
  return publicPath(c, `/api/jobs/${id}`);
}

/** A path of the app, as a browser has to ask for it. */
export function publicPath(c: Context<AppEnv>, path: string): string {
  const { pathname } = new URL(c.var.deps.config.publicUrl);
  return pathname.replace(/\/$/, "") + path;
}
