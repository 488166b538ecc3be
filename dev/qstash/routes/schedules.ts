/**
 * `/v2/schedules`.
 *
 * @module
 */
import { Hono } from "hono";
import type { QstashParts } from "../parts.ts";
import { parseSpec } from "../publish_headers.ts";
import { showSchedule } from "../views.ts";
import { callerIp, type QstashContext, type QstashEnv, readBody, readTarget } from "./context.ts";

export function scheduleRoutes(parts: QstashParts): Hono<QstashEnv> {
  const { schedules } = parts;
  const app = new Hono<QstashEnv>();

  app.get("/v2/schedules", (c) => c.json(schedules.list().map(showSchedule)));
  app.get("/v2/schedules/:id", (c) => c.json(showSchedule(schedules.get(c.req.param("id")))));
  app.delete("/v2/schedules/:id", (c) => {
    schedules.delete(c.req.param("id"));
    return c.body(null, 200);
  });
  // The documentation says POST, the vendor's SDK sends PATCH.
  for (const method of ["POST", "PATCH"]) {
    for (const verb of ["pause", "resume"]) {
      app.on(method, `/v2/schedules/:id/${verb}`, (c) => {
        schedules.setPaused(c.req.param("id"), verb === "pause");
        return c.body(null, 200);
      });
    }
  }
  app.post("/v2/schedules/*", (c) => createSchedule(c, parts, "/v2/schedules/"));
  return app;
}

/** Makes or replaces a schedule; a publish with `Upstash-Cron` does so too. */
export async function createSchedule(
  c: QstashContext,
  { schedules, specContext, urlGroups }: QstashParts,
  prefix: string,
): Promise<Response> {
  const { destination, settings: own } = readTarget(c.req.raw, prefix);
  const settings = new Map([...urlGroups.defaults(destination), ...own]);
  const scheduleId = schedules.create({
    scheduleId: settings.get("upstash-schedule-id") || undefined,
    cron: settings.get("upstash-cron") ?? "",
    destination,
    spec: parseSpec(settings, await readBody(c.req.raw), specContext(callerIp(c))),
    queueName: settings.get("upstash-queue-name") || undefined,
  });
  return c.json({ scheduleId });
}
