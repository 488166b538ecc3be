/**
 * Counting by @upstash/ratelimit, on our own Redis port instead of the vendor's client.
 *
 * Its own memory, timer, statistics and deny list are off: what an isolate remembers is bounded and
 * exact in core, the timeout is the port's, and a failure is thrown, never let through.
 *
 * @module
 */
import { Ratelimit } from "@upstash/ratelimit";
import type { LimitCounter, LimitPolicy, LimitRequest } from "../contracts/limit.ts";
import { RedisCommandError } from "../errors.ts";
import type { Redis, RedisCommand, RedisTally } from "../ports.ts";

export interface UpstashCounterOptions {
  /** How long a check may take, in ms. Default: 300. */
  timeoutMs?: number;
  /** Where the commands inside the library's scripts are counted. */
  tally?: RedisTally;
}

/** Makes a counter; cheap, so that each request has one on its own Redis. */
export function createUpstashCounter(
  redis: Redis,
  { timeoutMs = 300, tally }: UpstashCounterOptions = {},
): LimitCounter {
  async function run(command: RedisCommand, ms: number): Promise<number[]> {
    const reply = await redis.run(command, { timeoutMs: ms, repeatable: false });
    if (Array.isArray(reply) && reply.every((each) => typeof each === "number")) return reply;
    throw new RedisCommandError(`Cannot check a limit: its script answered something else`);
  }
  /** All that the library asks of a client, as long as everything else is off. */
  const clientWithin = (ms: number) => ({
    evalsha: (hash: string, keys: string[], values: (string | number)[]) =>
      run(["EVALSHA", hash, keys.length, ...keys, ...values], ms),
    eval: (script: string, keys: string[], values: (string | number)[]) =>
      run(["EVAL", script, keys.length, ...keys, ...values], ms),
  });

  return {
    async check(request) {
      const { policy, prefix, identifier, weight } = request;
      const ratelimit = new Ratelimit({
        redis: clientWithin(request.timeoutMs ?? timeoutMs) as never,
        limiter: limiterOf(policy),
        prefix,
        ephemeralCache: false,
        timeout: 0,
        analytics: false,
        enableProtection: false,
        enableTelemetry: false,
      });
      const { success, remaining, reset } = await ratelimit.limit(identifier, { rate: weight });
      if (tally) tally.commands += innerCommands(request, success, remaining);
      return { allowed: success, remaining, resetAt: reset };
    },
  };
}

function limiterOf({ algorithm, limit, refill, windowMs }: LimitPolicy) {
  if (algorithm === "token-bucket") return Ratelimit.tokenBucket(refill, `${windowMs} ms`, limit);
  if (algorithm === "fixed-window") return Ratelimit.fixedWindow(limit, `${windowMs} ms`);
  return Ratelimit.slidingWindow(limit, `${windowMs} ms`);
}

/**
 * What the library's scripts run inside. Where a window before weighs on it, the first check of a
 * window cannot be told from a later one by its answer, and counts one too few.
 */
function innerCommands(
  { policy, weight }: LimitRequest,
  allowed: boolean,
  remaining: number,
): number {
  const isFirst = allowed && remaining === policy.limit - weight;
  if (policy.algorithm === "token-bucket") return allowed ? 3 : 1;
  if (policy.algorithm === "fixed-window") return isFirst ? 2 : 1;
  return allowed ? (isFirst ? 4 : 3) : 2;
}
