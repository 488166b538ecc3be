/**
 * One does what many need at once; the others wait for how it ended instead of doing it again.
 *
 * It holds plain data alone: workerd lets no request wait for another one's promise, so those who
 * wait look again every few ms. One whose request was stopped is waited for no longer than 3 s, unless told
 * otherwise.
 *
 * @module
 */
import type { Sleep } from "../ports.ts";

const POLL_MS = 5;
const PATIENCE_MS = 3_000;

/** Whose turn it is in one isolate. */
export class Turn {
  #round = 0;
  #isTaken = false;
  #ended?: { round: number; error?: unknown };
  readonly #sleep: Sleep;
  readonly #patienceMs: number;

  /** `patienceMs`: how long one whose request was stopped is waited for. */
  constructor(sleep: Sleep, patienceMs = PATIENCE_MS) {
    this.#sleep = sleep;
    this.#patienceMs = patienceMs;
  }

  /** Does `work`, or waits until it was done by who has the turn; throws what that one threw. */
  async take(work: () => Promise<void>): Promise<void> {
    if (!this.#isTaken) return await this.#lead(work);
    const round = this.#round;
    for (let waitedMs = 0; waitedMs < this.#patienceMs; waitedMs += POLL_MS) {
      await this.#sleep(POLL_MS);
      if (this.#ended && this.#ended.round >= round) {
        if (this.#ended.error !== undefined) throw this.#ended.error;
        return;
      }
    }
    await this.#lead(work);
  }

  async #lead(work: () => Promise<void>): Promise<void> {
    const round = ++this.#round;
    this.#isTaken = true;
    let error: unknown;
    try {
      await work();
    } catch (cause) {
      error = cause;
      throw cause;
    } finally {
      // One that was given up on, and ends after all, has no say any more.
      if (round === this.#round) this.#isTaken = false;
      if (round >= (this.#ended?.round ?? 0)) this.#ended = { round, error };
    }
  }
}
