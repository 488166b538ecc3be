/**
 * `/v2/dlq`.
 *
 * @module
 */
import { Hono } from "hono";
import { ApiError } from "../api_error.ts";
import { compileFilter, type Criteria, type Page, pageOf, readCriteria } from "../filters.ts";
import type { DeadLetter, MessageSpec } from "../model.ts";
import type { QstashParts } from "../parts.ts";
import { parseSpec } from "../publish_headers.ts";
import { showDeadLetter } from "../views.ts";
import { callerIp, type QstashContext, type QstashEnv } from "./context.ts";

const MAX_PAGE = 100;

export function deadLetterRoutes(parts: QstashParts): Hono<QstashEnv> {
  const { deadLetters } = parts;
  const app = new Hono<QstashEnv>();

  const find = (dlqId: string): DeadLetter => {
    const letter = deadLetters.get(dlqId);
    if (!letter) throw new ApiError(404, `message ${dlqId} not found in the DLQ`);
    return letter;
  };
  const page = (criteria: Criteria): Page<DeadLetter> => {
    const matches = compileFilter(criteria, { strict: true });
    return pageOf(deadLetters.newestFirst(), criteria, {
      max: MAX_PAGE,
      descending: true,
      timeOf: ({ failedAt }) => failedAt,
      matches: ({ dlqId, message, response, failedAt: time }) =>
        matches({ dlqId, message, response, time, state: message.state }),
    });
  };
  const retry = (c: QstashContext, letter: DeadLetter): { messageId: string } => {
    const id = retryDeadLetter(parts, letter, c.req.raw.headers, callerIp(c));
    return { messageId: id };
  };

  app.get("/v2/dlq", async (c) => {
    const { items, cursor } = page(await readCriteria(c.req.raw));
    return c.json({ cursor, messages: items.map(showDeadLetter) });
  });
  app.get("/v2/dlq/:id", (c) => c.json(showDeadLetter(find(c.req.param("id")))));

  app.delete("/v2/dlq/:id", (c) => {
    deadLetters.delete(find(c.req.param("id")).dlqId);
    return c.body(null, 200);
  });
  app.delete("/v2/dlq", async (c) => {
    // Ids that are gone are no error here: the SDK deletes what it has just retried.
    const { items, cursor } = page(await readCriteria(c.req.raw));
    for (const { dlqId } of items) deadLetters.delete(dlqId);
    return c.json({ cursor, deleted: items.length });
  });

  app.post("/v2/dlq/retry/:id", (c) => c.json(retry(c, find(c.req.param("id"))), 201));
  app.post("/v2/dlq/retry", async (c) => {
    const criteria = await readCriteria(c.req.raw);
    for (const dlqId of criteria.get("dlqIds") ?? []) find(dlqId);
    const { items, cursor = "" } = page(criteria);
    return c.json({ cursor, responses: items.map((letter) => retry(c, letter)) }, 201);
  });

  return app;
}

/**
 * Sends a dead letter again, as a new message, and drops the entry.
 * `Upstash-*` headers take the place of what the old message asked for.
 */
export function retryDeadLetter(
  { deadLetters, publisher, quota, specContext }: QstashParts,
  { dlqId, message }: DeadLetter,
  headers: Headers,
  callerIp: string,
): string {
  quota.assertLeft(1);
  const settings = new Map([...headers].filter(([name]) => name.startsWith("upstash-")));
  const asked = parseSpec(settings, message.spec.body, specContext(callerIp));
  const spec = override(message.spec, asked, settings);
  const { queueName, scheduleId } = message;
  const sent = publisher.dispatch(spec, message.endpoint, { queueName, scheduleId });
  deadLetters.delete(dlqId);
  return sent.id;
}

/** The old message's settings, and those of `asked` that a header names. */
function override(
  old: MessageSpec,
  asked: MessageSpec,
  settings: ReadonlyMap<string, string>,
): MessageSpec {
  const pick = <Field extends keyof MessageSpec>(name: string, field: Field) =>
    settings.has(name) ? asked[field] : old[field];
  return {
    ...old,
    delayMs: asked.delayMs,
    notBeforeAt: asked.notBeforeAt,
    deduplicationId: undefined,
    contentBasedDeduplication: false,
    method: pick("upstash-method", "method"),
    header: { ...old.header, ...asked.header },
    maxRetries: pick("upstash-retries", "maxRetries"),
    retryDelay: pick("upstash-retry-delay", "retryDelay"),
    timeoutMs: pick("upstash-timeout", "timeoutMs"),
    flowControl: pick("upstash-flow-control-key", "flowControl"),
    labels: pick("upstash-label", "labels"),
    redaction: pick("upstash-redact-fields", "redaction"),
    callback: pick("upstash-callback", "callback"),
    failureCallback: pick("upstash-failure-callback", "failureCallback"),
  };
}
