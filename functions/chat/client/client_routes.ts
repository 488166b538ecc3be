/**
 * The chat's module for pages, at `/chat.js`. It is the same for everybody and touches nothing.
 *
 * @module
 */
import { Hono } from "hono";
import { etag } from "hono/etag";
import type { AppEnv } from "../../context.ts";
import { chatSource } from "./chat_source.ts";

export const clientRoutes = new Hono<AppEnv>()
  .get("/chat.js", etag({ weak: true }), (c) =>
    c.body(chatSource, 200, {
      "Content-Type": "text/javascript; charset=utf-8",
      "Cache-Control": "public, max-age=3600",
      // Pages of every origin may load it; whose messages are taken is another matter.
      "Access-Control-Allow-Origin": "*",
      "Cross-Origin-Resource-Policy": "cross-origin",
    }));
