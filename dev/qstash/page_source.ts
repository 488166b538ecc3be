/**
 * Shows a server to its page, and does what the page's buttons say.
 *
 * @module
 */
import type { Hono } from "hono";
import { type DevClock, WallClock } from "../clock.ts";
import type { DeadLetter, LogEntry, Message } from "./model.ts";
import { pageRoutes } from "./page.tsx";
import {
  CLOCK_STEPS,
  MESSAGE_STATES,
  type MessageState,
  type PageAction,
  type PageDeadLetter,
  type PageMessage,
  type PageMessageDetails,
  type PageSource,
  type PageState,
} from "./page_state.ts";
import type { QstashParts } from "./parts.ts";
import { redactBody, redactHeaders } from "./redaction.ts";
import { retryDeadLetter } from "./routes/dead_letters.ts";

/** How many messages and dead letters the page lists. */
const MAX_ROWS = 200;
const EXCERPT_LENGTH = 300;

/** The page's routes; `sawOrigin` tells where the server is being called. */
export function createPageSource(
  parts: QstashParts,
  clock: DevClock,
): { routes: Hono; sawOrigin(url: string): void } {
  let origin = "";
  const source: PageSource = {
    now: () => clock.now(),
    ticking: clock instanceof WallClock,
    state: (only) => showState(parts, { clock, origin, only }),
    message: (id) => {
      const message = parts.store.get(id);
      return message && showDetails(parts, message);
    },
    act: (action) => act(parts, clock, action),
  };
  return {
    routes: pageRoutes(source),
    sawOrigin: (url) => {
      if (origin === "") origin = new URL(url).origin;
    },
  };
}

function showState(
  parts: QstashParts,
  { clock, origin, only }: { clock: DevClock; origin: string; only?: MessageState },
): PageState {
  const counts = Object.fromEntries(MESSAGE_STATES.map((state) => [state, 0])) as Record<
    MessageState,
    number
  >;
  const all = parts.store.all();
  for (const message of all) counts[stateOf(message)]++;
  return {
    url: origin,
    token: parts.token,
    aheadMs: clock instanceof WallClock ? clock.offsetMs : 0,
    billed: parts.meter.snapshot().messages,
    counts,
    messages: all.reverse().filter((message) => !only || stateOf(message) === only)
      .slice(0, MAX_ROWS).map(showMessage),
    schedules: parts.schedules.list().map((schedule) => ({
      id: schedule.scheduleId,
      cron: schedule.cron.text,
      method: schedule.spec.method,
      url: schedule.destination,
      paused: schedule.isPaused,
      nextAt: schedule.nextAt,
      lastAt: schedule.lastAt,
    })),
    queues: parts.queues.list(),
    flowControls: parts.flowControls.list().map((info) => ({
      key: info.flowControlKey,
      waiting: info.waitListSize,
      parallelism: { now: info.parallelismCount, max: info.parallelismMax },
      rate: { now: info.rateCount, max: info.rateMax, periodSeconds: info.ratePeriod },
      paused: info.isPaused,
    })),
    deadLetters: parts.deadLetters.newestFirst().slice(0, MAX_ROWS).map(showDeadLetter),
  };
}

async function act(
  parts: QstashParts,
  clock: DevClock,
  action: PageAction,
): Promise<string | undefined> {
  const { store, dispatcher, schedules, queues, flowControls, deadLetters } = parts;
  const { kind, id, verb } = action;
  switch (kind) {
    case "messages": {
      const message = store.get(id);
      if (!message) return undefined;
      if (verb === "cancel") return dispatcher.cancel(message) ? "Cancelled" : undefined;
      return dispatcher.runNow(message) ? "Sent on its way" : "It is not waiting for its time";
    }
    case "schedules":
      if (!schedules.list().some(({ scheduleId }) => scheduleId === id)) return undefined;
      if (verb === "run") return `Published ${schedules.runNow(id).length}`;
      schedules.setPaused(id, verb === "pause");
      return verb === "pause" ? "Paused" : "Resumed";
    case "queues":
      if (!queues.list().some(({ name }) => name === id)) return undefined;
      queues.setPaused(id, verb === "pause");
      return verb === "pause" ? "Paused" : "Resumed";
    case "flow-controls":
      if (!flowControls.list().some(({ flowControlKey }) => flowControlKey === id)) {
        return undefined;
      }
      if (verb === "pause") flowControls.pause(id);
      else flowControls.resume(id);
      return verb === "pause" ? "Paused" : "Resumed";
    case "dead-letters": {
      const letter = deadLetters.get(id);
      if (!letter) return undefined;
      if (verb === "delete") return deadLetters.delete(id) ? "Deleted" : undefined;
      const sent = retryDeadLetter(parts, letter, new Headers(), letter.message.spec.callerIp);
      return `Sent again as ${sent}`;
    }
    case "clock":
      await clock.advance(CLOCK_STEPS[action.id]);
      return `Moved forward by ${action.id}`;
  }
}

function stateOf(message: Message): MessageState {
  switch (message.state) {
    case "CREATED":
      return "waiting";
    case "ACTIVE":
      return "active";
    case "RETRY":
    case "ERROR":
      return "retrying";
    case "DELIVERED":
      return "delivered";
    case "FAILED":
      return "failed";
    case "CANCEL_REQUESTED":
    case "CANCELED":
      return "cancelled";
  }
}

function showMessage(message: Message): PageMessage {
  const { spec, endpoint } = message;
  const origin = [
    { kind: "URL group", name: endpoint.topicName },
    { kind: "queue", name: message.queueName },
    { kind: "schedule", name: message.scheduleId },
    { kind: "flow control", name: spec.flowControl?.key },
    {
      kind: message.kind === "callback" ? "callback for" : "failure callback for",
      name: message.sourceMessageId,
    },
  ];
  return {
    id: message.id,
    state: stateOf(message),
    method: spec.method,
    url: endpoint.url,
    labels: spec.labels,
    origin: origin.flatMap(({ kind, name }) => name === undefined ? [] : [{ kind, name }]),
    attempts: message.attempts,
    maxAttempts: spec.maxRetries + 1,
    createdAt: message.createdAt,
    dueAt: message.timer ? message.dueAt : undefined,
    endedAt: message.endedAt,
    status: message.response?.status || undefined,
    error: message.error,
  };
}

function showDetails(parts: QstashParts, message: Message): PageMessageDetails {
  const { spec } = message;
  const entries: LogEntry[] = [];
  for (const entry of parts.logs.oldestFirst()) if (entry.message === message) entries.push(entry);
  return {
    ...showMessage(message),
    headers: Object.entries(redactHeaders(spec.redaction, spec.header))
      .map(([name, values]) => [name, values.join(", ")]),
    body: new TextDecoder().decode(redactBody(spec.redaction, spec.body)),
    history: entries.map(({ time, state, error }) => ({ at: time, state, note: error })),
  };
}

function showDeadLetter({ dlqId, message, response, failedAt }: DeadLetter): PageDeadLetter {
  return {
    id: dlqId,
    messageId: message.id,
    method: message.spec.method,
    url: message.endpoint.url,
    labels: message.spec.labels,
    failedAt,
    status: response.status || undefined,
    response: new TextDecoder().decode(response.body.subarray(0, EXCERPT_LENGTH)),
  };
}
