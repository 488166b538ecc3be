/**
 * The log: one line for each step of a message, kept as long as the plan keeps it.
 *
 * @module
 */
import type { DevClock } from "../clock.ts";
import type { LogEntry, Message, MessageState } from "./model.ts";

/** A bound on memory: a local server may run for weeks. */
const MAX_ENTRIES = 500_000;
const DAY_MS = 86_400_000;

export class Logs {
  #entries: LogEntry[] = [];
  /** Entries before this index have been dropped. */
  #first = 0;
  #sequence = 0;

  constructor(readonly clock: DevClock, readonly retentionDays: number) {}

  /** Writes that `message` has reached `state`. */
  add(
    message: Message,
    state: MessageState,
    detail: Pick<LogEntry, "error" | "nextDeliveryAt" | "response"> = {},
  ): void {
    const time = this.clock.now();
    this.#entries.push({ sequence: this.#sequence++, time, state, message, ...detail });
    this.#drop(time - this.retentionDays * DAY_MS);
  }

  /** Entries from the newest to the oldest. */
  *newestFirst(): Generator<LogEntry> {
    for (let index = this.#entries.length - 1; index >= this.#first; index--) {
      yield this.#entries[index];
    }
  }

  /** Entries from the oldest to the newest. */
  *oldestFirst(): Generator<LogEntry> {
    for (let index = this.#first; index < this.#entries.length; index++) {
      yield this.#entries[index];
    }
  }

  #drop(before: number): void {
    while (
      this.#first < this.#entries.length &&
      (this.#entries[this.#first].time < before || this.#entries.length - this.#first > MAX_ENTRIES)
    ) this.#first++;
    // Only when half of the array is dead: moving the rest for each entry would be quadratic.
    if (this.#first > 1000 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}
