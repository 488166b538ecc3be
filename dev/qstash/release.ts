/**
 * The last step before a delivery: a task of the clock, held back or reordered by faults.
 *
 * @module
 */
import type { DevClock } from "../clock.ts";
import { type QstashFaults, targetOf } from "./faults.ts";
import type { Message } from "./model.ts";

/** How long a reordered message waits for the others, unless its fault says so. */
const REORDER_WITHIN_MS = 1_000;

export class Release {
  /** Messages that wait until there are enough of them to be reordered. */
  readonly #held: Message[] = [];

  constructor(
    readonly clock: DevClock,
    readonly faults: QstashFaults,
    readonly start: (message: Message) => void | Promise<void>,
  ) {}

  /** Starts `message` at this moment of the clock, or later where a fault says so. */
  add(message: Message): void {
    const now = this.clock.now();
    const late = this.faults.take("late", targetOf(message));
    if (late) return this.#startAt(now + late.ms, message);
    const reordered = this.faults.take("reordered", targetOf(message));
    if (!reordered) return this.#startAt(now, message);
    this.#held.push(message);
    if (this.#held.length >= reordered.count) return this.#releaseHeld();
    this.clock.schedule(now + (reordered.withinMs ?? REORDER_WITHIN_MS), () => {
      if (this.#held.includes(message)) this.#releaseHeld();
    });
  }

  #releaseHeld(): void {
    const now = this.clock.now();
    for (const message of this.#held.splice(0).reverse()) this.#startAt(now, message);
  }

  #startAt(at: number, message: Message): void {
    this.clock.schedule(at, () => this.start(message));
  }
}
