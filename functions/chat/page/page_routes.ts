/**
 * The chat page and what it loads. Neither knows anybody, nor asks anything.
 *
 * @module
 */
import { Hono } from "hono";
import { RequestError } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { findChatAsset } from "./page_assets.ts";
import { chatPage } from "./page.tsx";

const FOR_GOOD = "public, max-age=31536000, immutable";

export const pageRoutes = new Hono<AppEnv>()
  .get("/chat", (c) => chatPage(c))
  .get("/chat/assets/:name", (c) => {
    const asset = findChatAsset(c.req.param("name"));
    if (!asset) throw new RequestError("not_found", "Cannot find this file of the chat page");
    // While a deploy is under way, another version than the one that was asked for may answer.
    const mayKeep = c.req.query("v") === asset.fingerprint;
    return c.body(asset.text, 200, {
      "Content-Type": asset.contentType,
      ...(mayKeep && { "Cache-Control": FOR_GOOD }),
    });
  });
