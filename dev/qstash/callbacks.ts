/**
 * Callbacks: messages that report how another message fared.
 *
 * A callback follows every attempt; the failure callback follows the last one.
 *
 * @module
 */
import type { CallbackSpec, DeadLetter, DeliveryResponse, Message, MessageSpec } from "./model.ts";
import { NO_REDACTION } from "./redaction.ts";

/** What is to be sent to `callback` about `source`, whose latest attempt was answered by `response`. */
export function callbackSpec(
  callback: CallbackSpec,
  source: Message,
  response: DeliveryResponse,
  letter?: DeadLetter,
): MessageSpec {
  const { spec, endpoint } = source;
  const report = {
    status: response.status,
    header: response.header,
    body: response.body.toBase64(),
    retried: source.retried,
    maxRetries: spec.maxRetries,
    sourceMessageId: source.id,
    topicName: endpoint.topicName,
    endpointName: endpoint.endpointName,
    url: endpoint.url,
    method: spec.method,
    sourceHeader: spec.header,
    sourceBody: spec.body.toBase64(),
    notBefore: String(source.notBeforeAt),
    createdAt: String(source.createdAt),
    scheduleId: source.scheduleId,
    callerIP: spec.callerIp,
    dlqId: letter?.dlqId,
  };
  return {
    method: callback.method,
    header: { ...callback.header, "Content-Type": ["application/json"] },
    body: new TextEncoder().encode(JSON.stringify(report)),
    maxRetries: callback.maxRetries ?? spec.maxRetries,
    retryDelay: callback.retryDelay ?? spec.retryDelay,
    timeoutMs: callback.timeoutMs,
    delayMs: 0,
    contentBasedDeduplication: false,
    flowControl: callback.flowControl,
    labels: [],
    redaction: NO_REDACTION,
    callerIp: spec.callerIp,
  };
}
