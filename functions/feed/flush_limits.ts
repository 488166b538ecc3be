/**
 * How much one delivery of a flush takes on before it hands over to the next.
 *
 * @module
 */
import type { Clock } from "../../shared/mod.ts";

export interface FlushLimits {
  /** Requests to Redis; a free Worker makes 50 of all kinds. Default: 35. */
  requests?: number;
  /** Default: 20 s. */
  durationMs?: number;
  /** Characters of a page of the stream, about; the free plan's largest reply is 10 MB. Default: 4,000,000. */
  pageCharacters?: number;
  /** Members of a set that are held at once, when it is too large for one reply. Default: 300,000. */
  heldMembers?: number;
}

/** What is left of a delivery's limits. */
export class FlushBudget {
  readonly pageCharacters: number;
  readonly heldMembers: number;
  readonly #clock: Clock;
  readonly #endsAt: number;
  #requests: number;

  constructor(clock: Clock, limits: FlushLimits = {}) {
    const { requests = 35, durationMs = 20_000 } = limits;
    this.#clock = clock;
    this.#endsAt = clock.now() + durationMs;
    this.#requests = requests;
    this.pageCharacters = limits.pageCharacters ?? 4_000_000;
    this.heldMembers = limits.heldMembers ?? 300_000;
  }

  /** Counts requests that are about to be made. */
  spend(requests = 1): void {
    this.#requests -= requests;
  }

  get isSpent(): boolean {
    return this.#requests <= 0 || this.#clock.now() >= this.#endsAt;
  }
}
