/**
 * `/v2/flowControl` and `/v2/globalParallelism`.
 *
 * @module
 */
import { Hono } from "hono";
import { parseFlag } from "../flags.ts";
import type { QstashParts } from "../parts.ts";
import { limitOf, periodOf } from "../publish_headers.ts";
import type { QstashEnv } from "./context.ts";

export function flowControlRoutes({ flowControls, dispatcher }: QstashParts): Hono<QstashEnv> {
  const app = new Hono<QstashEnv>();
  const key = "/v2/flowControl/:key";

  app.get("/v2/globalParallelism", (c) => {
    const { max, active } = dispatcher.parallelism;
    return c.json({ parallelismMax: max, parallelismCount: active });
  });
  app.get("/v2/flowControl", (c) => c.json(flowControls.list(c.req.query("search"))));
  app.get(key, (c) => c.json(flowControls.info(c.req.param("key"))));
  app.post(`${key}/pause`, (c) => {
    flowControls.pause(c.req.param("key"));
    return c.body(null, 200);
  });
  app.post(`${key}/resume`, (c) => {
    flowControls.resume(c.req.param("key"));
    return c.body(null, 200);
  });
  app.on("POST", [`${key}/resetRate`, `${key}/reset`], (c) => {
    flowControls.resetRate(c.req.param("key"));
    return c.body(null, 200);
  });
  app.post(`${key}/pin`, (c) => {
    const { parallelism, rate, period } = c.req.query();
    flowControls.pin(c.req.param("key"), {
      parallelism: parallelism ? limitOf("parallelism", parallelism) : undefined,
      rate: rate ? limitOf("rate", rate) : undefined,
      periodMs: period ? periodOf(period) : undefined,
    });
    return c.body(null, 200);
  });
  app.post(`${key}/unpin`, (c) => {
    const { parallelism, rate } = c.req.query();
    flowControls.unpin(c.req.param("key"), {
      parallelism: parseFlag("parallelism", parallelism),
      rate: parseFlag("rate", rate),
    });
    return c.body(null, 200);
  });
  return app;
}
