/**
 * What was answered to each idempotency key within the last 24 hours.
 *
 * @module
 */
import { MailApiError } from "./api_error.ts";

interface Remembered {
  at: number;
  payload: string;
  /** Absent while the first request still runs. */
  answer?: unknown;
}

const REMEMBERED_MS = 24 * 3_600_000;
const MOST_CHARACTERS = 256;

export class IdempotencyKeys {
  /** By time: the oldest first. */
  readonly #keys = new Map<string, Remembered>();

  /**
   * Resolves what a request with this key is: `undefined` for the first, which has to `finish`, or
   * else what the first was answered.
   *
   * @throws {MailApiError} for a key that is none, that is in use, or that stood for other content
   */
  begin(key: string, payload: string, now: number): unknown {
    if (key === "" || key.length > MOST_CHARACTERS) {
      throw new MailApiError(
        400,
        "invalid_idempotency_key",
        `The key must be between 1-${MOST_CHARACTERS} chars.`,
      );
    }
    this.#forget(now);
    const known = this.#keys.get(key);
    if (!known) {
      this.#keys.set(key, { at: now, payload });
      return undefined;
    }
    if (known.answer === undefined) {
      throw new MailApiError(
        409,
        "concurrent_idempotent_requests",
        "Same idempotency key used while original request is still in progress.",
      );
    }
    if (known.payload !== payload) {
      throw new MailApiError(
        409,
        "invalid_idempotent_request",
        "Same idempotency key used with a different request payload.",
      );
    }
    return known.answer;
  }

  /** Keeps what the first request was answered. */
  finish(key: string, answer: unknown): void {
    const known = this.#keys.get(key);
    if (known) known.answer = answer;
  }

  #forget(now: number): void {
    for (const [key, { at }] of this.#keys) {
      if (now - at < REMEMBERED_MS) return;
      this.#keys.delete(key);
    }
  }
}
