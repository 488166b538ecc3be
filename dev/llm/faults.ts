/**
 * What can go wrong with the model's provider, on demand.
 *
 * A fault strikes the next requests for an answer that match it, as often as it says; of several
 * that match, all strike. Over HTTP: `POST /_faults` with the same JSON, `GET` for those that wait,
 * `DELETE` for none.
 *
 * @module
 */

/** What a request for an answer meets. The first six say nothing, the others begin to answer. */
export type LlmFaultKind =
  /** 429 `rate_limit_exceeded`. `retryAfter`: seconds or an HTTP date. Default: `1`. */
  | { kind: "limit"; retryAfter?: string }
  /** 429 `insufficient_quota`; until it is disarmed, unless `times` says otherwise. */
  | { kind: "quota" }
  /** Answered with `status` (default: 503). */
  | { kind: "refuse"; status?: 500 | 502 | 503 | 504; retryAfter?: string }
  /** 401: the key is not valid; or 404: there is no such model. */
  | { kind: "forbid" | "noModel" }
  /** 400: the conversation is too long for the model. */
  | { kind: "tooLong" }
  /** The connection breaks; or nothing comes, not even a head, while this server runs. */
  | { kind: "disconnect" | "hang" }
  /**
   * Nothing comes once `afterTokens` tokens did (default: 0), for `ms` on the server's clock or in
   * real time (default: `server`), or while this server runs.
   */
  | { kind: "stall"; afterTokens?: number; ms?: number; clock?: "server" | "real" }
  /** The connection breaks once `afterTokens` tokens came. Default: 10. */
  | { kind: "break"; afterTokens?: number }
  /** A line that is no JSON comes in place of the next token. Default: after 10. */
  | { kind: "garble"; afterTokens?: number }
  /** The stream ends as if all was said: without a reason, without `[DONE]`. Default: after 10. */
  | { kind: "unfinished"; afterTokens?: number }
  /** The provider says in the stream that it failed, and ends it. Default: after 10. */
  | { kind: "fail"; afterTokens?: number };

/** What a fault's `matches` may look at. */
export interface LlmFaultTarget {
  readonly model: string;
  /** The last message of the user. */
  readonly question: string;
  readonly isStream: boolean;
}

export type LlmFault = LlmFaultKind & {
  /** How many requests it strikes. Default: 1; without end for `quota`, and with a `probability`. */
  times?: number;
  /** How likely it strikes a request that matches, from 0 to 1. Default: 1. */
  probability?: number;
  /** Strikes only questions with this in it. Default: any. */
  contains?: string;
  /** Strikes only requests for which this is true. Default: any. */
  matches?: (target: LlmFaultTarget) => boolean;
};

interface Armed {
  fault: LlmFault;
  left: number;
}

export class LlmFaults {
  readonly #armed = new Set<Armed>();
  readonly #random: () => number;
  #struck = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Arms a fault. Returns the undo. */
  add(fault: LlmFault): () => void {
    const { kind, times, probability = 1 } = fault;
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(
        `Cannot arm a fault: probability must be from 0 to 1, got ${probability}`,
      );
    }
    const endless = kind === "quota" || fault.probability !== undefined;
    const armed = { fault, left: times ?? (endless ? Infinity : 1) };
    this.#armed.add(armed);
    return () => void this.#armed.delete(armed);
  }

  /** Disarms everything. */
  clear(): void {
    this.#armed.clear();
  }

  /** The faults that still wait; `left` is absent where there is no end. */
  list(): { kind: LlmFault["kind"]; left?: number; probability?: number; contains?: string }[] {
    return [...this.#armed].map(({ fault: { kind, probability, contains }, left }) => ({
      kind,
      ...(Number.isFinite(left) && { left }),
      ...(probability !== undefined && { probability }),
      ...(contains !== undefined && { contains }),
    }));
  }

  /** How often a fault struck, all together. */
  get struck(): number {
    return this.#struck;
  }

  /** The faults that strike this request, in the order they were armed; each is used up by one. */
  strike(target: LlmFaultTarget): LlmFaultKind[] {
    const struck: LlmFaultKind[] = [];
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (fault.contains !== undefined && !target.question.includes(fault.contains)) continue;
      if (fault.matches && !fault.matches(target)) continue;
      if (fault.probability !== undefined && this.#random() >= fault.probability) continue;
      struck.push(fault);
      this.#struck++;
      if (--armed.left <= 0) this.#armed.delete(armed);
    }
    return struck;
  }
}
