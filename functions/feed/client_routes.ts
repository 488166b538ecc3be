/**
 * The module for pages, at `/client.js`. It is the same for everybody and touches nothing.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { clientSource } from "./client_source.ts";

export const clientRoutes = new Hono<AppEnv>()
  .get("/client.js", async (c) => {
    const etag = `"${await fingerprint(clientSource)}"`;
    const headers = {
      "Content-Type": "text/javascript; charset=utf-8",
      "Cache-Control": "public, max-age=3600",
      "ETag": etag,
      // Pages of every origin may load it; whose events are taken is another matter.
      "Access-Control-Allow-Origin": "*",
      "Cross-Origin-Resource-Policy": "cross-origin",
    };
    // Whoever compresses on the way makes the tag a weak one: W/"…".
    const isKnown = c.req.header("If-None-Match")?.includes(etag);
    return isKnown ? c.body(null, 304, headers) : c.body(clientSource, 200, headers);
  });

async function fingerprint(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest, 0, 8), (n) => n.toString(16).padStart(2, "0")).join("");
}
