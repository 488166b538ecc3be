/**
 * Every schedule, by name. `deno task schedules` shows how QStash differs, and applies it.
 *
 * A fixed one costs a message at each tick, so prefer one that is armed by work:
 *
 *     fixed: { "echo.daily": { cron: "0 6 * * *", job: "debug.echo", input: { message: "up" } } },
 *     armed: { "feed.flush": { slotMs: 7_200_000, job: "feed.flush", input: (slot) => ({ slot }) } },
 *
 * @module
 */
import { defineSchedules } from "../../shared/mod.ts";
import { registry } from "./registry.ts";

export const schedules = defineSchedules(registry, { fixed: {}, armed: {} });
