/**
 * How long nothing was said, without a timer for each thing that is.
 *
 * @module
 */
import type { Clock, Sleep } from "../../ports.ts";

/** Timers cannot be taken back: one is left behind, for no longer than this. */
const STEP_MS = 15_000;

/** Waits for what comes next, and looks up now and then. */
export class Silence {
  readonly #clock: Clock;
  readonly #sleep: Sleep;
  #since: number;
  #step: Promise<"silence"> | undefined;

  constructor({ clock, sleep }: { clock: Clock; sleep: Sleep }) {
    this.#clock = clock;
    this.#sleep = sleep;
    this.#since = clock.now();
  }

  /** How long it has lasted, in ms. */
  get ms(): number {
    return this.#clock.now() - this.#since;
  }

  /** Something was said. */
  broken(): void {
    this.#since = this.#clock.now();
  }

  /** What `pending` resolves to, or `silence` where that takes a while: within 15 s. */
  next<T>(pending: Promise<T>): Promise<T | "silence"> {
    this.#step ??= this.#sleep(STEP_MS).then(() => {
      this.#step = undefined;
      return "silence";
    });
    return Promise.race([pending, this.#step]);
  }
}
