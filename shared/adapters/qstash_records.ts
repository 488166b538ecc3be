/**
 * QStash's records, read into the port's: log entries, dead letters, schedules.
 *
 * @module
 */
import type { Log as QstashLog, Schedule } from "@upstash/qstash";
import type { QueueDeadLetter, QueueEvent, QueueSchedule, QueueState } from "../ports.ts";

/** Carries a schedule's timeout, in ms; QStash canonicalises its case. */
export const TIMEOUT_HEADER = "Zeropoll-Timeout-Ms";

const states: Readonly<Record<string, QueueState>> = {
  CREATED: "CREATED",
  ACTIVE: "ACTIVE",
  RETRY: "RETRY",
  ERROR: "ERROR",
  DELIVERED: "DELIVERED",
  FAILED: "FAILED",
  CANCEL_REQUESTED: "CANCEL_REQUESTED",
  CANCELED: "CANCELED",
  // The documentation spells it so, the SDKs do not.
  CANCELLED: "CANCELED",
};

/** A log entry; undefined for a state that this build does not know. */
export function readEvent(entry: QstashLog & { responseBody?: string }): QueueEvent | undefined {
  const state = states[entry.state];
  if (!state) return undefined;
  return {
    at: entry.time,
    messageId: entry.messageId,
    state,
    url: entry.url,
    ...(entry.body && { body: decodeText(entry.body) }),
    ...(entry.error && { error: entry.error }),
    ...(entry.responseBody && { answer: answerOf(entry.responseBody) }),
    ...(entry.nextDeliveryTime && { nextDeliveryAt: entry.nextDeliveryTime }),
  };
}

/** The fields of QStash's dead letters that we read. */
interface DlqRecord {
  dlqId: string;
  messageId: string;
  url: string;
  body?: string;
  bodyBase64?: string;
  label?: string;
  maxRetries?: number;
  responseStatus?: number;
  responseBody?: string;
  responseBodyBase64?: string;
  createdAt: number;
}

export function readDeadLetter(record: DlqRecord): QueueDeadLetter {
  return {
    id: record.dlqId,
    messageId: record.messageId,
    url: record.url,
    body: textOf(record.body, record.bodyBase64),
    ...(record.label && { label: record.label }),
    // The list does not say how many were made; one that failed for good may have had fewer.
    attempts: (record.maxRetries ?? 0) + 1,
    // Absent when no answer came at all.
    responseStatus: record.responseStatus ?? 0,
    responseBody: textOf(record.responseBody, record.responseBodyBase64),
    createdAt: record.createdAt,
    // Its id begins with the moment it was given up, in epoch ms: `1725323658779-0`.
    failedAt: Number.parseInt(record.dlqId) || record.createdAt,
  };
}

export function readSchedule(record: Schedule): QueueSchedule {
  const { flowControlKey, rate, period, parallelism } = record;
  return {
    id: record.scheduleId,
    cron: record.cron,
    url: record.destination,
    body: textOf(record.body, record.bodyBase64),
    label: record.label ?? "",
    retries: record.retries,
    ...(record.retryDelayExpression && { retryDelay: record.retryDelayExpression }),
    timeoutMs: Number(record.header?.[TIMEOUT_HEADER]?.[0] ?? 0),
    ...(flowControlKey && {
      flowControl: {
        key: flowControlKey,
        ...(rate && { rate, periodSeconds: period }),
        ...(parallelism && { parallelism }),
      },
    }),
    ...(record.failureCallback && { failureCallbackUrl: record.failureCallback }),
  };
}

function textOf(text: string | undefined, base64: string | undefined): string {
  return text ?? (base64 === undefined ? "" : decodeText(base64));
}

/** Base64 by the documentation; what is no base64 is taken as it stands. */
function answerOf(text: string): string {
  try {
    return decodeText(text);
  } catch {
    return text;
  }
}

function decodeText(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
}
