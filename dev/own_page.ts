/**
 * Keeps what needs no token to itself: pages, and the routes that tests control a server by.
 *
 * A site that is open in the same browser can neither read a page nor press its buttons.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { isLoopback, isOwnRequest } from "./guard.ts";

/** Refuses other sites, and tells the browser not to keep or to frame what is answered. */
export function ownPageOnly(allowHosts: readonly string[] = []): MiddlewareHandler {
  return async (c, next) => {
    const { hostname } = new URL(c.req.url);
    // A name that a site of somebody else's points at this address is still not ours.
    const isHere = isLoopback(hostname) || allowHosts.includes(hostname);
    if (!isHere || !isOwnRequest(c.req.raw)) {
      return c.text("This page answers to itself alone", 403);
    }
    await next();
    c.header("cache-control", "no-store");
    if (!c.res.headers.has("x-frame-options")) c.header("x-frame-options", "DENY");
    // Not `no-referrer`: a form would then be sent with the origin `null`.
    c.header("referrer-policy", "same-origin");
    return undefined;
  };
}

/** Where a server is, as pages print it: this machine has one name, however the page was called. */
export function shownOrigin(url: string): string {
  const { protocol, hostname, port, origin } = new URL(url);
  return hostname === "localhost" ? `${protocol}//127.0.0.1${port && `:${port}`}` : origin;
}

/** For control routes, which pages have no use for: refuses every page but the server's own. */
export const noOtherPage: MiddlewareHandler = async (c, next) => {
  if (!isOwnRequest(c.req.raw)) return c.json({ error: "Not for pages of another site" }, 403);
  await next();
  return undefined;
};
