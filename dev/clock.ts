/**
 * The clocks that the servers in dev/ run on.
 *
 * `WallClock` is real time that may be skipped forward; `VirtualClock` stands still
 * until a test moves it, and runs what is due in order. Both only move forward.
 *
 * @module
 */
import { type HeapTask, TaskHeap } from "./task_heap.ts";

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
  readonly #waiting = new Set<{ at: number; arm(): void }>();

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
      at,
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
    // What becomes due runs by its time, not in the order in which it was scheduled.
    for (const entry of [...this.#waiting].sort((one, other) => one.at - other.at)) entry.arm();
    return Promise.resolve();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.schedule(this.now() + ms, resolve));
  }
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
  readonly #tasks = new TaskHeap();
  #running = 0;
  readonly #failures: { error: unknown }[] = [];
  #onIdle: (() => void)[] = [];
  #moving: Promise<void> = Promise.resolve();

  constructor(startAt = RealDate.now()) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  schedule(at: number, task: () => void | Promise<void>): Timer {
    const entry: HeapTask = { at, sequence: this.#sequence++, run: task, waiting: true };
    this.#tasks.add(entry);
    return { cancel: () => this.#tasks.cancel(entry) };
  }

  /**
   * Moves on by `ms`; resolves when everything due until then has run, and rejects with the first
   * error if a task failed. A task that waits for this waits for itself.
   */
  advance(ms: number): Promise<void> {
    assertForward(ms);
    const move = this.#moving.then(() => this.#moveTo(this.#now + ms));
    this.#moving = move.catch(() => {});
    return move;
  }

  /** Whether a task runs: time stands still until it ends or sleeps. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /**
   * For tasks alone: a sleep of anybody else lets two tasks run over each other. Ends early where
   * `signal` aborts.
   */
  async sleep(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (signal?.aborted) return;
    // Below zero when two branches of one task sleep: each gives back what it took.
    this.#ended();
    await new Promise<void>((resolve) => {
      const wake = () => {
        timer.cancel();
        signal?.removeEventListener("abort", wake);
        this.#running++;
        resolve();
      };
      const timer = this.schedule(this.#now + ms, wake);
      signal?.addEventListener("abort", wake);
    });
  }

  /** When the next task is due (epoch ms), if there is one. */
  nextDueAt(): number | undefined {
    return this.#tasks.first()?.at;
  }

  async #moveTo(target: number): Promise<void> {
    await this.#idle();
    for (let next = this.#tasks.first(); next && next.at <= target; next = this.#tasks.first()) {
      this.#tasks.take();
      this.#now = Math.max(this.#now, next.at);
      this.#start(next);
      await this.#idle();
    }
    this.#now = Math.max(this.#now, target);
    const [failure] = this.#failures.splice(0);
    if (failure) throw failure.error;
  }

  #start(task: HeapTask): void {
    // Counted before it runs: it may sleep at once.
    this.#running++;
    try {
      const running = task.run();
      if (!(running instanceof Promise)) return this.#ended();
      running.catch((error) => void this.#failures.push({ error })).then(() => this.#ended());
    } catch (error) {
      this.#failures.push({ error });
      this.#ended();
    }
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

/** What stands in the place of `Date`, the newest last. */
const installed = new Set<DateConstructor>();

/**
 * Puts `clock` in the place of this process's `Date`, because the vendors' SDKs read that.
 * Returns the undo; of several, the newest that is not undone holds.
 */
export function installClock(clock: Pick<DevClock, "now">): () => void {
  class ClockDate extends RealDate {
    constructor(...parts: unknown[]) {
      super(...((parts.length === 0 ? [clock.now()] : parts) as [number]));
    }
    static override now(): number {
      return clock.now();
    }
    // Dates from before, and from the runtime itself, are dates as well.
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof RealDate;
    }
  }
  const date = ClockDate as DateConstructor;
  installed.add(date);
  globalThis.Date = date;
  return () => {
    installed.delete(date);
    globalThis.Date = [...installed].at(-1) ?? RealDate;
  };
}

function assertForward(ms: number): void {
  if (!Number.isFinite(ms) || ms < 0) {
    throw new RangeError(`Cannot move the clock: ms must not be negative, got ${ms}`);
  }
}
