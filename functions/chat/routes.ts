/**
 * The chat's endpoints, mounted in one list.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { clientRoutes } from "./client/client_routes.ts";
import { historyRoutes } from "./history/routes.ts";
import { pageRoutes } from "./page/page_routes.ts";
import { replyRoutes } from "./replies/routes.ts";

export const chatRoutes = new Hono<AppEnv>()
  .route("/", clientRoutes)
  .route("/", pageRoutes)
  .route("/", historyRoutes)
  .route("/", replyRoutes);
