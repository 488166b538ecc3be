/**
 * What can go wrong with the mail provider, on demand.
 *
 * A fault strikes the next requests to send that match it, as often as it says; of several that
 * match, all strike. Over HTTP: `POST /_faults` with the same JSON, `GET` for those that wait,
 * `DELETE` for none.
 *
 * @module
 */
import { type ArmedFault, ArmedFaults } from "../armed_faults.ts";

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

export type MailFault = MailFaultKind & ArmedFault<MailFaultTarget> & {
  /** Strikes only mail to this address. Default: any. */
  to?: string;
};

export class MailFaults extends ArmedFaults<MailFaultTarget, MailFault> {
  constructor(random: () => number) {
    super(random, ({ to }, target) => to === undefined || target.to.includes(to));
  }

  /** The faults that still wait; `left` is absent where there is no end. */
  list(): { kind: MailFault["kind"]; left?: number; probability?: number; to?: string }[] {
    return this.waiting().map(({ fault: { kind, probability, to }, left }) => ({
      kind,
      ...(left !== undefined && { left }),
      ...(probability !== undefined && { probability }),
      ...(to !== undefined && { to }),
    }));
  }
}
