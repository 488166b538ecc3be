/**
 * Flow control: how many deliveries of a key may start in a period, and run side by side.
 *
 * Fixed windows, each opened by the first delivery after the one before has ended. What
 * finds no place waits in order. The newest message's limits hold for all that wait,
 * unless they are pinned.
 *
 * @module
 */
import type { DevClock, Timer } from "../clock.ts";
import { ApiError } from "./api_error.ts";
import type { FlowControl, Message } from "./model.ts";

/** A key as `GET /v2/flowControl/{key}` shows it; a maximum of 0 is none. */
export interface FlowControlInfo {
  flowControlKey: string;
  waitListSize: number;
  parallelismMax: number;
  parallelismCount: number;
  rateMax: number;
  rateCount: number;
  /** Seconds. */
  ratePeriod: number;
  /** Epoch seconds. */
  ratePeriodStart: number;
  isPaused: boolean;
  isPinnedParallelism: boolean;
  isPinnedRate: boolean;
}

/** What a pin sets; what is absent stays as it is, unpinned. */
export interface Pin {
  parallelism?: number;
  rate?: number;
  periodMs?: number;
}

/** One delivery that a key let through. */
export interface FlowRelease {
  key: string;
  messageId: string;
  /** When it came to the key, and when it was let through; in epoch ms. */
  enteredAt: number;
  at: number;
  /** When the period that it counts in began, and how long that is. */
  periodStartAt: number;
  periodMs: number;
}

interface Waiting {
  message: Message;
  enteredAt: number;
  admit: () => void;
}

export class FlowControls {
  readonly #keys = new Map<string, FlowKey>();
  readonly #listeners = new Set<(release: FlowRelease) => void>();

  constructor(readonly clock: DevClock) {}

  /** Makes the key known, with these limits unless they are pinned. */
  configure(control: FlowControl): void {
    this.#open(control.key).configure(control);
  }

  /** Calls `admit` when `message` may start: at once, where there is a place. */
  enter(message: Message, control: FlowControl, admit: () => void): void {
    this.#open(control.key).enter({ message, enteredAt: this.clock.now(), admit });
  }

  /** Calls `listener` with each delivery that a key lets through. Returns the undo. */
  onRelease(listener: (release: FlowRelease) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @throws {ApiError} 404 for a key that no message has named */
  info(key: string): FlowControlInfo {
    return this.#known(key).info();
  }

  list(search = ""): FlowControlInfo[] {
    return [...this.#keys.values()].map((key) => key.info())
      .filter((info) => info.flowControlKey.includes(search));
  }

  pause(key: string): void {
    this.#open(key).pause();
  }

  resume(key: string): void {
    this.#known(key).resume();
  }

  pin(key: string, pin: Pin): void {
    this.#open(key).pin(pin);
  }

  unpin(key: string, what: { parallelism: boolean; rate: boolean }): void {
    this.#known(key).unpin(what);
  }

  resetRate(key: string): void {
    this.#known(key).resetRate();
  }

  #open(name: string): FlowKey {
    let key = this.#keys.get(name);
    if (!key) {
      const tell = (release: FlowRelease) => {
        for (const listener of this.#listeners) listener(release);
      };
      this.#keys.set(name, key = new FlowKey(name, this.clock, tell));
    }
    return key;
  }

  #known(name: string): FlowKey {
    const key = this.#keys.get(name);
    if (!key) throw new ApiError(404, `flow control key ${name} not found`);
    return key;
  }
}

class FlowKey {
  #parallelism: number | undefined;
  #rate: number | undefined;
  #periodMs = 1000;
  #active = 0;
  #started = 0;
  #periodStartAt: number;
  #paused = false;
  #pinnedParallelism = false;
  #pinnedRate = false;
  readonly #waiting: Waiting[] = [];
  #wake: Timer | undefined;

  constructor(
    readonly name: string,
    readonly clock: DevClock,
    readonly tell: (release: FlowRelease) => void,
  ) {
    this.#periodStartAt = clock.now();
  }

  configure({ rate, periodMs, parallelism }: FlowControl): void {
    if (!this.#pinnedParallelism) this.#parallelism = parallelism;
    if (!this.#pinnedRate) {
      this.#rate = rate;
      this.#periodMs = periodMs;
    }
    this.#drain();
  }

  enter(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#drain();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#drain();
  }

  pin({ parallelism, rate, periodMs }: Pin): void {
    if (parallelism !== undefined) {
      this.#parallelism = parallelism;
      this.#pinnedParallelism = true;
    }
    if (rate !== undefined || periodMs !== undefined) {
      this.#rate = rate ?? this.#rate;
      this.#periodMs = periodMs ?? 1000;
      this.#pinnedRate = true;
      this.#openPeriod();
    }
    this.#drain();
  }

  unpin(what: { parallelism: boolean; rate: boolean }): void {
    if (what.parallelism) this.#pinnedParallelism = false;
    if (what.rate) this.#pinnedRate = false;
  }

  resetRate(): void {
    this.#openPeriod();
    this.#drain();
  }

  info(): FlowControlInfo {
    const over = this.clock.now() >= this.#periodStartAt + this.#periodMs;
    return {
      flowControlKey: this.name,
      waitListSize: this.#waiting.length,
      parallelismMax: this.#parallelism ?? 0,
      parallelismCount: this.#active,
      rateMax: this.#rate ?? 0,
      rateCount: over ? 0 : this.#started,
      ratePeriod: this.#periodMs / 1000,
      ratePeriodStart: Math.floor(this.#periodStartAt / 1000),
      isPaused: this.#paused,
      isPinnedParallelism: this.#pinnedParallelism,
      isPinnedRate: this.#pinnedRate,
    };
  }

  #drain(): void {
    this.#wake?.cancel();
    this.#wake = undefined;
    while (this.#waiting.length > 0 && !this.#paused) {
      const { message, enteredAt, admit } = this.#waiting[0];
      // A cancelled message takes no place: it only has to be told that its time has come.
      if (!message.cancelRequested) {
        if (this.#active >= (this.#parallelism ?? Infinity)) return;
        if (this.clock.now() >= this.#periodStartAt + this.#periodMs) this.#openPeriod();
        if (this.#started >= (this.#rate ?? Infinity)) {
          const opensAt = this.#periodStartAt + this.#periodMs;
          this.#wake = this.clock.schedule(opensAt, () => this.#drain());
          return;
        }
        this.#take(message, enteredAt);
      }
      this.#waiting.shift();
      admit();
    }
  }

  #take(message: Message, enteredAt: number): void {
    this.#active++;
    this.#started++;
    this.tell({
      key: this.name,
      messageId: message.id,
      enteredAt,
      at: this.clock.now(),
      periodStartAt: this.#periodStartAt,
      periodMs: this.#periodMs,
    });
    message.flowSlot = {
      leave: () => {
        message.flowSlot = undefined;
        this.#active--;
        this.#drain();
      },
    };
  }

  #openPeriod(): void {
    this.#periodStartAt = this.clock.now();
    this.#started = 0;
  }
}
