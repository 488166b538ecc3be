/**
 * The outside, narrowed to what Zeropoll asks of it.
 *
 * Core knows these interfaces alone; adapters fill them with a vendor's package. Nothing
 * here reads a clock, the environment or a global.
 *
 * @module
 */
import type { DeadLetter } from "./contracts/dead_letter.ts";

/** Time, in epoch ms. */
export interface Clock {
  now(): number;
}

/** Resolves once `ms` have passed, or a little later. */
export type Sleep = (ms: number) => Promise<void>;

/** Random identifiers. */
export interface Ids {
  /** At least 96 random bits, of `[0-9a-z]`. */
  random(): string;
}

/** What a log line says besides its event, flat. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** One line of JSON for each event; `event` is `noun.verb`. Never a payload, a token, or a URL with a query. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** A command's name and arguments. */
export type RedisCommand = readonly [name: string, ...args: (string | number)[]];
/** A reply, typed as RESP2 has it. */
export type RedisValue = null | number | string | RedisValue[];

/** What one request asked of Redis: counted by command, as it is billed. */
export interface RedisTally {
  commands: number;
  reads: number;
  writes: number;
  /** HTTP requests, a repeated one counted again. */
  requests: number;
  /** Time spent waiting for Redis, in ms. */
  waitedMs: number;
}

export interface RedisCallOptions {
  /**
   * The caller knows that sending these commands twice does no harm, so a lost reply may be
   * answered by sending them again. Default: looked up; reads and absolute writes are repeatable.
   */
  repeatable?: boolean;
  /** How long the call may take, its retries included, in ms; for large replies. Default: 1,500. */
  timeoutMs?: number;
  /** The largest answer that the caller has memory for, in bytes; a larger one is a `RedisSizeError`. Default: no limit. */
  mostBytes?: number;
  /** How many commands the scripts in this call run inside, for the tally: Upstash bills them one by one. Default: 0. */
  innerCommands?: number;
}

/**
 * Redis over REST. A call either resolves, or throws `RedisUnavailableError` (it may have been
 * applied), `CircuitOpenError` (it was not sent), `RedisCommandError` (Redis answered with an
 * error) or `CommandRefusedError` (it was not sent).
 */
export interface Redis {
  /** One command in one round trip. */
  run(command: RedisCommand, options?: RedisCallOptions): Promise<RedisValue>;
  /** Several commands in one round trip, in order, not atomic. Throws on the first that failed. */
  pipeline(commands: readonly RedisCommand[], options?: RedisCallOptions): Promise<RedisValue[]>;
  /** Several commands in one round trip, all or nothing. */
  transaction(commands: readonly RedisCommand[], options?: RedisCallOptions): Promise<RedisValue[]>;
  /**
   * Listens to a channel. Resolves once Redis has confirmed it: what is published from then on
   * arrives. The messages end when the connection does, and nothing tells why; whoever needs all of
   * them subscribes again and reads what it missed elsewhere. One command. `signal` closes it.
   */
  subscribe(channel: string, options: { signal: AbortSignal }): Promise<AsyncIterable<string>>;
  /** The same Redis, counting into `tally`. */
  tallied(tally: RedisTally): Redis;
}

/** How many deliveries of one key may go out: `rate` in each `periodSeconds`, `parallelism` at once. */
export interface FlowControl {
  key: string;
  rate?: number;
  /** Default: 1. */
  periodSeconds?: number;
  parallelism?: number;
}

/** How a message is delivered, whether published or scheduled. */
export interface Delivery {
  url: string;
  body: string;
  label: string;
  /** Redeliveries after the first attempt. */
  retries: number;
  /** QStash's expression for the wait before retry number `retried`, in ms. */
  retryDelay?: string;
  timeoutMs: number;
  flowControl?: FlowControl;
  failureCallbackUrl?: string;
}

export interface Publication extends Delivery {
  /** Equal ids within 10 minutes are one message. No colon. */
  deduplicationId: string;
  /** Epoch ms, rounded up to whole seconds; absent or past means now. */
  notBefore?: number;
}

export interface Published {
  messageId: string;
  deduplicated: boolean;
}

export type QueueState =
  | "CREATED"
  | "ACTIVE"
  | "RETRY"
  | "ERROR"
  | "DELIVERED"
  | "FAILED"
  | "CANCEL_REQUESTED"
  | "CANCELED";

/** One line of QStash's log. */
export interface QueueEvent {
  at: number;
  messageId: string;
  state: QueueState;
  url: string;
  body?: string;
  error?: string;
  /** What the endpoint answered, where the delivery failed. */
  answer?: string;
  nextDeliveryAt?: number;
}

/** A message that QStash gave up on, as it keeps it. */
export interface QueueDeadLetter {
  id: string;
  messageId: string;
  url: string;
  body: string;
  label?: string;
  /** Deliveries made. */
  attempts: number;
  responseStatus: number;
  responseBody: string;
  createdAt: number;
  /** When QStash gave up. */
  failedAt: number;
}

export interface QueueSchedule extends Delivery {
  id: string;
  /** Five fields, with an optional `CRON_TZ=<zone> ` before them. */
  cron: string;
}

/** QStash. A call resolves, or throws `QueueUnavailableError` or `QueueRejectedError`. */
export interface Queue {
  publish(publication: Publication): Promise<Published>;
  /** One request; the answers are in order. All are accepted or none. */
  publishMany(publications: readonly Publication[]): Promise<Published[]>;
  /** Cancels what carries the label and has not ended; resolves to how many messages that were. */
  cancel(label: string): Promise<number>;
  /**
   * A page of the log of all messages, newest first: when and with what each was created. QStash keeps
   * it as long as the rest of its log.
   */
  created(cursor?: string): Promise<{ events: QueueEvent[]; cursor?: string }>;
  /**
   * The log of the messages that carry the label, newest first. QStash keeps it 3 days on the free
   * plan. One request for each of at most `pages` of 100 lines. Default: 10.
   */
  history(label: string, options?: { pages?: number }): Promise<QueueEvent[]>;
  deadLetters(cursor?: string): Promise<{ letters: QueueDeadLetter[]; cursor?: string }>;
  removeDeadLetter(id: string): Promise<void>;
  /** Removes at most 100, in one request; those that are not there any more are gone. */
  removeDeadLetters(ids: readonly string[]): Promise<void>;
  schedules(): Promise<QueueSchedule[]>;
  /** Creates the schedule, or replaces the one with its id. */
  putSchedule(schedule: QueueSchedule): Promise<void>;
  removeSchedule(id: string): Promise<void>;
}

/** Tells QStash's deliveries from forged ones. */
export interface DeliveryVerifier {
  /**
   * Resolves when `signature` covers exactly this body and URL, and is still valid: to the
   * signature's own id, another for each delivery, if it has one. What is signed is bytes: a text
   * stands for its UTF-8; a function gives them, and is called only where the rest is right.
   *
   * @throws {RequestError} `signature_invalid` or `signature_expired`
   */
  verify(
    delivery: {
      signature: string;
      body: string | Uint8Array | (() => Promise<Uint8Array>);
      url: string;
    },
  ): Promise<{ id?: string }>;
}

/** A parameter. A list or an object goes as JSON text, cast in the SQL: `$1::text::jsonb`. */
export type SqlValue = string | number | boolean | null;

/**
 * Postgres, in plain SQL. A call resolves, or throws `PostgresUnavailableError` (it may have been
 * applied) or `PostgresQueryError` (Postgres refused it).
 */
export interface Sql {
  /**
   * The rows of one statement, with `$1` for its first parameter; without parameters it may be
   * several statements. Columns of json come parsed, of date and time as `Date`, bigint and
   * numeric as text.
   */
  query<Row = Record<string, unknown>>(text: string, params?: readonly SqlValue[]): Promise<Row[]>;
  /**
   * Runs `work` in a transaction: committed when it resolves, rolled back when it throws. Only the
   * `sql` that it is handed is inside; a transaction of that one is a savepoint.
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
}

/** Postgres with its connections, which are opened by the first call. */
export interface Database extends Sql {
  /** The same for one request, which closes it at its end. */
  session(): Database;
  /** Ends its own connections; never throws. */
  close(): Promise<void>;
}

/** Which users' tokens are ours, among all that the same keys sign; a rule that is absent is not looked at. */
export interface UserTokenRules {
  /** `iss` must be one of these, letter by letter. */
  issuers?: readonly string[];
  /** `aud` must be or hold one of these, or `azp` be one of `parties`. */
  audiences?: readonly string[];
  /** For issuers that name the application in `azp`. */
  parties?: readonly string[];
  /** Whether a token must say when it ends. Default: true. */
  requireExp?: boolean;
}

/** Tells who a user is by the token that they carry. */
export interface UserTokens {
  /** Resolves to the token's subject. @throws {RequestError} `token_invalid` */
  verify(token: string): Promise<string>;
}

/** A mail to one person. */
export interface Mail {
  /** `Name <address>`, or the address alone. */
  from: string;
  to: string;
  subject: string;
  html: string;
  text: string;
  headers?: Readonly<Record<string, string>>;
}

/**
 * A provider that sends mail. A call resolves once the provider has accepted it, or throws
 * `MailUnavailableError` (it may have been accepted, unless `isLimited`), `MailRefusedError` or
 * `MailRejectedError` (it was not).
 */
export interface Mailer {
  /**
   * Sends the mail once for each key, for as long as the provider remembers it (Resend: 24 hours).
   * `id` is the provider's; absent where the key was used for a mail of other content before, which
   * was accepted then.
   */
  send(mail: Mail, idempotencyKey: string): Promise<{ id?: string }>;
}

/** One turn of a conversation with a model. */
export interface LlmMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface LlmRequest {
  messages: readonly LlmMessage[];
  /** Default: the adapter's. */
  model?: string;
  /** Default: the model's own. */
  maxTokens?: number;
  /** The same for the same person, and no name of theirs; for the provider's abuse checks. */
  user?: string;
  /** The answer is one JSON object; the messages must say so, and of what shape. Default: false. */
  json?: boolean;
}

/**
 * A language model. What it says may come late, or break off: `LlmUnavailableError` (it may answer
 * later) or `LlmRejectedError` (it never will answer this). Their messages hold nothing of the
 * conversation.
 */
export interface Llm {
  /**
   * Streams the answer piece by piece, no faster than it is read; what came before an error was
   * said. `signal` ends it at the provider, too, and then the iteration just ends. `onSign` hears
   * whenever the model is at work, if without a word. An answer that is not whole ends with
   * `LlmIncompleteError`.
   */
  stream(
    request: LlmRequest,
    options: { signal: AbortSignal; onSign?: () => void },
  ): AsyncIterable<string>;
  /**
   * The whole answer, for those who cannot use a part of it: one that does not fit into `maxTokens`,
   * or that the provider withholds, is rejected. What an answer in JSON holds is the caller's to
   * check. Rejects with the reason of `signal` when that aborts.
   */
  complete(request: LlmRequest, options: { signal: AbortSignal }): Promise<string>;
}

/** Where jobs that failed for good are kept. */
export interface DeadLetters {
  /** Keeps the letter; one with the same id and generation is kept once. */
  save(letter: DeadLetter): Promise<void>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** Newest first. */
  list(
    options?: { cursor?: string; limit?: number },
  ): Promise<{ letters: DeadLetter[]; cursor?: string }>;
  remove(id: string): Promise<void>;
  /** Removes several, at most 100. */
  removeMany(ids: readonly string[]): Promise<void>;
}
