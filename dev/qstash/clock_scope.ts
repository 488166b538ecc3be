/**
 * A clock whose timers can all be given up at once, so that a closed server leaves none behind.
 *
 * @module
 */
import { type DevClock, type Timer, VirtualClock } from "../clock.ts";

export class ClockScope implements DevClock {
  readonly #timers = new Set<Timer>();
  #closed = false;
  /** Whether time moves only when it is moved. */
  readonly isVirtual: boolean;

  constructor(readonly clock: DevClock) {
    this.isVirtual = clock instanceof VirtualClock;
  }

  now(): number {
    return this.clock.now();
  }

  schedule(at: number, task: () => void | Promise<void>): Timer {
    // A call that was under way may still publish.
    if (this.#closed) return { cancel: () => {} };
    const inner = this.clock.schedule(at, () => {
      this.#timers.delete(timer);
      return task();
    });
    const timer = {
      cancel: () => {
        this.#timers.delete(timer);
        inner.cancel();
      },
    };
    this.#timers.add(timer);
    return timer;
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  sleep(ms: number): Promise<void> {
    return this.clock.sleep(ms);
  }

  /** Cancels every timer that was set through this scope, and sets no more. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
  }
}
