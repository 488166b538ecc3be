/**
 * What can go wrong with Redis, on demand.
 *
 * A fault strikes the next requests that match it, as often as it says. Over HTTP:
 * `POST /_faults` with the same JSON, `GET` for those that wait, `DELETE` for none.
 *
 * @module
 */

/** What a request meets. */
export type RedisFaultKind =
  /** Answered with `status` (default: 503); nothing runs. */
  | { kind: "refuse"; status?: 500 | 502 | 503 | 504 | 429 }
  /** Answered as if the month's commands were used up; nothing runs. */
  | { kind: "quota" }
  /** Runs `ms` later, on the server's clock or in real time. Default: `server`. */
  | { kind: "delay"; ms: number; clock?: "server" | "real" }
  /** The connection breaks; nothing runs. */
  | { kind: "disconnect" }
  /** Everything runs, then the connection breaks instead of the answer. */
  | { kind: "dropReply" };

/** What a fault's `matches` may look at. */
export interface RedisFaultTarget {
  /** Names of the request's commands, in upper case: `SET`, `XGROUP CREATE`, `SUBSCRIBE`. */
  readonly commands: readonly string[];
}

export type RedisFault = RedisFaultKind & {
  /** How many requests it strikes. Default: 1. */
  times?: number;
  /** Strikes only requests that hold one of these commands. Default: any. */
  commands?: readonly string[];
  /** Strikes only requests for which this is true. Default: any. */
  matches?: (target: RedisFaultTarget) => boolean;
};

interface Armed {
  fault: RedisFault;
  left: number;
}

/** What a fault does at once, rather than to a later request. */
export interface RedisFaultActions {
  /** Ends every open event stream. */
  cutStreams(): void;
  /** Keeps every open event stream open, but sends nothing on it any more. */
  muteStreams(): void;
  /** Forgets all scripts, so that EVALSHA answers NOSCRIPT. */
  loseScripts(): void;
}

export class RedisFaults implements RedisFaultActions {
  readonly #armed = new Set<Armed>();
  readonly #actions: RedisFaultActions;

  constructor(actions: RedisFaultActions) {
    this.#actions = actions;
  }

  /** Arms a fault. Returns the undo. */
  add(fault: RedisFault): () => void {
    const armed = { fault, left: fault.times ?? 1 };
    this.#armed.add(armed);
    return () => void this.#armed.delete(armed);
  }

  /** Disarms everything. */
  clear(): void {
    this.#armed.clear();
  }

  /** The faults that still wait, with how often each may strike. */
  list(): { kind: RedisFault["kind"]; left: number; commands?: readonly string[] }[] {
    return [...this.#armed].map(({ fault: { kind, commands }, left }) => ({
      kind,
      left,
      ...(commands && { commands }),
    }));
  }

  cutStreams(): void {
    this.#actions.cutStreams();
  }

  muteStreams(): void {
    this.#actions.muteStreams();
  }

  loseScripts(): void {
    this.#actions.loseScripts();
  }

  /** Whether any fault waits; saves a request the trouble of naming its commands. */
  get waiting(): boolean {
    return this.#armed.size > 0;
  }

  /** The faults that strike this request, in the order they were armed; each is used up by one. */
  strike(target: RedisFaultTarget): RedisFaultKind[] {
    const struck: RedisFaultKind[] = [];
    for (const armed of this.#armed) {
      const { commands, matches } = armed.fault;
      const wanted = commands?.map((name) => name.toUpperCase());
      if (wanted && !target.commands.some((name) => wanted.includes(name))) continue;
      if (matches && !matches(target)) continue;
      struck.push(armed.fault);
      if (--armed.left <= 0) this.#armed.delete(armed);
    }
    return struck;
  }
}
