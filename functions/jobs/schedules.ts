/**
 * Every schedule, by name. `deno task schedules` shows how QStash differs, and applies it.
 *
 * A fixed one costs a message at each tick, so prefer one that is armed by work. A fixed one is:
 *
 *     fixed: { "echo.daily": { cron: "0 6 * * *", job: "debug.echo", input: { message: "up" } } },
 *
 * @module
 */
import { type Config, DAY_MS, dayOf, type Schedules } from "../../shared/mod.ts";
import type { AppRegistry } from "./registry.ts";

/** After midnight UTC, so that what was on its way has arrived. */
const CLOSING_MS = 10 * 60_000;
const HOUR_MS = 60 * 60_000;
/** After an hour's end, for the same reason. */
const SCORING_MS = 60_000;

export function createSchedules({ feed }: Pick<Config, "feed">) {
  const input = (slotStart: number) => ({ day: dayOf(slotStart), uniques: feed.uniques });
  return {
    fixed: {},
    armed: {
      "feed.flush": { slotMs: feed.flushMs, job: "feed.flush", input },
      "profile.daily": {
        slotMs: DAY_MS,
        dueMs: DAY_MS + CLOSING_MS,
        job: "profile.refresh",
        input: (slotStart: number) => ({ day: dayOf(slotStart) }),
      },
      "sentiment.hourly": {
        slotMs: HOUR_MS,
        dueMs: HOUR_MS + SCORING_MS,
        job: "sentiment.all",
        input: (slotStart: number) => ({ slot: new Date(slotStart).toISOString() }),
      },
      "feed.close": { slotMs: DAY_MS, dueMs: DAY_MS + CLOSING_MS, job: "feed.close", input },
    },
  } satisfies Schedules<AppRegistry>;
}

export type ArmedName = keyof ReturnType<typeof createSchedules>["armed"];
