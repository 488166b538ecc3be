/**
 * Every failure as problem details (RFC 9457); the only place where a code becomes a status.
 *
 * What was not expected answers `unexpected` and says nothing more: the request's log line does.
 *
 * @module
 */
import type { Context, ErrorHandler, Hono, NotFoundHandler } from "hono";
import {
  AppError,
  type ErrorCode,
  errorTitles,
  type LimitAnswer,
  LimitExceededError,
  LimitUnavailableError,
  RequestError,
} from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { limitHeaders, violatedPolicies } from "./limit_headers.ts";

/** QStash's sign that a delivery failed for good; see the header below. */
const NO_MORE_RETRIES = 489;

/** The status of every code. */
export const problemStatuses: Readonly<Record<ErrorCode, number>> = {
  body_invalid: 422,
  body_malformed: 400,
  body_too_large: 413,
  booking_refused: 403,
  charset_unsupported: 415,
  circuit_open: 503,
  command_refused: 500,
  conversation_not_found: 404,
  delay_unsupported: 422,
  delivery_in_progress: 503,
  job_failed: 500,
  job_failed_for_good: NO_MORE_RETRIES,
  job_internal: 403,
  job_not_found: 404,
  job_unknown: 404,
  lease_lost: 503,
  feed_cursor_gone: 410,
  feed_event_too_late: 422,
  feed_kind_unknown: 404,
  limit_exceeded: 429,
  limit_unavailable: 503,
  limit_unknown: 404,
  llm_rejected: NO_MORE_RETRIES,
  llm_unavailable: 503,
  mail_refused: 422,
  mail_rejected: NO_MORE_RETRIES,
  mail_unavailable: 503,
  method_not_allowed: 405,
  not_configured: 503,
  not_found: 404,
  notification_unknown: 404,
  operator_missing: 401,
  origin_refused: 403,
  overloaded: 503,
  payload_rejected: NO_MORE_RETRIES,
  permission_missing: 403,
  postgres_busy: 503,
  postgres_query_failed: 500,
  postgres_unavailable: 503,
  queue_rejected: 502,
  queue_unavailable: 503,
  redis_command_failed: 502,
  redis_unavailable: 503,
  replay_refused: 409,
  reply_not_found: 404,
  secret_unreadable: 409,
  signature_expired: 401,
  signature_invalid: 401,
  signature_missing: 401,
  streams_exceeded: 429,
  token_invalid: 401,
  token_missing: 401,
  unsubscribe_invalid: 404,
  unexpected: 500,
  user_keys_unavailable: 503,
};

const challenges: Partial<Record<ErrorCode, string>> = {
  operator_missing: 'Bearer realm="zeropoll operators"',
  permission_missing: 'Bearer realm="zeropoll", error="insufficient_scope"',
  token_missing: 'Bearer realm="zeropoll"',
  token_invalid: 'Bearer realm="zeropoll", error="invalid_token"',
};

/** Answers whatever a handler threw. */
export const answerProblem: ErrorHandler<AppEnv> = (error, c) => {
  return problem(c, error instanceof AppError ? error : unexpected(error));
};

/** Answers a path that nothing is mounted at, or not for this method. */
export function answerUnknown(app: Hono<AppEnv>): NotFoundHandler<AppEnv> {
  return (c) => {
    const allowed = methodsAt(app, c.req.path);
    if (allowed.length === 0) {
      return problem(c, new RequestError("not_found", `Cannot find ${c.req.path}`));
    }
    const error = new RequestError(
      "method_not_allowed",
      `Cannot ${c.req.method} ${c.req.path}: it takes ${allowed.join(", ")}`,
    );
    return problem(c, error, { Allow: allowed.join(", ") });
  };
}

function problem(c: Context<AppEnv>, error: AppError, headers: Record<string, string> = {}) {
  const { attempts, code, fields, retryAfterMs } = error;
  const status = problemStatuses[code];
  const { clock, config } = c.var.deps;
  const answers = answersOf(error);
  const body = {
    type: `${config.publicUrl}/docs#${code}`,
    title: errorTitles[code],
    status,
    detail: error.message,
    instance: c.req.path,
    code,
    requestId: c.var.requestId,
    ...(fields && { fields }),
    ...(attempts !== undefined && { attempts }),
    ...(answers && { "violated-policies": violatedPolicies(answers) }),
  };
  const challenge = challenges[code];
  // Set on the response, not through c.json: 489 is no status that Hono's types know.
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      ...(retryAfterMs !== undefined && { "Retry-After": `${Math.ceil(retryAfterMs / 1_000)}` }),
      ...(answers && limitHeaders(answers, clock.now())),
      ...(challenge && { "WWW-Authenticate": challenge }),
      ...(status === NO_MORE_RETRIES && { "Upstash-NonRetryable-Error": "true" }),
      ...headers,
    },
  });
}

function answersOf(error: AppError): readonly LimitAnswer[] | undefined {
  const isLimit = error instanceof LimitExceededError || error instanceof LimitUnavailableError;
  return isLimit ? error.answers : undefined;
}

function unexpected(cause: unknown): AppError {
  return new RequestError("unexpected", "Cannot complete the request: the log says why", { cause });
}

function methodsAt(app: Hono<AppEnv>, path: string): string[] {
  const known = [...new Set(app.routes.map(({ method }) => method))].filter((m) => m !== "ALL");
  return known.filter((method) =>
    // Middleware is mounted for every method; only a handler is mounted for one.
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method)
  );
}
