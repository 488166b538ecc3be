/**
 * Activities in, from backends.
 *
 * @module
 */
import { Hono } from "hono";
import { BodyInvalidError, DAY_MS } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { readBody } from "../../middleware/body.ts";
import { type Activity, type ActivityAnswer, ActivityRequest } from "../contracts.ts";
import { iso, sqlOfProfiles } from "../parts.ts";
import { storeActivities } from "./activity_store.ts";

const ACTIVITY_BYTES = 500_000;
/** What is older is in no profile. */
const OLDEST_MS = 30 * DAY_MS;
/** How far another's clock may be ahead of ours. */
const AHEAD_MS = 5 * 60_000;

export const activityRoutes = new Hono<AppEnv>()
  .post("/api/activity", async (c) => {
    const { deps } = c.var;
    const sql = sqlOfProfiles(deps);
    const { activities } = await readBody(c, ActivityRequest, { maxBytes: ACTIVITY_BYTES });
    const now = deps.clock.now();
    assertTimes(activities, now);
    const known = activities.map((activity) => ({
      ...activity,
      id: activity.id ?? deps.ids.random(),
      at: activity.at ?? iso(now),
    }));
    // Before it is stored: what throws here has stored nothing, and may be sent again.
    await deps.arm(["profile.daily"], now);
    const stored = await storeActivities(sql, known, now);
    return c.json({ activities: activities.length, stored } satisfies ActivityAnswer);
  });

function assertTimes(activities: readonly Activity[], now: number): void {
  const faults = activities.flatMap(({ at }, index) => {
    const ageMs = at === undefined ? 0 : now - Date.parse(at);
    if (ageMs >= -AHEAD_MS && ageMs <= OLDEST_MS) return [];
    const message = ageMs < 0 ? "lies in the future" : "is more than 30 days ago";
    return [{ path: `activities[${index}].at`, message }];
  });
  if (faults.length > 0) throw new BodyInvalidError(faults);
}
