/**
 * Every route of profiles.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { activityRoutes } from "./activity/activity_routes.ts";
import { profileRoutes } from "./profile/profile_routes.ts";

export const profilesRoutes = new Hono<AppEnv>()
  .route("/", activityRoutes)
  .route("/", profileRoutes);
