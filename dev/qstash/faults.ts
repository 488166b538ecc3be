/**
 * What can go wrong with QStash, on demand.
 *
 * A fault strikes the next messages that match it, as often as it says. Each changes one
 * thing; several may wait at the same time.
 *
 * @module
 */
import { ApiError } from "./api_error.ts";
import type { Message } from "./model.ts";

/** Faults of a delivery. */
export type DeliveryFault =
  /** Delivered once more after the endpoint has answered, whatever it answered. */
  | { kind: "duplicate" }
  /** Delivered `ms` after it was due. */
  | { kind: "late"; ms: number }
  /**
   * Held until `count` messages are due, then delivered in reverse; those that wait after
   * `withinMs` (default: 1,000) go without the rest.
   */
  | { kind: "reordered"; count: number; withinMs?: number }
  /** The endpoint runs, but QStash does not get its answer, and tries again. */
  | { kind: "lost" }
  /** A second delivery of the same attempt starts while the first still runs. */
  | {
    kind: "overlapping";
    /**
     * `start` begins both at once, in no fixed order; `wait` begins the second when the first waits
     * on the clock, so that a seed repeats it. Default: `start`.
     */
    from?: "start" | "wait";
  }
  /** Never delivered, and nobody is told. */
  | { kind: "dropped" };

/** Faults of publish, enqueue and batch. */
export type PublishFault =
  /** Answered with `status`; nothing is accepted. */
  | { kind: "publishRefused"; status?: 500 | 502 | 503 | 504 }
  /** The connection breaks; nothing is accepted. */
  | { kind: "publishDisconnected" }
  /** The connection breaks after the message was accepted. */
  | { kind: "publishReplyLost" }
  /** Answered with 429, as if the day's messages were used up. */
  | { kind: "quota" };

/** What a fault's `matches` may look at. */
export interface FaultTarget {
  /** The destination. For a batch or a URL group: what the request was aimed at. */
  url: string;
  labels: readonly string[];
  /** Absent while a publish is not accepted yet. */
  messageId?: string;
}

export type Fault = (DeliveryFault | PublishFault) & {
  /** How many messages it strikes. Default: 1; for `reordered`, its `count`. */
  times?: number;
  /** Which messages it strikes. Default: all. */
  matches?: (target: FaultTarget) => boolean;
};

type FaultOf<Kind extends Fault["kind"]> = Extract<Fault, { kind: Kind }>;

interface Armed {
  fault: Fault;
  left: number;
}

export class QstashFaults {
  readonly #armed = new Set<Armed>();

  /** Arms a fault. Returns the undo. */
  add(fault: Fault): () => void {
    const times = fault.times ?? (fault.kind === "reordered" ? fault.count : 1);
    const armed = { fault, left: times };
    this.#armed.add(armed);
    return () => void this.#armed.delete(armed);
  }

  /** Disarms everything. */
  clear(): void {
    this.#armed.clear();
  }

  /** The faults that still wait, with how often each may strike. */
  list(): { kind: Fault["kind"]; left: number }[] {
    return [...this.#armed].map(({ fault, left }) => ({ kind: fault.kind, left }));
  }

  /** The fault of this kind that strikes `target` now, if any; using it up by one. */
  take<Kind extends Fault["kind"]>(kind: Kind, target: FaultTarget): FaultOf<Kind> | undefined {
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (fault.kind !== kind || !(fault.matches?.(target) ?? true)) continue;
      if (--armed.left <= 0) this.#armed.delete(armed);
      return fault as FaultOf<Kind>;
    }
    return undefined;
  }
}

/** A message, as a fault sees it. */
export function targetOf({ id, endpoint, spec }: Message): FaultTarget {
  return { url: endpoint.url, labels: spec.labels, messageId: id };
}

/** Thrown where the caller is to see a broken connection. */
export class DisconnectedError extends TypeError {
  override readonly name = "DisconnectedError";
  constructor() {
    super("error sending request: connection closed before message completed");
  }
}

/** The answer of the `publishRefused` fault. */
export function refusal({ status = 503 }: FaultOf<"publishRefused">): ApiError {
  return new ApiError(status, "service unavailable");
}
