/**
 * How much one delivery of a flush, or of an audit, takes on before it hands over to the next.
 *
 * @module
 */
import { type Clock, WALK_REQUESTS } from "../../../shared/mod.ts";

export interface FlushLimits {
  /** Requests to Redis; a free Worker makes 50 of all kinds. Default: 30. */
  requests?: number;
  /** Default: 20 s. */
  durationMs?: number;
  /** Text of a page of the stream, about. Default: 4 MB. */
  pageCharacters?: number;
  /** Entries of such a page. Default: 5,000. */
  pageEntries?: number;
  /** The largest reply that there is memory for. Default: 6 MB, about 150,000 members of a set. */
  replyBytes?: number;
  /** Members that are remembered at once, where a set is too large for one reply. Default: 250,000. */
  partMembers?: number;
}

/** What is left of a delivery's limits. */
export class FlushBudget {
  readonly limits: FlushLimits & { replyBytes: number };
  readonly #clock: Clock;
  readonly #endsAt: number;
  readonly #requests: number;
  #spent = 0;

  constructor(clock: Clock, limits: FlushLimits = {}) {
    const { requests = 30, durationMs = 20_000, replyBytes = 6_000_000 } = limits;
    this.limits = { ...limits, replyBytes };
    this.#clock = clock;
    this.#endsAt = clock.now() + durationMs;
    this.#requests = requests;
  }

  /** Counts a request that is about to be made. */
  spend(): void {
    this.#spent++;
  }

  get isSpent(): boolean {
    return this.#spent >= this.#requests || this.#clock.now() >= this.#endsAt;
  }

  /** Whether a walk through a set fits; the first thing that a delivery does always does. */
  hasWalk(): boolean {
    return this.#spent === 0 || (!this.isSpent && this.#spent + WALK_REQUESTS <= this.#requests);
  }
}
