/**
 * The clocks that the servers in dev/ run on.
 *
 * `WallClock` is real time that may be skipped forward; `VirtualClock` stands still
 * until a test moves it, and runs what is due in order. Both only move forward.
 *
 * @module
 */

/** A task that waits for its moment. */
export interface Timer {
  cancel(): void;
}

/** Time and timers, as the servers in dev/ see them. */
export interface DevClock {
  /** Epoch ms. */
  now(): number;
  /** Runs `task` once when the clock reaches `at` (epoch ms); the past means as soon as possible. */
  schedule(at: number, task: () => void | Promise<void>): Timer;
  /** Moves the clock forward by `ms`, and runs what becomes due. */
  advance(ms: number): Promise<void>;
  /** Resolves once the clock has moved on by `ms`. */
  sleep(ms: number): Promise<void>;
}

const RealDate = Date;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Real time plus what it was skipped forward by. */
export class WallClock implements DevClock {
  #offsetMs: number;
  readonly #waiting = new Set<{ arm(): void }>();

  constructor(offsetMs = 0) {
    this.#offsetMs = offsetMs;
  }

  /** How far this clock is ahead of the machine's, in ms. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  now(): number {
    return RealDate.now() + this.#offsetMs;
  }

  schedule(at: number, task: () => void | Promise<void>): Timer {
    let handle: ReturnType<typeof setTimeout> | undefined;
    const entry = {
      arm: () => {
        clearTimeout(handle);
        const waitMs = at - this.now();
        handle = setTimeout(() => {
          if (this.now() < at) return entry.arm();
          this.#waiting.delete(entry);
          void task();
        }, Math.min(Math.max(0, waitMs), LONGEST_TIMEOUT_MS));
      },
    };
    this.#waiting.add(entry);
    entry.arm();
    return {
      cancel: () => {
        clearTimeout(handle);
        this.#waiting.delete(entry);
      },
    };
  }

  advance(ms: number): Promise<void> {
    assertForward(ms);
    this.#offsetMs += ms;
    for (const entry of [...this.#waiting]) entry.arm();
    return Promise.resolve();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.schedule(this.now() + ms, resolve));
  }
}

interface VirtualTask {
  at: number;
  sequence: number;
  run: () => void | Promise<void>;
}

/**
 * Time that moves only when `advance` moves it.
 *
 * Tasks run one after another, by time and then by the order they were scheduled in.
 * The next one starts when the one before has ended, or waits in `sleep`: so work that
 * takes virtual time overlaps, and everything else is in a fixed order.
 */
export class VirtualClock implements DevClock {
  #now: number;
  #sequence = 0;
  #tasks: VirtualTask[] = [];
  #running = 0;
  #onIdle: (() => void)[] = [];
  #moving: Promise<void> = Promise.resolve();

  constructor(startAt = RealDate.now()) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  schedule(at: number, task: () => void | Promise<void>): Timer {
    const entry = { at, sequence: this.#sequence++, run: task };
    // Kept sorted: tasks are few, and an array is easier to look into than a heap.
    let low = 0;
    let high = this.#tasks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#tasks[middle].at <= at) low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, entry);
    return {
      cancel: () => {
        const index = this.#tasks.indexOf(entry);
        if (index >= 0) this.#tasks.splice(index, 1);
      },
    };
  }

  /** Moves on by `ms`; resolves when everything due until then has run. */
  advance(ms: number): Promise<void> {
    assertForward(ms);
    const move = this.#moving.then(() => this.#moveTo(this.#now + ms));
    this.#moving = move.catch(() => {});
    return move;
  }

  async sleep(ms: number): Promise<void> {
    this.#ended();
    await new Promise<void>((resolve) => {
      this.schedule(this.#now + ms, () => {
        this.#running++;
        resolve();
      });
    });
  }

  /** When the next task is due (epoch ms), if there is one. */
  nextDueAt(): number | undefined {
    return this.#tasks[0]?.at;
  }

  async #moveTo(target: number): Promise<void> {
    await this.#idle();
    for (let next = this.#tasks[0]; next && next.at <= target; next = this.#tasks[0]) {
      this.#tasks.shift();
      this.#now = Math.max(this.#now, next.at);
      const running = next.run();
      if (running instanceof Promise) {
        this.#running++;
        running.finally(() => this.#ended()).catch(() => {});
      }
      await this.#idle();
    }
    this.#now = Math.max(this.#now, target);
  }

  #ended(): void {
    this.#running--;
    if (this.#running <= 0) { for (const wake of this.#onIdle.splice(0)) wake(); }
  }

  async #idle(): Promise<void> {
    while (this.#running > 0) {
      await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    }
  }
}

/**
 * Puts `clock` in the place of this process's `Date`, because the vendors' SDKs read that.
 * Returns the undo.
 */
export function installClock(clock: Pick<DevClock, "now">): () => void {
  class ClockDate extends RealDate {
    constructor(...parts: unknown[]) {
      super(...((parts.length === 0 ? [clock.now()] : parts) as [number]));
    }
    static override now(): number {
      return clock.now();
    }
  }
  globalThis.Date = ClockDate as DateConstructor;
  return () => {
    globalThis.Date = RealDate;
  };
}

function assertForward(ms: number): void {
  if (!Number.isFinite(ms) || ms < 0) {
    throw new RangeError(`Cannot move the clock: ms must not be negative, got ${ms}`);
  }
}
