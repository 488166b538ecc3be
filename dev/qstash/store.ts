/**
 * The messages of the server, and the deduplication ids of the last ten minutes.
 *
 * A message that has ended stays readable for ten minutes.
 *
 * @module
 */
import type { DevClock } from "../clock.ts";
import type { Message } from "./model.ts";

const KEEP_ENDED_MS = 10 * 60_000;
const DEDUPLICATION_WINDOW_MS = 10 * 60_000;

export class MessageStore {
  readonly #messages = new Map<string, Message>();
  /** In the order in which they ended. */
  readonly #ended = new Map<string, Message>();
  readonly #deduplicated = new Map<string, { messageId: string; until: number }>();

  constructor(readonly clock: DevClock) {}

  add(message: Message): void {
    this.#dropEnded();
    this.#messages.set(message.id, message);
  }

  get(id: string): Message | undefined {
    this.#dropEnded();
    return this.#messages.get(id);
  }

  /** All of them, the oldest first; those that ended lately included. */
  all(): Message[] {
    this.#dropEnded();
    return [...this.#messages.values()];
  }

  /** Says that `message` has reached its last state. */
  end(message: Message): void {
    message.endedAt = this.clock.now();
    this.#ended.set(message.id, message);
  }

  /** The message that was accepted under this deduplication key within the window. */
  findDuplicate(key: string): string | undefined {
    const now = this.clock.now();
    for (const [oldest, { until }] of this.#deduplicated) {
      if (until > now) break;
      this.#deduplicated.delete(oldest);
    }
    return this.#deduplicated.get(key)?.messageId;
  }

  rememberDuplicate(key: string, messageId: string): void {
    this.#deduplicated.set(key, {
      messageId,
      until: this.clock.now() + DEDUPLICATION_WINDOW_MS,
    });
  }

  #dropEnded(): void {
    const before = this.clock.now() - KEEP_ENDED_MS;
    for (const [id, message] of this.#ended) {
      if ((message.endedAt ?? 0) >= before) return;
      this.#ended.delete(id);
      this.#messages.delete(id);
    }
  }
}
