/**
 * The dead-letter queue: messages whose attempts are used up.
 *
 * @module
 */
import type { DevClock } from "../clock.ts";
import type { DeadLetter, DeliveryResponse, Message } from "./model.ts";

const DAY_MS = 86_400_000;

export class DeadLetters {
  readonly #letters = new Map<string, DeadLetter>();
  #sequence = 0;

  constructor(readonly clock: DevClock, readonly retentionDays: number) {}

  add(message: Message, response: DeliveryResponse): DeadLetter {
    const failedAt = this.clock.now();
    const sequence = this.#sequence++;
    const letter = { dlqId: `${failedAt}-${sequence}`, sequence, message, response, failedAt };
    this.#letters.set(letter.dlqId, letter);
    return letter;
  }

  get(dlqId: string): DeadLetter | undefined {
    this.#drop();
    return this.#letters.get(dlqId);
  }

  /** False when there is no such entry. */
  delete(dlqId: string): boolean {
    return this.#letters.delete(dlqId);
  }

  newestFirst(): DeadLetter[] {
    this.#drop();
    return [...this.#letters.values()].reverse();
  }

  #drop(): void {
    const before = this.clock.now() - this.retentionDays * DAY_MS;
    for (const letter of this.#letters.values()) {
      if (letter.failedAt >= before) return;
      this.#letters.delete(letter.dlqId);
    }
  }
}
