/**
 * What the QStash server keeps: messages, what was asked of them, what became of them.
 *
 * Times that end in `At` are epoch ms of the server's clock.
 *
 * @module
 */
import type { Timer } from "../clock.ts";
import type { Redaction } from "./redaction.ts";

/** Header names as Go writes them (`Content-Type`), each with its values. */
export type HeaderMap = Record<string, string[]>;

/** States as the SDKs spell them. */
export type MessageState =
  | "CREATED"
  | "ACTIVE"
  | "RETRY"
  | "ERROR"
  | "DELIVERED"
  | "FAILED"
  | "CANCEL_REQUESTED"
  | "CANCELED";

/** Limits for all messages that share `key`; without `rate` or `parallelism` there is no such limit. */
export interface FlowControl {
  key: string;
  /** Deliveries in one period. */
  rate?: number;
  periodMs: number;
  /** Calls that may wait for their response at the same time. */
  parallelism?: number;
}

/** A retry delay as it was written, and as a function of the retries so far. */
export interface RetryDelay {
  expression: string;
  delayMs(retried: number): number;
}

/** How a callback is to be sent; what is absent is taken from the message it reports on. */
export interface CallbackSpec {
  url: string;
  method: string;
  header: HeaderMap;
  maxRetries?: number;
  retryDelay?: RetryDelay;
  timeoutMs?: number;
  flowControl?: FlowControl;
}

/** What a publisher asked for, not yet aimed at an endpoint. */
export interface MessageSpec {
  method: string;
  header: HeaderMap;
  body: Uint8Array;
  maxRetries: number;
  retryDelay?: RetryDelay;
  timeoutMs?: number;
  delayMs: number;
  /** Whole seconds, as they were given; beats `delayMs`. */
  notBeforeAt?: number;
  deduplicationId?: string;
  contentBasedDeduplication: boolean;
  flowControl?: FlowControl;
  labels: string[];
  redaction: Redaction;
  callback?: CallbackSpec;
  failureCallback?: CallbackSpec;
  callerIp: string;
}

/** Where a message goes; the names are set for a member of a URL group. */
export interface Endpoint {
  url: string;
  topicName?: string;
  endpointName?: string;
}

/** What an endpoint answered; status 0 when there was no answer. */
export interface DeliveryResponse {
  status: number;
  header: HeaderMap;
  body: Uint8Array;
}

/** A place in a queue, held until a message and all of its callbacks have ended. */
export interface QueueTurn {
  join(): void;
  leave(): void;
}

/** A message and its course so far. */
export interface Message {
  readonly id: string;
  readonly kind: "message" | "callback" | "failureCallback";
  readonly spec: MessageSpec;
  readonly endpoint: Endpoint;
  readonly createdAt: number;
  /** As the API reports it. */
  readonly notBeforeAt: number;
  readonly queueName?: string;
  readonly scheduleId?: string;
  /** The message that a callback reports on. */
  readonly sourceMessageId?: string;
  state: MessageState;
  /** Attempts begun so far. */
  attempts: number;
  /** Retries so far: 0 until the first attempt has failed. */
  retried: number;
  /** When the next attempt is due. */
  dueAt: number;
  endedAt?: number;
  cancelRequested: boolean;
  response?: DeliveryResponse;
  /** Why the latest attempt failed. */
  error?: string;
  /** Set while the next attempt waits for its moment. */
  timer?: Timer;
  turn?: QueueTurn;
  /** Set while a place under the flow-control key is taken. */
  flowSlot?: { leave(): void };
}

/** One line of the log. */
export interface LogEntry {
  readonly sequence: number;
  readonly time: number;
  readonly state: MessageState;
  readonly message: Message;
  readonly error?: string;
  readonly nextDeliveryAt?: number;
  readonly response?: DeliveryResponse;
}

/** A message whose attempts are used up. */
export interface DeadLetter {
  readonly dlqId: string;
  readonly sequence: number;
  readonly message: Message;
  readonly response: DeliveryResponse;
  readonly failedAt: number;
}
