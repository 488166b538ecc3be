/**
 * One attempt to deliver: the call, its timeout, and the faults that strike it.
 *
 * @module
 */
import type { ClockScope } from "./clock_scope.ts";
import { type Deliverer, noAnswer, type Outcome } from "./deliver.ts";
import { type QstashFaults, targetOf } from "./faults.ts";
import type { QstashMeter } from "./meter.ts";
import type { Message } from "./model.ts";

export interface AttemptsParts {
  clock: ClockScope;
  deliverer: Deliverer;
  faults: QstashFaults;
  meter: QstashMeter;
}

export class Attempts {
  readonly #calls = new Set<AbortController>();
  #closed = false;

  constructor(readonly parts: AttemptsParts) {}

  /**
   * Calls the endpoint, and tells once how it went: at its answer or when `timeoutMs` are over.
   *
   * Must run as a task of the clock, and resolves when the endpoint is done. On a virtual clock
   * that may be long after the timeout: a handler that waits for its own moment runs on, unheard,
   * and the clock has to know that it is at work.
   */
  async run(message: Message, timeoutMs: number, tell: (outcome: Outcome) => void): Promise<void> {
    const { clock, faults } = this.parts;
    const abort = new AbortController();
    let told = false;
    const tellOnce = (outcome: Outcome) => {
      if (told) return;
      told = true;
      timeout.cancel();
      tell(outcome);
    };
    const timeout = clock.schedule(clock.now() + timeoutMs, () => {
      tellOnce(noAnswer(`timed out: no response within ${timeoutMs} ms`));
      if (!clock.isVirtual) abort.abort();
    });

    const target = targetOf(message);
    const isLost = faults.take("lost", target) !== undefined;
    const isDuplicated = faults.take("duplicate", target) !== undefined;
    const overlapping = faults.take("overlapping", target);
    // The message moves on at its timeout; the calls keep what it was.
    const attempt = { ...message };
    const call = this.#call(attempt, abort);
    if (overlapping) await this.#callAlongside(attempt, overlapping.from ?? "start");
    const outcome = await call;
    if (this.#closed) return;
    tellOnce(isLost ? noAnswer("connection closed before the response was complete") : outcome);
    if (isDuplicated) clock.schedule(clock.now(), () => this.#callAgain(attempt));
  }

  /** Breaks off the calls under way, and tells nothing more. */
  close(): void {
    this.#closed = true;
    for (const call of this.#calls) call.abort();
  }

  async #call(attempt: Message, abort: AbortController): Promise<Outcome> {
    this.#calls.add(abort);
    try {
      return await this.parts.deliverer.call(attempt, abort.signal);
    } finally {
      this.#calls.delete(abort);
    }
  }

  /** A call that QStash does not know of: it counts for nothing, whatever the answer. */
  async #callAgain(attempt: Message): Promise<void> {
    this.parts.meter.countExtraCall();
    await this.#call(attempt, new AbortController());
  }

  /** Starts a second call as a task of its own, while the one that this is called from goes on. */
  async #callAlongside(attempt: Message, from: "start" | "wait"): Promise<void> {
    const { clock } = this.parts;
    clock.schedule(clock.now(), () => this.#callAgain(attempt));
    // Lets the clock come to that task although this one has not ended.
    if (from === "start") await clock.sleep(0);
  }
}
