/**
 * The feed's endpoints, mounted in one list.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { clientRoutes } from "./client/client_routes.ts";
import { eventRoutes } from "./events/event_routes.ts";
import { listingRoutes } from "./reading/listing_routes.ts";
import { pageRoutes } from "./page/page_routes.tsx";
import { readRoutes } from "./reading/read_routes.ts";

export const feedRoutes = new Hono<AppEnv>()
  .route("/", clientRoutes)
  .route("/", eventRoutes)
  .route("/", listingRoutes)
  .route("/", pageRoutes)
  .route("/", readRoutes);
