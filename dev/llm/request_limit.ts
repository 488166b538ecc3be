/**
 * How many requests a minute may see: a bucket that fills evenly, on the server's clock.
 *
 * @module
 */

const MINUTE_MS = 60_000;

export class RequestLimit {
  #left: number;
  #at = 0;

  constructor(readonly perMinute: number) {
    if (!Number.isSafeInteger(perMinute) || perMinute < 1) {
      throw new RangeError(
        `Cannot limit requests: requestsPerMinute must be a positive integer, got ${perMinute}`,
      );
    }
    this.#left = perMinute;
  }

  /** Takes one, if there is one. `headers` are the provider's own, in its notation. */
  take(now: number): { allowed: boolean; headers: Record<string, string> } {
    const { perMinute } = this;
    const perMs = perMinute / MINUTE_MS;
    this.#left = Math.min(perMinute, this.#left + (now - this.#at) * perMs);
    this.#at = now;
    const allowed = this.#left >= 1;
    if (allowed) this.#left--;
    const waitMs = Math.ceil((1 - this.#left) / perMs);
    return {
      allowed,
      headers: {
        "x-ratelimit-limit-requests": String(perMinute),
        "x-ratelimit-remaining-requests": String(Math.floor(this.#left)),
        "x-ratelimit-reset-requests": durationOf(Math.ceil((perMinute - this.#left) / perMs)),
        ...(!allowed && {
          "retry-after": String(Math.ceil(waitMs / 1_000)),
          "retry-after-ms": String(waitMs),
        }),
      },
    };
  }
}

/** As in `20ms`, `1.5s`, `1m12s`. */
function durationOf(ms: number): string {
  if (ms < 1_000) return `${ms}ms`;
  const minutes = Math.floor(ms / MINUTE_MS);
  const seconds = `${Math.round(ms % MINUTE_MS) / 1_000}s`;
  return minutes === 0 ? seconds : `${minutes}m${seconds}`;
}
