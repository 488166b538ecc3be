/**
 * `/v2/messages`, `/v2/bulkActions`, `/v2/logs` and its older name `/v2/events`.
 *
 * @module
 */
import { Hono } from "hono";
import { ApiError } from "../api_error.ts";
import { shown } from "../bulk_actions.ts";
import {
  compileFilter,
  type Criteria,
  filtersOf,
  pageOf,
  readCount,
  readCriteria,
} from "../filters.ts";
import { parseFlag } from "../flags.ts";
import type { LogEntry, Message } from "../model.ts";
import type { QstashParts } from "../parts.ts";
import { showLogEntry, showMessage } from "../views.ts";
import type { QstashEnv } from "./context.ts";

const MAX_ACTIONS = 1_000;
const MAX_LOGS = 1_000;

export function messageRoutes(parts: QstashParts): Hono<QstashEnv> {
  const { store, logs, dispatcher, bulkActions } = parts;
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
    const { criteria, isAsync } = splitAsync(await readCriteria(c.req.raw));
    // Everything that matches goes at once: a count is read, and means nothing any more.
    readCount(criteria);
    const matches = compileFilter(criteria, { strict: true });
    let cancelled = 0;
    for (const message of store.all()) {
      const { createdAt: time, state } = message;
      if (matches({ message, time, state }) && dispatcher.cancel(message)) cancelled++;
    }
    if (criteria.has("messageIds")) return c.json({ cancelled });
    const { actionId } = bulkActions.add(filtersOf(criteria), cancelled);
    return c.json(isAsync ? { actionId } : { cancelled });
  });

  app.get("/v2/bulkActions/:id", (c) => c.json(bulkActions.get(c.req.param("id"))));
  app.get("/v2/bulkActions", async (c) => {
    const criteria = await readCriteria(c.req.raw);
    const [state] = criteria.get("state") ?? [];
    const { items, cursor } = pageOf(bulkActions.newestFirst(), criteria, {
      max: MAX_ACTIONS,
      descending: true,
      matches: () => true,
      timeOf: ({ createdAt }) => createdAt,
    });
    // Each page is filtered for itself, as the vendor says.
    const found = items.filter((action) => state === undefined || action.state === state);
    return c.json({ cursor, bulkActions: found.map(shown) });
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

/** `async` is no filter: it says that the caller does not wait. */
function splitAsync(all: Criteria): { criteria: Criteria; isAsync: boolean } {
  const criteria = new Map(all);
  criteria.delete("async");
  return { criteria, isAsync: parseFlag("async", all.get("async")?.[0]) };
}
