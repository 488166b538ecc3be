/**
 * The module for pages, at `/client.js`. It is the same for everybody and touches nothing.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../../context.ts";
import { clientSource } from "./client_source.ts";
import { entityTag, isMatch } from "../reading/conditional.ts";

export const clientRoutes = new Hono<AppEnv>()
  .get("/client.js", async (c) => {
    const tag = await entityTag(clientSource);
    const headers = {
      "Content-Type": "text/javascript; charset=utf-8",
      "Cache-Control": "public, max-age=3600",
      "ETag": tag,
      // Pages of every origin may load it; whose events are taken is another matter.
      "Access-Control-Allow-Origin": "*",
      "Cross-Origin-Resource-Policy": "cross-origin",
    };
    return isMatch(c.req.header("If-None-Match"), tag)
      ? c.body(null, 304, headers)
      : c.body(clientSource, 200, headers);
  });
