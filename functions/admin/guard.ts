/**
 * Closes everything below /admin, also a page that has forgotten to say who may see it.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { assertOwnPage, requireOperator, SIGN_IN } from "../middleware/operator.ts";
import { assetNames } from "../pages/assets.ts";
import { problemPages } from "../pages/problem_page.tsx";

export const SIGN_OUT = "/admin/sign-out";

/** What is open: the way in, the way out, and how they look. */
const open: ReadonlySet<string> = new Set([
  SIGN_IN,
  SIGN_OUT,
  ...assetNames.map((name) => `/admin/assets/${name}`),
]);

const anyOperator = requireOperator();

/** Mounts before every page. */
export const adminGuard = new Hono<AppEnv>()
  .use("/admin/*", problemPages)
  .use("/admin/*", async (c, next) => {
    assertOwnPage(c);
    return open.has(c.req.path) ? await next() : await anyOperator(c, next);
  });
