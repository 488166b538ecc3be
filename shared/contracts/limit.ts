/**
 * What a rate limit is, and what is answered to who asks about one.
 *
 * @module
 */

/** How many units someone may take, and how they are counted. Made by `defineLimits`. */
export interface LimitPolicy<Name extends string = string> {
  readonly name: Name;
  /** Units in a window; of a token bucket, those that it holds when it is full. */
  readonly limit: number;
  /** In ms; of a token bucket, how far apart refills are. */
  readonly windowMs: number;
  readonly algorithm: "sliding-window" | "fixed-window" | "token-bucket";
  /** What each refill adds to a token bucket; 0 for windows. */
  readonly refill: number;
  /** Whom it counts, where a route asks. */
  readonly per: "user" | "session" | "address";
  /** While Redis is away: `open` lets through what an isolate would by itself, `closed` refuses. */
  readonly whenAway: "open" | "closed";
  /** Whether an isolate may take several units at once, and spend them by itself. */
  readonly lease: boolean;
  /** Where true, an isolate lets the first half through by itself, and asks Redis only from there on. */
  readonly open?: true;
}

/** How a check of a limit came out. */
export interface LimitAnswer {
  readonly policy: LimitPolicy;
  readonly allowed: boolean;
  readonly limit: number;
  /** Units left, as far as this isolate knows; another may have taken some since. */
  readonly remaining: number;
  /** When the window ends, or the bucket is refilled; epoch ms. */
  readonly resetAt: number;
  /** Refused: the first moment at which the same may pass, if nobody else comes first; epoch ms. */
  readonly retryAt?: number;
  /** True where Redis could not be asked. */
  readonly degraded: boolean;
  /** Refused: `unavailable` by a closed policy while Redis is away, else `exceeded`. */
  readonly because?: "exceeded" | "unavailable";
}

/** One check, as a counter is asked for it. */
export interface LimitRequest {
  policy: LimitPolicy;
  /** What all keys of the policy begin with, and what stands for the identifier in them. */
  prefix: string;
  identifier: string;
  weight: number;
  /** How long it may take, in ms. Default: the counter's own. */
  timeoutMs?: number;
}

/** Counts in Redis, in one round trip; fails as the Redis port does. */
export interface LimitCounter {
  check(request: LimitRequest): Promise<{ allowed: boolean; remaining: number; resetAt: number }>;
}
