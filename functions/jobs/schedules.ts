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

export function createSchedules({ feed }: Pick<Config, "feed">) {
  const input = (slotStart: number) => ({ day: dayOf(slotStart), uniques: feed.uniques });
  return {
    fixed: {},
    armed: {
      "feed.flush": { slotMs: feed.flushMs, job: "feed.flush", input },
      "feed.close": { slotMs: DAY_MS, dueMs: DAY_MS + CLOSING_MS, job: "feed.close", input },
    },
  } satisfies Schedules<AppRegistry>;
}

export type ArmedName = keyof ReturnType<typeof createSchedules>["armed"];
