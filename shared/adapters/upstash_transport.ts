/**
 * One way to Upstash Redis for everybody: timeout, safe retry, breaker, refusals and tally.
 *
 * The port and the vendor's SDK both stand on it. Nothing is batched across callers, and no
 * error text holds an argument or the token. On workerd it may outlive requests: it keeps
 * the breaker and the sync token, both plain data.
 *
 * @module
 */
import { type Breaker, createBreaker } from "../core/breaker.ts";
import { assertAllowed, billOf, commandName, isRepeatable } from "../core/redis_policy.ts";
import { RedisSizeError, RedisUnavailableError } from "../errors.ts";
import type { Clock, RedisCallOptions, RedisCommand, RedisTally, RedisValue } from "../ports.ts";
import { textWithin } from "./text_within.ts";
import { readSubscription, type Subscription } from "./upstash_subscription.ts";

export interface UpstashTransportOptions {
  /** The REST URL, without a trailing slash. */
  url: string;
  token: string;
  clock: Clock;
  /** How long one call may take, its retries included, in ms. Default: 1,500. */
  timeoutMs?: number;
  /** No call is given less than so many ms, whatever it asks for. Default: 0. */
  leastTimeoutMs?: number;
  /** Further tries of a call that may be repeated. Default: 2. */
  retries?: number;
  /** Default: 5 failures open it for 30 s. */
  breaker?: Breaker;
  /** Default: the platform's. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** How commands travel together: alone, in order, or all or nothing. */
export type RedisForm = "command" | "pipeline" | "transaction";

/** One command's answer, as Redis gave it. */
export type RedisReply = { result: RedisValue; error?: undefined } | { error: string };

export interface UpstashTransport {
  /**
   * Sends commands in one request. One reply each; a transaction that was discarded answers a
   * single error for all of them.
   *
   * @throws {RedisUnavailableError | CircuitOpenError | CommandRefusedError | RedisSizeError}
   */
  send(
    form: RedisForm,
    commands: readonly RedisCommand[],
    options?: RedisCallOptions & { tally?: RedisTally },
  ): Promise<RedisReply[]>;
  /**
   * Listens to a channel; resolves once Redis has confirmed it. Where `signal` aborts before that,
   * it resolves all the same, to no message at all.
   *
   * @throws {RedisUnavailableError | CircuitOpenError}
   */
  subscribe(
    channel: string,
    options: { signal: AbortSignal; tally?: RedisTally },
  ): Promise<AsyncIterable<string>>;
}

interface CallLimits {
  limitMs: number;
  mostBytes: number;
}

const paths: Readonly<Record<RedisForm, string>> = {
  command: "/",
  pipeline: "/pipeline",
  transaction: "/multi-exec",
};

/** Answered with 400 and in words, but it means that nothing will be answered for now. */
const QUOTA_USED_UP = /max (daily )?requests? limit exceeded/i;
const FIRST_WAIT_MS = 20;

/** Makes the transport; one for each database and isolate. */
export function createUpstashTransport(options: UpstashTransportOptions): UpstashTransport {
  const { url, token, clock, leastTimeoutMs = 0, retries = 2 } = options;
  const timeoutMs = Math.max(options.timeoutMs ?? 1_500, leastTimeoutMs);
  const breaker = options.breaker ?? createBreaker({ dependency: "redis", clock });
  // Called as a bare function: workerd refuses fetch with another `this`.
  const fetch = options.fetch ?? ((to: string, init: RequestInit) => globalThis.fetch(to, init));
  let syncToken = "";

  async function attempt(
    path: string,
    body: string,
    what: string,
    signal: AbortSignal,
    { limitMs, mostBytes }: CallLimits,
    repeat: number,
  ) {
    try {
      const response = await fetch(url + path, {
        method: "POST",
        headers: {
          "authorization": `Bearer ${token}`,
          "content-type": "application/json",
          ...(syncToken !== "" && { "upstash-sync-token": syncToken }),
          // As the vendor's client says it: this was sent before, and the answer did not come.
          ...(repeat > 0 && { "upstash-telemetry-retry": String(repeat) }),
        },
        body,
        signal,
      });
      const text = await textWithin(response, { mostBytes, signal });
      syncToken = response.headers.get("upstash-sync-token") ?? syncToken;
      if (text === undefined) {
        throw new RedisSizeError(`Cannot run ${what}: the answer exceeds ${mostBytes} bytes`);
      }
      if (response.status >= 500) throw unavailable(what, `it answered ${response.status}`);
      return { status: response.status, replies: parseReplies(text, what) };
    } catch (error) {
      if (error instanceof RedisUnavailableError || error instanceof RedisSizeError) throw error;
      if (signal.aborted) {
        const message = `Cannot run ${what}: no answer within ${limitMs} ms`;
        throw new RedisUnavailableError(message, { isTimeout: true });
      }
      throw unavailable(what, "the connection failed", error);
    }
  }

  /** Sends until there is an answer, at most `tries` times and within the timeout. */
  async function sendUntilAnswered(
    form: RedisForm,
    commands: readonly RedisCommand[],
    tries: number,
    limits: CallLimits,
    count: () => void,
  ) {
    const body = JSON.stringify(form === "command" ? commands[0] : commands);
    const what = describe(commands);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), limits.limitMs);
    try {
      for (let left = tries - 1, waitMs = FIRST_WAIT_MS;; left--, waitMs *= 3) {
        count();
        const repeat = tries - 1 - left;
        const answer = await attempt(paths[form], body, what, controller.signal, limits, repeat)
          .catch((error) => {
            const isFinal = error instanceof RedisSizeError;
            if (isFinal || left <= 0 || controller.signal.aborted) throw error;
          });
        if (answer) return answer;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async function exchange(
    form: RedisForm,
    commands: readonly RedisCommand[],
    tries: number,
    limits: CallLimits,
    count: () => void,
  ): Promise<RedisReply[]> {
    const { status, replies } = await sendUntilAnswered(form, commands, tries, limits, count);
    const isUsedUp = replies.some(({ error }) => error !== undefined && QUOTA_USED_UP.test(error));
    if (isUsedUp || status === 429) {
      throw unavailable(describe(commands), "the plan's commands are used up");
    }
    if (form === "transaction" && replies.length === 1) return commands.map(() => replies[0]);
    if (replies.length !== commands.length) {
      throw unavailable(describe(commands), "it answered another number of commands");
    }
    return replies;
  }

  /** Opens the event stream; it is cut off with `signal`. */
  async function listen(channel: string, signal: AbortSignal): Promise<Subscription | undefined> {
    const opening = new AbortController();
    const stop = () => opening.abort();
    const timer = setTimeout(stop, timeoutMs);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const response = await fetch(`${url}/subscribe/${encodeURIComponent(channel)}`, {
        method: "POST",
        headers: { "authorization": `Bearer ${token}`, "accept": "text/event-stream" },
        signal: opening.signal,
      });
      if (response.status !== 200 || response.body === null) {
        await response.body?.cancel();
        throw unavailable("SUBSCRIBE", `it answered ${response.status}`);
      }
      const subscription = readSubscription(response.body, {
        channel,
        signal: opening.signal,
      });
      if (await subscription.confirmed) return subscription;
      throw unavailable("SUBSCRIBE", "the connection ended");
    } catch (error) {
      // Whoever asked has gone: that says nothing about Redis.
      if (signal.aborted) return undefined;
      if (opening.signal.aborted) {
        throw unavailable("SUBSCRIBE", `no answer within ${timeoutMs} ms`);
      }
      if (error instanceof RedisUnavailableError) throw error;
      throw unavailable("SUBSCRIBE", "the connection failed", error);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async subscribe(channel, { signal, tally }) {
      if (signal.aborted) return none;
      const startedAt = clock.now();
      try {
        const subscription = await breaker.guard(() => {
          if (tally) add(tally, [["SUBSCRIBE", channel]], 0);
          return listen(channel, signal);
        }, (error) => error instanceof RedisUnavailableError);
        return subscription?.payloads ?? none;
      } finally {
        if (tally) tally.waitedMs += clock.now() - startedAt;
      }
    },
    async send(form, commands, options = {}) {
      const { repeatable, innerCommands = 0, tally } = options;
      const { mostBytes = Infinity } = options;
      const limitMs = Math.max(options.timeoutMs ?? timeoutMs, leastTimeoutMs);
      if (commands.length === 0) return [];
      commands.forEach(assertAllowed);
      const tries = repeatable ?? commands.every(isRepeatable) ? retries + 1 : 1;
      const startedAt = clock.now();
      try {
        return await breaker.guard(
          () =>
            exchange(
              form,
              commands,
              tries,
              { limitMs, mostBytes },
              () => tally && add(tally, commands, innerCommands),
            ),
          (error) => {
            if (!(error instanceof RedisUnavailableError)) return false;
            // Who waits for less than others cannot tell that Redis is away for them as well.
            return error.isTimeout && limitMs < timeoutMs ? undefined : true;
          },
        );
      } finally {
        if (tally) tally.waitedMs += clock.now() - startedAt;
      }
    },
  };
}

/** What someone hears who left before there was anything. */
const none: AsyncIterable<string> = {
  [Symbol.asyncIterator]: () => ({
    next: () => Promise.resolve({ done: true, value: undefined }),
  }),
};

/** Counts one sending. A repeat counts again: what was lost may have been the reply alone. */
function add(tally: RedisTally, commands: readonly RedisCommand[], innerCommands: number): void {
  tally.requests++;
  tally.commands += innerCommands;
  for (const command of commands) {
    const bill = billOf(command);
    tally.commands += bill.commands;
    tally.reads += bill.reads;
    tally.writes += bill.writes;
  }
}

function parseReplies(text: string, what: string): RedisReply[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's message quotes the body, which may hold values.
    throw unavailable(what, "its answer is not JSON");
  }
  return (Array.isArray(parsed) ? parsed : [parsed]).map((item): RedisReply => {
    if (typeof item?.error === "string") return { error: item.error };
    if (item?.result === undefined) throw unavailable(what, "its answer is not a reply");
    return { result: item.result };
  });
}

function describe(commands: readonly RedisCommand[]): string {
  const name = commandName(commands[0]);
  return commands.length === 1 ? name : `${name} and ${commands.length - 1} more`;
}

function unavailable(what: string, because: string, cause?: unknown): RedisUnavailableError {
  return new RedisUnavailableError(
    `Cannot run ${what}: ${because}`,
    cause === undefined ? undefined : { cause },
  );
}
