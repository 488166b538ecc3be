/**
 * Keeps a page in dev to itself: it needs no token, so it takes requests from its own pages alone.
 *
 * A site that is open in the same browser can neither read it nor press its buttons.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";

/** Refuses other sites, and tells the browser not to keep or to frame what is answered. */
export const ownPageOnly: MiddlewareHandler = async (c, next) => {
  if (!isOwnPage(c)) return c.text("This page answers to itself alone", 403);
  await next();
  c.header("cache-control", "no-store");
  if (!c.res.headers.has("x-frame-options")) c.header("x-frame-options", "DENY");
  // Not `no-referrer`: a form would then be sent with the origin `null`, and be refused here.
  c.header("referrer-policy", "same-origin");
  return undefined;
};

/** By what the browser says of the request, and by the name it was sent to. */
function isOwnPage(c: Context): boolean {
  const { hostname, host } = new URL(c.req.url);
  // A name that a site of somebody else's points at this address is still not ours.
  if (!/^(localhost|.*\.localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)) return false;
  const origin = c.req.header("origin");
  if (origin !== undefined && origin !== `http://${host}`) return false;
  const site = c.req.header("sec-fetch-site");
  // Following a link to the page is fine; pressing its buttons from elsewhere is not.
  return c.req.method === "GET" || site === undefined || site === "same-origin" || site === "none";
}
