/**
 * `/v2/publish`, `/v2/enqueue` and `/v2/batch`.
 *
 * @module
 */
import { Hono } from "hono";
import * as z from "zod";
import type { Settings } from "../destination.ts";
import { ApiError } from "../api_error.ts";
import { DisconnectedError, refusal } from "../faults.ts";
import type { QstashParts } from "../parts.ts";
import type { PublishRequest } from "../publish.ts";
import { list } from "../publish_headers.ts";
import {
  callerIp,
  type QstashContext,
  type QstashEnv,
  readBody,
  readJson,
  readTarget,
} from "./context.ts";
import { createSchedule } from "./schedules.ts";

const Batch = z.array(z.object({
  destination: z.string(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).nullish(),
  body: z.string().nullish(),
  queue: z.string().nullish(),
}));

export function publishRoutes(parts: QstashParts): Hono<QstashEnv> {
  const app = new Hono<QstashEnv>();

  app.post("/v2/publish/*", async (c) => {
    const { destination, settings } = readTarget(c.req.raw, "/v2/publish/");
    if (settings.has("upstash-cron")) return await createSchedule(c, parts, "/v2/publish/");
    const body = await readBody(c.req.raw);
    return publish(c, parts, [{ destination, settings, body }], (replies) => replies[0]);
  });

  app.post("/v2/enqueue/:queue/*", async (c) => {
    const queueName = c.req.param("queue");
    const prefix = `/v2/enqueue/${c.req.path.split("/")[3]}/`;
    const { destination, settings } = readTarget(c.req.raw, prefix);
    const body = await readBody(c.req.raw);
    return publish(c, parts, [{ destination, settings, body, queueName }], (replies) => replies[0]);
  });

  app.post("/v2/batch", async (c) => {
    const items = await readJson(c.req.raw, Batch);
    const requests = items.map(({ destination, headers, body, queue }): PublishRequest => ({
      destination,
      settings: toSettings(headers ?? {}),
      body: new TextEncoder().encode(body ?? ""),
      queueName: queue ?? undefined,
    }));
    return publish(c, parts, requests, (replies) => replies);
  });

  return app;
}

/** All of them or none; the faults of publishing strike here. */
function publish(
  c: QstashContext,
  parts: QstashParts,
  requests: readonly PublishRequest[],
  reply: (replies: unknown[]) => unknown,
): Response {
  const { publisher, faults, quota } = parts;
  const target = {
    url: requests.length === 1 ? requests[0].destination : "",
    labels: requests.flatMap(({ settings }) => list(settings.get("upstash-label"))),
  };
  const refused = faults.take("publishRefused", target);
  if (refused) throw refusal(refused);
  if (faults.take("publishDisconnected", target)) throw new DisconnectedError();
  if (faults.take("quota", target)) throw quota.refusal();

  const prepared = requests.map((request) => publisher.prepare(request, callerIp(c)));
  publisher.assertQuota(prepared);
  const replies = prepared.map((one) => publisher.accept(one));
  if (faults.take("publishReplyLost", target)) throw new DisconnectedError();

  const [first] = replies;
  const isDuplicate = replies.length === 1 && !Array.isArray(first) && first.deduplicated === true;
  return Response.json(reply(replies), { status: isDuplicate ? 202 : 200 });
}

function toSettings(headers: Record<string, string | string[]>): Settings {
  const settings = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const text = [value].flat().join(", ");
    try {
      new Headers([[name, text]]);
    } catch {
      throw new ApiError(400, `invalid header "${name}"`);
    }
    settings.set(name.toLowerCase(), text);
  }
  return settings;
}
