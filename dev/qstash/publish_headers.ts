/**
 * Reads the `Upstash-*` headers of a publish.
 *
 * @module
 */
import { ApiError } from "./api_error.ts";
import { assertHttpUrl, type Settings } from "./destination.ts";
import { parseDuration } from "./durations.ts";
import { parseFlag } from "./flags.ts";
import { goCase, isForwardable } from "./header_map.ts";
import type { CallbackSpec, FlowControl, HeaderMap, MessageSpec, RetryDelay } from "./model.ts";
import { assertQuota, type Plan } from "./plans.ts";
import { parseRedactFields } from "./redaction.ts";
import { parseRetryDelay } from "./retry_delay.ts";
import { assertNoWorkflow } from "./workflows.ts";

const METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);
const DEFAULT_RETRIES = 3;
const MAX_PERIOD_MS = 7 * 86_400_000;
const MAX_DURATION_MS = 100 * 365 * 86_400_000;

/** Where a publish came from, and what its sender may ask for. */
export interface SpecContext {
  plan: Plan;
  callerIp: string;
  /** Epoch ms. */
  now: number;
  /** Tokens of this server: a forwarded `Authorization` must not hand them to an endpoint. */
  tokens: readonly string[];
}

/** @throws {ApiError} 400 for what cannot be read, 412 for what the plan does not allow */
export function parseSpec(
  settings: Settings,
  body: Uint8Array,
  context: SpecContext,
): MessageSpec {
  const { plan, callerIp, now } = context;
  assertNoWorkflow(settings);
  assertQuota("maxMessageSize", body.length, plan.messageBytes);
  const retries = count(settings, "upstash-retries") ?? DEFAULT_RETRIES;
  if (retries > plan.retries) throw new ApiError(412, "quota maxRetries exceeded");
  const delayMs = duration(settings, "upstash-delay") ?? 0;
  assertQuota("maxDelay", delayMs / 1000, plan.delaySeconds);
  const notBeforeSeconds = count(settings, "upstash-not-before");
  const notBeforeAt = notBeforeSeconds === undefined ? undefined : notBeforeSeconds * 1000;
  assertQuota("maxDelay", ((notBeforeAt ?? now) - now) / 1000, plan.delaySeconds);

  const deduplicationId = settings.get("upstash-deduplication-id") || undefined;
  if (deduplicationId?.includes(":")) {
    throw new ApiError(400, "DeduplicationId cannot contain ':'");
  }
  return {
    method: method(settings, "upstash-method"),
    header: forwardedHeaders(settings, context),
    body,
    maxRetries: retries,
    retryDelay: retryDelay(settings, "upstash-retry-delay"),
    timeoutMs: duration(settings, "upstash-timeout") || undefined,
    delayMs,
    notBeforeAt,
    deduplicationId,
    contentBasedDeduplication: flag(settings, "upstash-content-based-deduplication"),
    flowControl: flowControl(settings, "upstash-"),
    labels: list(settings.get("upstash-label")),
    redaction: refusing(() => parseRedactFields(settings.get("upstash-redact-fields"))),
    callback: callback(settings, "upstash-callback", context),
    failureCallback: callback(settings, "upstash-failure-callback", context),
    callerIp,
  };
}

function callback(
  settings: Settings,
  name: string,
  { plan }: SpecContext,
): CallbackSpec | undefined {
  const url = settings.get(name);
  if (!url) return undefined;
  assertHttpUrl(url, name === "upstash-callback" ? "callback" : "failure callback");
  const prefix = `${name}-`;
  if (settings.has(`${prefix}delay`)) {
    throw new ApiError(400, `${goCase(prefix)}Delay is not supported: callbacks cannot be delayed`);
  }
  const maxRetries = count(settings, `${prefix}retries`);
  if ((maxRetries ?? 0) > plan.retries) throw new ApiError(412, "quota maxRetries exceeded");
  return {
    url,
    method: method(settings, `${prefix}method`),
    header: forwarded(settings, `${prefix}forward-`),
    maxRetries,
    retryDelay: retryDelay(settings, `${prefix}retry-delay`),
    timeoutMs: duration(settings, `${prefix}timeout`) || undefined,
    flowControl: flowControl(settings, prefix),
  };
}

function forwardedHeaders(settings: Settings, { tokens }: SpecContext): HeaderMap {
  const header: HeaderMap = {};
  if (flag(settings, "upstash-header-forward")) {
    for (const [name, value] of settings) {
      if (name.startsWith("upstash-") || !isForwardable(name)) continue;
      if (name === "authorization" && tokens.some((token) => value === `Bearer ${token}`)) continue;
      header[goCase(name)] = [value];
    }
  }
  Object.assign(header, forwarded(settings, "upstash-forward-"));
  const contentType = settings.get("content-type");
  if (contentType) header["Content-Type"] = [contentType];
  return header;
}

function forwarded(settings: Settings, prefix: string): HeaderMap {
  const header: HeaderMap = {};
  for (const [name, value] of settings) {
    if (name.startsWith(prefix) && name.length > prefix.length) {
      header[goCase(name.slice(prefix.length))] = [value];
    }
  }
  return header;
}

/** `parallelism=5, rate=10, period=1m`: at least one of the first two. */
function flowControl(settings: Settings, prefix: string): FlowControl | undefined {
  const key = settings.get(`${prefix}flow-control-key`);
  const value = settings.get(`${prefix}flow-control-value`);
  if (!key && !value) return undefined;
  if (!key) throw new ApiError(400, "flow control key is required");
  const control: FlowControl = { key, periodMs: 1000 };
  for (const part of list(value)) {
    const [, name = "", text = ""] = /^(\w+)\s*=\s*(\S+)$/.exec(part) ?? [];
    if (name === "period") control.periodMs = periodOf(text);
    else if (name === "rate" || name === "parallelism") control[name] = limitOf(name, text);
    else throw new ApiError(400, `invalid flow control value: "${part}"`);
  }
  if (control.rate === undefined && control.parallelism === undefined) {
    throw new ApiError(400, "invalid flow control value: provide rate or parallelism");
  }
  return control;
}

/** A period of flow control in ms: a duration, or a bare number of seconds. */
export function periodOf(text: string): number {
  const periodMs = refusing(() => parseDuration(/^\d+$/.test(text) ? `${text}s` : text));
  if (periodMs < 1000 || periodMs > MAX_PERIOD_MS) {
    throw new ApiError(400, `invalid flow control period "${text}": between 1s and 7d`);
  }
  return periodMs;
}

/** A limit of flow control: a positive whole number. */
export function limitOf(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
    throw new ApiError(400, `invalid flow control ${name} "${text}": must be a positive integer`);
  }
  return Number(text);
}

/** The items of a comma list, trimmed, the empty ones left out. */
export function list(text: string | undefined): string[] {
  return (text ?? "").split(",").map((item) => item.trim()).filter((item) => item !== "");
}

function method(settings: Settings, name: string): string {
  const value = (settings.get(name) ?? "POST").toUpperCase();
  if (!METHODS.has(value)) throw new ApiError(400, `invalid method: ${value}`);
  return value;
}

function count(settings: Settings, name: string): number | undefined {
  const text = settings.get(name)?.trim();
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,12}$/.test(text)) {
    throw new ApiError(400, `invalid ${goCase(name)} "${text}": must be a whole number`);
  }
  return Number(text);
}

function flag(settings: Settings, name: string): boolean {
  return parseFlag(goCase(name), settings.get(name));
}

function duration(settings: Settings, name: string): number | undefined {
  const text = settings.get(name)?.trim();
  if (!text) return undefined;
  const ms = refusing(() => parseDuration(text));
  // No plan is longer, and a moment beyond the calendar's end could not be shown.
  if (ms > MAX_DURATION_MS) throw new ApiError(400, `invalid ${goCase(name)} "${text}": too long`);
  return ms;
}

function retryDelay(settings: Settings, name: string): RetryDelay | undefined {
  const expression = settings.get(name)?.trim();
  if (!expression) return undefined;
  return { expression, delayMs: refusing(() => parseRetryDelay(expression)) };
}

/** The small languages throw errors of their own; their texts are the API's answers. */
export function refusing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new ApiError(400, error instanceof Error ? error.message : String(error));
  }
}
