/**
 * How many requests each second saw: fixed windows of 1 s, on the server's clock.
 *
 * A refused request counts like any other, as it does at Resend.
 *
 * @module
 */

/** One second with requests in it. */
export interface RateWindow {
  /** When it began, in epoch ms: a whole second. */
  readonly startAt: number;
  /** Requests that came in it, the refused ones included. */
  readonly requests: number;
  /** Those of them that were over the limit. */
  readonly refused: number;
}

const WINDOW_MS = 1_000;

export class RateWindows {
  readonly #windows: { startAt: number; requests: number; refused: number }[] = [];

  constructor(readonly perSecond: number) {
    if (!Number.isSafeInteger(perSecond) || perSecond < 1) {
      throw new RangeError(
        `Cannot limit requests: ratePerSecond must be a positive integer, got ${perSecond}`,
      );
    }
  }

  /** Counts a request that comes at `now`. */
  take(now: number): { allowed: boolean; remaining: number; resetSeconds: number } {
    const startAt = Math.floor(now / WINDOW_MS) * WINDOW_MS;
    let window = this.#windows.at(-1);
    if (window?.startAt !== startAt) {
      window = { startAt, requests: 0, refused: 0 };
      this.#windows.push(window);
    }
    const allowed = ++window.requests <= this.perSecond;
    if (!allowed) window.refused++;
    return {
      allowed,
      remaining: Math.max(0, this.perSecond - window.requests),
      resetSeconds: Math.ceil((startAt + WINDOW_MS - now) / WINDOW_MS),
    };
  }

  /** The windows that saw a request, the oldest first. */
  list(): RateWindow[] {
    return this.#windows.map((window) => ({ ...window }));
  }

  clear(): void {
    this.#windows.length = 0;
  }
}
