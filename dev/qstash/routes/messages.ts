/**
 * `/v2/messages`, `/v2/logs` and its older name `/v2/events`.
 *
 * @module
 */
import { Hono } from "hono";
import { ApiError } from "../api_error.ts";
import { compileFilter, pageOf, readCount, readCriteria } from "../filters.ts";
import type { LogEntry, Message } from "../model.ts";
import type { QstashParts } from "../parts.ts";
import { showLogEntry, showMessage } from "../views.ts";
import type { QstashEnv } from "./context.ts";

const MAX_CANCELS = 500;
const MAX_LOGS = 1_000;

export function messageRoutes({ store, logs, dispatcher }: QstashParts): Hono<QstashEnv> {
  const app = new Hono<QstashEnv>();

  const find = (id: string): Message => {
    const message = store.get(id);
    if (!message || message.cancelRequested) throw new ApiError(404, `message ${id} not found`);
    return message;
  };

  app.get("/v2/messages/:id", (c) => c.json(showMessage(find(c.req.param("id")))));

  app.delete("/v2/messages/:id", (c) => {
    const message = find(c.req.param("id"));
    if (!dispatcher.cancel(message)) throw new ApiError(404, `message ${message.id} not found`);
    return c.json({ cancelled: 1 }, 202);
  });

  app.delete("/v2/messages", async (c) => {
    const criteria = await readCriteria(c.req.raw);
    const matches = compileFilter(criteria, { strict: true });
    const limit = Math.min(MAX_CANCELS, readCount(criteria) ?? MAX_CANCELS);
    let cancelled = 0;
    for (const message of store.all()) {
      if (cancelled === limit) break;
      const { createdAt: time, state } = message;
      if (matches({ message, time, state }) && dispatcher.cancel(message)) cancelled++;
    }
    return c.json({ cancelled });
  });

  app.on("GET", ["/v2/logs", "/v2/events"], async (c) => {
    const criteria = await readCriteria(c.req.raw);
    const matches = compileFilter(criteria, { strict: false });
    const descending = criteria.get("order")?.[0] !== "earliestFirst";
    const { items, cursor } = pageOf<LogEntry>(
      descending ? logs.newestFirst() : logs.oldestFirst(),
      criteria,
      { max: MAX_LOGS, descending, matches, timeOf: ({ time }) => time },
    );
    const entries = items.map(showLogEntry);
    return c.json({ cursor, logs: entries, events: entries });
  });

  return app;
}
