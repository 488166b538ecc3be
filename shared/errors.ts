/**
 * Failures that a caller can act on, each with a stable code.
 *
 * Misuse of the library throws `TypeError` or `RangeError` instead. Only
 * `functions/middleware/problem.ts` turns a code into an HTTP status.
 *
 * @module
 */

import { startOf } from "./contracts/text.ts";
import type { LimitAnswer } from "./contracts/limit.ts";

/** Every code, with the title people see. Codes are part of the API: they are added, never renamed. */
export const errorTitles = {
  body_invalid: "The request body is not valid",
  body_malformed: "The request body is not JSON",
  body_too_large: "The request body is too large",
  booking_refused: "This caller may not report bookings",
  charset_unsupported: "The request body's charset is not supported",
  circuit_open: "A dependency is resting after repeated failures",
  conversation_not_found: "There is no such conversation",
  command_refused: "This Redis command is refused",
  delay_unsupported: "This delay is not supported",
  delivery_in_progress: "Another delivery of this job is still running",
  job_failed: "The job's attempt failed",
  job_failed_for_good: "The job failed, and will not be tried again",
  job_internal: "This job is not for callers",
  job_not_found: "There is no such job",
  job_unknown: "There is no job of this name",
  lease_lost: "The attempt outlived its lease",
  feed_cursor_gone: "The ranking that the cursor leads to is gone: start anew",
  feed_event_too_late: "The event's day is no longer counted",
  feed_kind_unknown: "There is no kind of listing of this name",
  limit_exceeded: "The rate limit is used up for now",
  limit_unavailable: "The rate limit cannot be checked",
  limit_unknown: "There is no limit of this name",
  llm_rejected: "The language model rejected the request",
  llm_unavailable: "The language model cannot answer",
  mail_refused: "The mail provider refused the address",
  mail_rejected: "The mail provider rejected the mail",
  mail_unavailable: "The mail provider cannot take mail",
  method_not_allowed: "This address does not take that method",
  not_configured: "This part is switched off: a setting is missing",
  not_found: "There is nothing here",
  notification_unknown: "There is no notification event of this name",
  operator_missing: "An operator must sign in",
  overloaded: "There is no memory for more at this moment",
  origin_refused: "Pages of this origin may not call",
  payload_rejected: "The job refused its payload",
  permission_missing: "The operator lacks the permission",
  postgres_busy: "Every connection to Postgres is in use",
  postgres_query_failed: "Postgres refused a statement",
  postgres_unavailable: "Postgres cannot be reached",
  queue_rejected: "QStash refused the request",
  queue_unavailable: "QStash cannot be reached",
  redis_command_failed: "Redis answered with an error",
  redis_unavailable: "Redis cannot be reached",
  reply_not_found: "There is no such reply",
  replay_refused: "This dead letter cannot be replayed",
  secret_unreadable: "A secret cannot be decrypted",
  signature_expired: "The signature has expired",
  signature_invalid: "The signature is not valid",
  signature_missing: "The signature is missing",
  streams_exceeded: "Too many streams are open at once",
  token_invalid: "The token is not valid",
  token_missing: "A token is required",
  unsubscribe_invalid: "This unsubscribe link is not valid",
  user_keys_unavailable: "The keys of users' tokens cannot be reached",
  unexpected: "Something unexpected happened",
} as const;

export type ErrorCode = keyof typeof errorTitles;

/** One field that was refused: `path` as in `input.commits[0].id`. */
export interface FieldFault {
  readonly path: string;
  readonly message: string;
}

/** A failure that a caller can act on. `retryable` says whether the same call may succeed later. */
export abstract class AppError extends Error {
  abstract readonly code: ErrorCode;
  abstract readonly retryable: boolean;
  /** How long to wait before another try, in ms, where that is known. */
  readonly retryAfterMs?: number;
  /** Runs that a job has had, where one of them failed. */
  readonly attempts?: number;
  /** The fields at fault, where the failure is the input's. */
  readonly fields?: readonly FieldFault[];
}

/** An input that does not fit its schema. */
export class BodyInvalidError extends AppError {
  override readonly name = "BodyInvalidError";
  override readonly code: ErrorCode = "body_invalid";
  override readonly retryable = false;
  constructor(override readonly fields: readonly FieldFault[], what = "body") {
    super(`Cannot accept the ${what}: ${fields.map((f) => `${f.path}: ${f.message}`).join("; ")}`);
  }
}

/** As many names as a message has room for. */
function namesText(names: readonly string[]): string {
  const shown = names.filter((_, index) => names.slice(0, index + 1).join(", ").length <= 140);
  const more = names.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more, see /docs` : ""}`;
}

/** No job has this name. */
export class UnknownJobError extends AppError {
  override readonly name = "UnknownJobError";
  override readonly code = "job_unknown";
  override readonly retryable = false;
  constructor(readonly job: string, known: readonly string[]) {
    super(`Cannot find a job named "${startOf(job, 64)}": known are ${namesText(known)}`);
  }
}

/** The job is enqueued by other jobs or by the app itself, never by a caller. */
export class JobInternalError extends AppError {
  override readonly name = "JobInternalError";
  override readonly code = "job_internal";
  override readonly retryable = false;
  override readonly fields: readonly FieldFault[];
  /** `path` is where the caller named it. */
  constructor(readonly job: string, path: string) {
    super(`Cannot enqueue ${job}: it is an inner job, which other jobs or the app itself enqueue`);
    this.fields = [{ path, message: "is an inner job" }];
  }
}

/** A delay or a moment that the queue would not take. */
export class UnsupportedDelayError extends AppError {
  override readonly name = "UnsupportedDelayError";
  override readonly code = "delay_unsupported";
  override readonly retryable = false;
  override readonly fields: readonly FieldFault[];
  constructor(path: string, message: string) {
    super(`Cannot delay the job: ${message}`);
    this.fields = [{ path, message }];
  }
}

/** Redis did not answer, or not in time; the command may or may not have been applied. */
export class RedisUnavailableError extends AppError {
  override readonly name = "RedisUnavailableError";
  override readonly code = "redis_unavailable";
  override readonly retryable = true;
  override readonly retryAfterMs = 5_000;
  /** Whether the caller waited for no longer. */
  readonly isTimeout: boolean;
  constructor(message: string, options: { cause?: unknown; isTimeout?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.isTimeout = options.isTimeout ?? false;
  }
}

/** Redis answered a command with an error. */
export class RedisCommandError extends AppError {
  override readonly name: string = "RedisCommandError";
  override readonly code = "redis_command_failed";
  override readonly retryable = false;
}

/** The reply, or the command, is larger than Redis sends or the caller takes: ask for less. */
export class RedisSizeError extends RedisCommandError {
  override readonly name = "RedisSizeError";
}

/** The command is on the refusal list and was never sent. */
export class CommandRefusedError extends AppError {
  override readonly name = "CommandRefusedError";
  override readonly code = "command_refused";
  override readonly retryable = false;
  constructor(readonly command: string) {
    super(`Cannot run "${command}": it is on the refusal list`);
  }
}

/** Postgres did not answer, or not in time; the statement may or may not have been applied. */
export class PostgresUnavailableError extends AppError {
  override readonly name: string = "PostgresUnavailableError";
  override readonly code: "postgres_unavailable" | "postgres_busy" = "postgres_unavailable";
  override readonly retryable = true;
  override readonly retryAfterMs: number = 5_000;
  /** As in `57P03`, where Postgres itself said so. */
  readonly sqlState?: string;
  constructor(message: string, options: { cause?: unknown; sqlState?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.sqlState = options.sqlState;
  }
}

/**
 * Every connection of this isolate's pool is in use by others, and has been for too long. Nothing
 * was sent, and it says nothing about Postgres: no breaker counts it.
 */
export class PostgresBusyError extends PostgresUnavailableError {
  override readonly name = "PostgresBusyError";
  override readonly code = "postgres_busy";
  override readonly retryAfterMs = 2_000;
}

/** Postgres refused a statement. The message holds no parameter; `retryable` after a deadlock or the like. */
export class PostgresQueryError extends AppError {
  override readonly name = "PostgresQueryError";
  override readonly code = "postgres_query_failed";
  override readonly retryable: boolean;
  /** `sqlState` as in `23505`; `constraint` is the one that was violated, if it was that. */
  constructor(readonly sqlState: string, message: string, readonly constraint?: string) {
    super(`Cannot run the statement: ${message} (${sqlState})`);
    // Class 40: the transaction was rolled back so that another could go on.
    this.retryable = sqlState.startsWith("40");
  }
}

/** Calls to `dependency` rest until `retryAfterMs` have passed. */
export class CircuitOpenError extends AppError {
  override readonly name = "CircuitOpenError";
  override readonly code = "circuit_open";
  override readonly retryable = true;
  constructor(readonly dependency: string, override readonly retryAfterMs: number) {
    super(`Cannot call "${dependency}": retry after ${retryAfterMs} ms`);
  }
}

/** Whether Postgres is what was away: a run that ends with it is no attempt. */
export function isPostgresAway(error: unknown): error is AppError {
  return error instanceof PostgresUnavailableError ||
    (error instanceof CircuitOpenError && error.dependency === "postgres");
}

/** QStash did not answer; what was sent may have been accepted, so send it with the same dedupeId. */
export class QueueUnavailableError extends AppError {
  override readonly name = "QueueUnavailableError";
  override readonly code = "queue_unavailable";
  override readonly retryable = true;
  override readonly retryAfterMs: number;
  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs ?? 5_000;
  }
}

/** QStash refused what was sent. */
export class QueueRejectedError extends AppError {
  override readonly name = "QueueRejectedError";
  override readonly code = "queue_rejected";
  override readonly retryable = false;
}

/** What was called needs a setting that is not there. */
export class NotConfiguredError extends AppError {
  override readonly name = "NotConfiguredError";
  override readonly code = "not_configured";
  override readonly retryable = false;
  constructor(what: string, readonly settings: readonly string[]) {
    super(`Cannot use ${what}: set ${settings.join(", ")}`);
  }
}

/** A secret was sealed under a key that is not among `SECRET_KEYS`, here and now: put it back, and try again. */
export class SecretUnreadableError extends AppError {
  override readonly name = "SecretUnreadableError";
  override readonly code = "secret_unreadable";
  override readonly retryable = true;
  constructor(what: string, readonly keyId: string) {
    super(`Cannot read the secret ${what}: its key ${keyId} is not among SECRET_KEYS`);
  }
}

/** Thrown by a handler: trying again is of no use, so the job fails now and becomes a dead letter. */
export class NonRetryableError extends AppError {
  override readonly name: string = "NonRetryableError";
  override readonly code: ErrorCode = "job_failed_for_good";
  override readonly retryable = false;
}

/** Redis keeps a day for 7 days after its end: what comes later is not counted. */
export class EventTooLateError extends NonRetryableError {
  override readonly name = "EventTooLateError";
  override readonly code = "feed_event_too_late";
  constructor(events: number) {
    super(`Cannot count ${events} late events: their days ended more than 7 days ago`);
  }
}

/** The attempt ran past its lease, so it may no longer write: a later attempt may be running. */
export class LeaseLostError extends AppError {
  override readonly name = "LeaseLostError";
  override readonly code = "lease_lost";
  override readonly retryable = true;
}

/** The mail provider cannot take mail for now, or the account's settings are wrong: it may take it later. */
export class MailUnavailableError extends AppError {
  override readonly name = "MailUnavailableError";
  override readonly code = "mail_unavailable";
  override readonly retryable = true;
  override readonly retryAfterMs?: number;
  /** True where the provider counted too many requests: it took nothing, and says when to come again. */
  readonly isLimited: boolean;
  constructor(
    message: string,
    options: { cause?: unknown; retryAfterMs?: number; isLimited?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.isLimited = options.isLimited ?? false;
  }
}

/** The mail provider will never deliver to this address. */
export class MailRefusedError extends AppError {
  override readonly name = "MailRefusedError";
  override readonly code = "mail_refused";
  override readonly retryable = false;
}

/** The mail provider found fault with the mail itself: it fails for good, and may be replayed once mended. */
export class MailRejectedError extends NonRetryableError {
  override readonly name = "MailRejectedError";
  override readonly code = "mail_rejected";
}

/** A rate limit is used up for now. */
export class LimitExceededError extends AppError {
  override readonly name = "LimitExceededError";
  override readonly code = "limit_exceeded";
  override readonly retryable = true;
  override readonly retryAfterMs: number;
  /** Those that refused and, where several were checked, those that did not. */
  readonly answers: readonly LimitAnswer[];
  constructor(answers: readonly LimitAnswer[], now: number) {
    const refused = answers.filter(({ allowed }) => !allowed);
    const names = refused.map(({ policy }) => `"${policy.name}"`).join(" and ");
    const retryAfterMs = msUntilRetry(refused, now);
    super(`Cannot go on: the limit ${names} is used up for ${retryAfterMs} ms`);
    this.answers = answers;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A rate limit refuses while it cannot be checked: its policy says so. */
export class LimitUnavailableError extends AppError {
  override readonly name = "LimitUnavailableError";
  override readonly code = "limit_unavailable";
  override readonly retryable = true;
  override readonly retryAfterMs: number;
  /** As in `LimitExceededError`. */
  readonly answers: readonly LimitAnswer[];
  constructor(answers: readonly LimitAnswer[], now: number) {
    const refused = answers.filter(({ because }) => because === "unavailable");
    super(
      `Cannot go on: the limit "${
        refused[0]?.policy.name
      }" cannot be checked, and lets nothing through unchecked`,
    );
    this.answers = answers;
    this.retryAfterMs = msUntilRetry(refused, now);
  }
}

function msUntilRetry(answers: readonly LimitAnswer[], now: number): number {
  return Math.max(1, ...answers.map(({ retryAt = 0 }) => retryAt - now));
}

/** The language model does not answer, breaks off, or counts too many requests. */
export class LlmUnavailableError extends AppError {
  override readonly name = "LlmUnavailableError";
  override readonly code = "llm_unavailable";
  override readonly retryable = true;
  override readonly retryAfterMs?: number;
  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The language model will never answer this request. */
export class LlmRejectedError extends NonRetryableError {
  override readonly name: string = "LlmRejectedError";
  override readonly code = "llm_rejected";
}

/**
 * The language model's answer is not whole, and would not be another time: it was `cut`, as by its
 * longest length, or the provider withholds the rest. What came before was said.
 */
export class LlmIncompleteError extends LlmRejectedError {
  override readonly name = "LlmIncompleteError";
  /** `endedBy` is the provider's own word for it, as in `length` or `content_filter`. */
  constructor(readonly kind: "cut" | "withheld", readonly endedBy: string) {
    const what = kind === "cut" ? "it was cut short" : "the provider withholds it";
    super(`Cannot finish the answer: ${what} (${endedBy})`);
  }
}

/** Every failure with nothing to it but its code. */
export class RequestError extends AppError {
  override readonly name = "RequestError";
  override readonly retryable: boolean;
  override readonly retryAfterMs?: number;
  override readonly attempts?: number;
  constructor(
    override readonly code: ErrorCode,
    message: string,
    options: {
      retryable?: boolean;
      retryAfterMs?: number;
      attempts?: number;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.attempts = options.attempts;
  }
}
