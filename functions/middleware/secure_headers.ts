/**
 * Headers that every answer carries, unless its handler said otherwise.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../context.ts";

const POLICY = "Content-Security-Policy";
const NO_FRAMES = "frame-ancestors 'none'";
const headers: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  [POLICY]: `default-src 'none'; ${NO_FRAMES}`,
  "Cache-Control": "no-store",
};
/** A year, of this host alone: what else its domain serves is not ours to say. */
const HTTPS_FOR_GOOD = "max-age=31536000";

/**
 * Answers are not sniffed, framed, cached or allowed to load anything; with `isHttps` the host is to be
 * asked by https alone from then on, which only who has the host for themselves may say.
 */
export function secureHeaders(isHttps: boolean): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const set = c.res.headers;
    for (const [name, value] of Object.entries(headers)) {
      if (!set.has(name)) set.set(name, value);
    }
    // `default-src` does not cover it: a policy that forgot it could be framed.
    const policy = set.get(POLICY)!;
    if (!policy.includes("frame-ancestors")) set.set(POLICY, `${policy}; ${NO_FRAMES}`);
    if (isHttps) set.set("Strict-Transport-Security", HTTPS_FOR_GOOD);
  };
}
