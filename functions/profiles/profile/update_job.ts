/**
 * The job that makes one user's profile of what they did and how they sounded.
 *
 * 3 commands and a message. It reads what is there and writes all of it, so it may run any number of
 * times, and a late one for an earlier moment changes nothing.
 *
 * @module
 */
import * as z from "zod";
import { defineJob } from "../../../shared/mod.ts";
import { UserId } from "../contracts.ts";
import { flowControls, type ProfileParts } from "../parts.ts";
import { cacheProfile } from "./profile_cache.ts";
import { readActivities, readMoods, saveProfile } from "./profile_store.ts";
import { scoresOf } from "./scores.ts";

export const UpdateInput = z.object({
  user: UserId,
  until: z.iso.datetime().optional().describe("What was done later is left out. Default: now."),
});

export function createUpdateJob({ config }: Pick<ProfileParts, "config">) {
  return defineJob({
    name: "profile.update",
    description: "Makes a user's profile of the last 30 days.",
    input: UpdateInput,
    output: z.object({ scores: z.array(z.string()), updatedAt: z.string().optional() }),
    flowControl: flowControls(config).personality,
    run: async ({ user, until }, context) => {
      const { sql, clock } = context;
      const now = clock.now();
      const to = until === undefined ? now : Date.parse(until);
      const view = await sql.transaction(async (sql) => {
        const scores = scoresOf(
          await readActivities(sql, user, to),
          await readMoods(sql, user, to),
        );
        const view = await saveProfile(sql, { user, scores, until: to, now });
        // While the row is locked: of two updates the later one is cached last, too.
        if (view) await cacheProfile(context, view);
        return view;
      });
      return { scores: Object.keys(view?.scores ?? {}), updatedAt: view?.updatedAt };
    },
  });
}

export type UpdateJob = ReturnType<typeof createUpdateJob>;
