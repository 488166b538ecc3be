/**
 * Shows a server to its page, and does what the page's buttons say.
 *
 * @module
 */
import type { Hono } from "hono";
import { type DevClock, WallClock } from "../clock.ts";
import { shownOrigin } from "../own_page.ts";
import { ApiError } from "./api_error.ts";
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
const MAX_ROWS = 100;
const EXCERPT_BYTES = 300;
const MAX_BODY_CHARACTERS = 20_000;

/** The page's routes; `sawOrigin` tells where the server is being called. */
export function createPageSource(
  parts: QstashParts,
  clock: DevClock,
  allowHosts?: readonly string[],
): { routes: Hono; sawOrigin(url: string): void } {
  let origin = "";
  const source: PageSource = {
    now: () => clock.now(),
    ticking: clock instanceof WallClock,
    state: (only) => showState(parts, { clock, origin, only }),
    message: (id) => {
      const message = findMessage(parts, id);
      return message && showDetails(parts, message);
    },
    act: async (action) => {
      try {
        return await act(parts, clock, action);
      } catch (error) {
        if (error instanceof ApiError) return error.message;
        throw error;
      }
    },
  };
  return {
    routes: pageRoutes(source, allowHosts),
    sawOrigin: (url) => {
      if (origin === "") origin = shownOrigin(url);
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
  const messages: PageMessage[] = [];
  for (const message of newestFirst(parts)) {
    const state = stateOf(message);
    counts[state]++;
    if (messages.length < MAX_ROWS && (!only || only === state)) {
      messages.push(showMessage(message));
    }
  }
  return {
    url: origin,
    token: parts.token,
    aheadMs: clock instanceof WallClock ? clock.offsetMs : 0,
    billed: parts.meter.snapshot().messages,
    counts,
    messages,
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

/** Every message that the log knows, so that one stays seen after the API has forgotten it. */
function* newestFirst({ logs, store }: QstashParts): Generator<Message> {
  const seen = new Set<Message>();
  for (const { state, message } of logs.newestFirst()) {
    if (state !== "CREATED") continue;
    seen.add(message);
    yield message;
  }
  // One with a long delay may outlive its first line in the log.
  for (const message of store.all().reverse()) if (!seen.has(message)) yield message;
}

function findMessage(parts: QstashParts, id: string): Message | undefined {
  const stored = parts.store.get(id);
  if (stored) return stored;
  for (const message of newestFirst(parts)) if (message.id === id) return message;
  return parts.deadLetters.newestFirst().find(({ message }) => message.id === id)?.message;
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
      if (message.endedAt !== undefined) return "It has ended already";
      if (verb === "cancel") {
        return dispatcher.cancel(message) ? "Cancelled" : "It was cancelled already";
      }
      return dispatcher.runNow(message)
        ? "Delivering it now"
        : "It is due, and waits for its turn in its queue or under its limit";
    }
    case "schedules":
      if (!schedules.list().some(({ scheduleId }) => scheduleId === id)) return undefined;
      if (verb === "run") {
        const count = schedules.runNow(id).length;
        return `Published ${count} message${count === 1 ? "" : "s"}`;
      }
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
      return `Published again as ${sent}`;
    }
    case "clock":
      await clock.advance(CLOCK_STEPS[action.id]);
      return "The clock was moved forward";
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
    body: clip(new TextDecoder().decode(redactBody(spec.redaction, spec.body))),
    response: clip(new TextDecoder().decode(message.response?.body)),
    history: entries.map(showEntry),
  };
}

function showEntry({ time, state, error, response, nextDeliveryAt }: LogEntry) {
  const status = response?.status ? `answered ${response.status}` : undefined;
  const next = nextDeliveryAt && state === "RETRY"
    ? `next attempt at ${new Date(nextDeliveryAt).toISOString()}`
    : undefined;
  return { at: time, state, note: [error ?? status, next].filter(Boolean).join(", ") };
}

function clip(text: string): string {
  return text.length > MAX_BODY_CHARACTERS ? `${text.slice(0, MAX_BODY_CHARACTERS)}…` : text;
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
    response: new TextDecoder().decode(response.body.subarray(0, EXCERPT_BYTES)),
  };
}
