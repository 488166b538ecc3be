/**
 * Profiles out: to the user, and to backends.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { isStorable, RequestError } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { userOf } from "../../middleware/rate_limit.ts";
import { sqlOfProfiles } from "../parts.ts";
import { profileOf } from "./profile_cache.ts";

export const profileRoutes = new Hono<AppEnv>()
  .get("/api/profiles/me", async (c) => await answer(c, await userOf(c)))
  .get(
    "/api/profiles/:user",
    async (c) => await answer(c, c.req.param("user")),
  );

async function answer(c: Context<AppEnv>, user: string) {
  const { deps } = c.var;
  const sql = () => sqlOfProfiles(deps);
  const view = isStorable(user) ? await profileOf({ ...deps, sql }, user) : undefined;
  if (!view) throw new RequestError("not_found", "Cannot find a profile: nothing was learnt yet");
  return c.json(view, 200, { "Cache-Control": "private, no-cache" });
}
