/**
 * The first half of an open limit, which each isolate lets through by itself, for no command.
 *
 * Plain counts in memory, of this window and the one before, for at most 10,000 callers a limit and
 * window; whoever comes after those, or cannot be told, shares one allowance a hundred times as large.
 *
 * @module
 */
import type { LimitPolicy } from "../../contracts/limit.ts";
import { freeAt, windowAt } from "./window.ts";

export const MOST_CALLERS = 10_000;
/** How much larger the allowance of all those is who cannot be told apart. */
const SHARED_TIMES = 100;
const MOST_UNITS = 1_000_000;
const SHARED = "";

interface Caller {
  units: number;
  /** Of these, the ones that Redis has not been told of. */
  untold: number;
}

interface Windows {
  window: number;
  current: Map<string, Caller>;
  previous: Map<string, Caller>;
}

/** Redis must be asked: for this policy, and of all together or of the caller alone. */
export interface Ask {
  policy: LimitPolicy;
  isShared: boolean;
  /** Units that were let through here and that Redis is told of with the ask. */
  untold: number;
  /** To be called if it lets the unit through. */
  note(): void;
}

/** The allowances of one isolate. */
export class Allowances {
  readonly #limits = new Map<string, Windows>();

  /** Spends a unit of the caller's half; says what to ask where that is used up. */
  spend(policy: LimitPolicy, caller: string | undefined, now: number): Ask | undefined {
    const { current, previous, window } = this.#windowsOf(policy, now);
    const isNew = caller !== undefined && !current.has(caller);
    const isShared = !caller || (isNew && current.size >= MOST_CALLERS);
    const key = isShared ? SHARED : caller;
    const own = isShared ? shared(policy) : policy;
    let known = current.get(key);
    if (!known) current.set(key, known = { units: 0, untold: 0 });
    const counts = { window, current: known.units, previous: previous.get(key)?.units ?? 0 };
    const half = Math.floor(own.limit / 2);
    if (freeAt({ ...windowed, windowMs: own.windowMs, limit: half }, counts, now) >= 1) {
      known.units++;
      known.untold++;
      return undefined;
    }
    const { untold } = known;
    known.untold = 0;
    return { policy: own, isShared, untold, note: () => void known.units++ };
  }

  /** Units of this window that Redis has not been told of. */
  untold(policy: LimitPolicy, caller: string, now: number): number {
    return this.#windowsOf(policy, now).current.get(caller)?.untold ?? 0;
  }

  forget({ name }: LimitPolicy, caller: string): void {
    const windows = this.#limits.get(name);
    windows?.current.delete(caller);
    windows?.previous.delete(caller);
  }

  #windowsOf(policy: LimitPolicy, now: number): Windows {
    const window = windowAt(policy, now);
    let known = this.#limits.get(policy.name);
    if (!known || known.window !== window) {
      const previous = known?.window === window - 1 ? known.current : new Map();
      known = { window, current: new Map(), previous };
      this.#limits.set(policy.name, known);
    }
    return known;
  }
}

const windowed = { algorithm: "sliding-window" } as const;
const sharedPolicies = new WeakMap<LimitPolicy, LimitPolicy>();

function shared(policy: LimitPolicy): LimitPolicy {
  const known = sharedPolicies.get(policy);
  if (known) return known;
  const limit = Math.min(MOST_UNITS, policy.limit * SHARED_TIMES);
  const made = Object.freeze({ ...policy, limit });
  sharedPolicies.set(policy, made);
  return made;
}
