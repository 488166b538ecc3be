/**
 * `/v2/queues` and `/v2/topics`.
 *
 * @module
 */
import { Hono } from "hono";
import * as z from "zod";
import type { QstashParts } from "../parts.ts";
import { type QstashEnv, readJson } from "./context.ts";

const QueueSettings = z.object({
  queueName: z.string().min(1),
  parallelism: z.int().min(1).optional(),
  paused: z.boolean().optional(),
});
const Endpoints = z.object({
  endpoints: z.array(z.object({ url: z.string(), name: z.string().optional() })).min(1),
});
const EndpointNames = z.object({
  endpoints: z.array(z.object({ url: z.string().optional(), name: z.string().optional() })).min(1),
});
const Defaults = z.object({
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});

export function queueRoutes({ queues, dispatcher }: QstashParts): Hono<QstashEnv> {
  const app = new Hono<QstashEnv>();

  app.get("/v2/queues", (c) => c.json(queues.list()));
  app.post("/v2/queues", async (c) => {
    const { queueName, ...settings } = await readJson(c.req.raw, QueueSettings);
    queues.upsert(queueName, settings);
    return c.body(null, 200);
  });
  app.get("/v2/queues/:name", (c) => c.json(queues.info(c.req.param("name"))));
  app.delete("/v2/queues/:name", (c) => {
    dispatcher.discard(queues.delete(c.req.param("name")));
    return c.body(null, 200);
  });
  for (const verb of ["pause", "resume"]) {
    app.post(`/v2/queues/:name/${verb}`, (c) => {
      queues.setPaused(c.req.param("name"), verb === "pause");
      return c.body(null, 200);
    });
  }
  return app;
}

export function urlGroupRoutes({ urlGroups }: QstashParts): Hono<QstashEnv> {
  const app = new Hono<QstashEnv>();

  app.get("/v2/topics", (c) => c.json(urlGroups.list()));
  app.get("/v2/topics/:name", (c) => c.json(urlGroups.get(c.req.param("name"))));
  app.delete("/v2/topics/:name", (c) => {
    urlGroups.delete(c.req.param("name"));
    return c.body(null, 200);
  });
  app.patch("/v2/topics/:name", async (c) => {
    const { headers } = await readJson(c.req.raw, Defaults);
    const settings = Object.entries(headers).map((
      [name, value],
    ) => [name, [value].flat().join(", ")]);
    urlGroups.setDefaults(c.req.param("name"), Object.fromEntries(settings));
    return c.body(null, 200);
  });
  app.post("/v2/topics/:name/endpoints", async (c) => {
    const { endpoints } = await readJson(c.req.raw, Endpoints);
    urlGroups.addEndpoints(c.req.param("name"), endpoints);
    return c.body(null, 200);
  });
  app.delete("/v2/topics/:name/endpoints", async (c) => {
    const { endpoints } = await readJson(c.req.raw, EndpointNames);
    urlGroups.removeEndpoints(c.req.param("name"), endpoints);
    return c.body(null, 200);
  });
  return app;
}
