/**
 * Which pages may call: our own, and those of `CORS_ORIGINS`.
 *
 * A browser asks first only for what no form could send; the rest arrives whatever it is told, so
 * a page of another origin is refused here. Callers that are no browser send no Origin, and pass.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { RequestError } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";

const DAY_SECONDS = 86_400;
/** What a page may read of an answer, besides its body. */
const exposeHeaders = [
  "ETag",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "Server-Timing",
  "X-Degraded",
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
  "X-Request-Id",
];

/** Answers preflights, and lets pages of known origins read every answer, failures as well. */
export const browserOrigins: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { corsOrigins, publicUrl } = c.var.deps.config;
  const isOpen = corsOrigins.includes("*");
  const origin = c.req.header("Origin");
  // The address that was called is our own as well, as when PUBLIC_URL is a tunnel's.
  const own = [new URL(publicUrl).origin, new URL(c.req.url).origin];
  if (origin !== undefined && !isOpen && !own.includes(origin) && !corsOrigins.includes(origin)) {
    throw new RequestError(
      "origin_refused",
      `Cannot take a request of a page at ${origin.slice(0, 200)}: CORS_ORIGINS does not name it`,
    );
  }
  const policy = cors({
    origin: isOpen ? "*" : [...own, ...corsOrigins],
    allowMethods: ["GET", "HEAD", "POST", "DELETE"],
    exposeHeaders,
    maxAge: DAY_SECONDS,
  });
  return await policy(c, next);
};
