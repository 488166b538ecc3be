/**
 * What the API shows. Like the vendor's, it leaves out what is empty, and redacts.
 *
 * @module
 */
import type { DeadLetter, LogEntry, Message, MessageSpec, MessageState } from "./model.ts";
import { redactBody, redactHeaders } from "./redaction.ts";
import type { Schedule } from "./schedules.ts";

/** A record without its empty members. */
type Shown = Record<string, unknown>;

/** A message as `GET /v2/messages/{id}` shows it. */
export function showMessage(message: Message): Shown {
  const { id, spec, endpoint, queueName, scheduleId } = message;
  return shown({
    messageId: id,
    ...endpoint,
    ...showSpec(spec),
    maxRetries: spec.maxRetries,
    notBefore: message.notBeforeAt,
    createdAt: message.createdAt,
    queueName,
    scheduleId,
    callerIP: spec.callerIp,
  });
}

/** The same with its course so far: for tests and the page. */
export interface MessageStatus {
  messageId: string;
  kind: Message["kind"];
  state: MessageState;
  url: string;
  retried: number;
  maxRetries: number;
  createdAt: number;
  /** When the next attempt is due, while there will be one. */
  nextDeliveryAt?: number;
  endedAt?: number;
  /** Of the latest attempt; 0 when there was no answer. */
  responseStatus?: number;
  labels: readonly string[];
  topicName?: string;
  queueName?: string;
  scheduleId?: string;
  flowControlKey?: string;
}

export function showStatus(message: Message): MessageStatus {
  const { spec, endpoint, endedAt } = message;
  return {
    messageId: message.id,
    kind: message.kind,
    state: message.state,
    url: endpoint.url,
    retried: message.retried,
    maxRetries: spec.maxRetries,
    createdAt: message.createdAt,
    nextDeliveryAt: endedAt === undefined ? message.dueAt : undefined,
    endedAt,
    responseStatus: message.response?.status,
    labels: spec.labels,
    topicName: endpoint.topicName,
    queueName: message.queueName,
    scheduleId: message.scheduleId,
    flowControlKey: spec.flowControl?.key,
  };
}

/** A line of `GET /v2/logs`. */
export function showLogEntry(entry: LogEntry): Shown {
  const { message, state, response } = entry;
  const { spec, endpoint } = message;
  return shown({
    time: entry.time,
    messageId: message.id,
    state,
    header: redactHeaders(spec.redaction, spec.header),
    body: redactBody(spec.redaction, spec.body).toBase64(),
    error: entry.error,
    nextDeliveryTime: entry.nextDeliveryAt,
    ...endpoint,
    scheduleId: message.scheduleId,
    queueName: message.queueName,
    responseStatus: response?.status || undefined,
    responseBody: state === "ERROR" ? response?.body.toBase64() : undefined,
    responseHeaders: response?.header,
    timeout: spec.timeoutMs,
    method: spec.method,
    callback: spec.callback?.url,
    callbackHeaders: spec.callback?.header,
    failureCallback: spec.failureCallback?.url,
    failureCallbackHeaders: spec.failureCallback?.header,
    maxRetries: spec.maxRetries,
    // The log and the messages spell it differently; clients know each.
    retryDelayExpr: spec.retryDelay?.expression,
    retryDelayExpression: spec.retryDelay?.expression,
    ...showLabels(spec),
    ...showFlowControl(spec),
    callerIP: spec.callerIp,
  });
}

/** An entry of `GET /v2/dlq`. */
export function showDeadLetter({ dlqId, message, response }: DeadLetter): Shown {
  return {
    ...showMessage(message),
    dlqId,
    responseStatus: response.status,
    ...shown({ responseHeader: response.header, ...showBody("responseBody", response.body) }),
  };
}

/** A schedule as `GET /v2/schedules/{id}` shows it. */
export function showSchedule(schedule: Schedule): Shown {
  const { spec, lastMessages } = schedule;
  return {
    ...shown({
      scheduleId: schedule.scheduleId,
      cron: schedule.cron.text,
      destination: schedule.destination,
      createdAt: schedule.createdAt,
      ...showSpec(spec),
      retries: spec.maxRetries,
      delay: spec.delayMs === 0 ? undefined : spec.delayMs / 1000,
      queueName: schedule.queueName,
      callerIP: spec.callerIp,
      lastScheduleTime: schedule.lastAt,
      nextScheduleTime: schedule.nextAt,
      lastScheduleStates: Object.fromEntries(
        lastMessages.map((message) => [message.id, outcomeOf(message)]),
      ),
    }),
    isPaused: schedule.isPaused,
  };
}

function showSpec(spec: MessageSpec): Shown {
  return {
    method: spec.method,
    header: redactHeaders(spec.redaction, spec.header),
    ...showBody("body", redactBody(spec.redaction, spec.body)),
    callback: spec.callback?.url,
    failureCallback: spec.failureCallback?.url,
    retryDelayExpression: spec.retryDelay?.expression,
    timeout: spec.timeoutMs,
    ...showLabels(spec),
    ...showFlowControl(spec),
  };
}

function showLabels({ labels }: MessageSpec): Shown {
  return { label: labels[0], labels };
}

function showFlowControl({ flowControl }: MessageSpec): Shown {
  if (!flowControl) return {};
  const { key, rate, periodMs, parallelism } = flowControl;
  return { flowControlKey: key, rate, period: periodMs / 1000, parallelism };
}

/** As text where it is UTF-8, else in base64 under the name with that ending. */
function showBody(name: string, body: Uint8Array): Shown {
  try {
    return { [name]: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body) };
  } catch {
    return { [`${name}Base64`]: body.toBase64() };
  }
}

function outcomeOf({ state }: Message): "IN_PROGRESS" | "SUCCESS" | "FAIL" {
  if (state === "DELIVERED") return "SUCCESS";
  return state === "FAILED" || state === "CANCELED" ? "FAIL" : "IN_PROGRESS";
}

function shown(record: Shown): Shown {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === "") return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.keys(value).length === 0;
}
