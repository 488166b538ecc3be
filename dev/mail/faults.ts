/**
 * What can go wrong with the mail provider, on demand.
 *
 * A fault strikes the next requests to send that match it, as often as it says; of several that
 * match, all strike. Over HTTP: `POST /_faults` with the same JSON, `GET` for those that wait,
 * `DELETE` for none.
 *
 * @module
 */

/** What a request to send meets. The first six take nothing, the others accept the mail. */
export type MailFaultKind =
  /** 429 `rate_limit_exceeded`. `retryAfter`: seconds or an HTTP date. Default: `1`. */
  | { kind: "limit"; retryAfter?: string }
  /** 429 `daily_quota_exceeded`, or monthly; until it is disarmed, unless `times` says otherwise. */
  | { kind: "quota"; period?: "daily" | "monthly"; retryAfter?: string }
  /** Answered with `status` (default: 503). */
  | { kind: "refuse"; status?: 500 | 502 | 503 | 504; retryAfter?: string }
  /** 403: the sender's domain is not verified. */
  | { kind: "forbid" }
  /** 422: the address is none. */
  | { kind: "address" }
  /** The connection breaks. */
  | { kind: "disconnect" }
  /**
   * Accepted and answered `ms` later, on the server's clock or in real time; until then the key is
   * in use. On a virtual clock only a request that a task makes can wait. Default: `server`.
   */
  | { kind: "slow"; ms: number; clock?: "server" | "real" }
  /** Accepted, and not answered while this server runs: the caller gives up, in real time. */
  | { kind: "hang" }
  /** Accepted, then the connection breaks: to a caller on a virtual clock the same as `hang`. */
  | { kind: "dropReply" }
  /** Accepted, and answered with 200 and a body that is no JSON. */
  | { kind: "garble" };

/** What a fault's `matches` may look at. */
export interface MailFaultTarget {
  readonly path: "/emails" | "/emails/batch";
  readonly to: readonly string[];
  readonly idempotencyKey?: string;
}

export type MailFault = MailFaultKind & {
  /** How many requests it strikes. Default: 1; without end for `quota`, and with a `probability`. */
  times?: number;
  /** How likely it strikes a request that matches, from 0 to 1. Default: 1. */
  probability?: number;
  /** Strikes only mail to this address. Default: any. */
  to?: string;
  /** Strikes only requests for which this is true. Default: any. */
  matches?: (target: MailFaultTarget) => boolean;
};

interface Armed {
  fault: MailFault;
  left: number;
}

export class MailFaults {
  readonly #armed = new Set<Armed>();
  readonly #random: () => number;
  #struck = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Arms a fault. Returns the undo. */
  add(fault: MailFault): () => void {
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
  list(): { kind: MailFault["kind"]; left?: number; probability?: number; to?: string }[] {
    return [...this.#armed].map(({ fault: { kind, probability, to }, left }) => ({
      kind,
      ...(Number.isFinite(left) && { left }),
      ...(probability !== undefined && { probability }),
      ...(to !== undefined && { to }),
    }));
  }

  /** How often a fault struck, all together. */
  get struck(): number {
    return this.#struck;
  }

  /** The faults that strike this request, in the order they were armed; each is used up by one. */
  strike(target: MailFaultTarget): MailFaultKind[] {
    const struck: MailFaultKind[] = [];
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (fault.to !== undefined && !target.to.includes(fault.to)) continue;
      if (fault.matches && !fault.matches(target)) continue;
      if (fault.probability !== undefined && this.#random() >= fault.probability) continue;
      struck.push(fault);
      this.#struck++;
      if (--armed.left <= 0) this.#armed.delete(armed);
    }
    return struck;
  }
}
