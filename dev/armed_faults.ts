/**
 * Faults of a server that wait to strike: how often, how likely, and whom.
 *
 * @module
 */

/** What every fault may say besides what it is. */
export interface ArmedFault<Target> {
  kind: string;
  /** How many requests it strikes. Default: 1; without end for those that last, and with a `probability`. */
  times?: number;
  /** How likely it strikes a request that matches, from 0 to 1. Default: 1. */
  probability?: number;
  /** Strikes only requests for which this is true. Default: any. */
  matches?: (target: Target) => boolean;
}

/** What is so until somebody mends it. */
const LASTING = ["quota", "unsupported", "alternate"];

export class ArmedFaults<Target, Fault extends ArmedFault<Target>> {
  readonly #armed = new Set<{ fault: Fault; left: number }>();
  readonly #random: () => number;
  readonly #isFor: (fault: Fault, target: Target) => boolean;
  #struck = 0;

  /** `isFor` says whether a fault is for this request, besides its `matches`; `random` is from 0 to 1. */
  constructor(random: () => number, isFor: (fault: Fault, target: Target) => boolean) {
    this.#random = random;
    this.#isFor = isFor;
  }

  /** Arms a fault. Returns the undo. */
  add(fault: Fault): () => void {
    const { kind, times, probability = 1 } = fault;
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(
        `Cannot arm a fault: probability must be from 0 to 1, got ${probability}`,
      );
    }
    const endless = LASTING.includes(kind) || fault.probability !== undefined;
    const armed = { fault, left: times ?? (endless ? Infinity : 1) };
    this.#armed.add(armed);
    return () => void this.#armed.delete(armed);
  }

  /** Disarms everything. */
  clear(): void {
    this.#armed.clear();
  }

  /** The faults that still wait, and how many requests each is for; absent where there is no end. */
  protected waiting(): { fault: Fault; left?: number }[] {
    return [...this.#armed].map(({ fault, left }) => ({
      fault,
      ...(Number.isFinite(left) && { left }),
    }));
  }

  /** How often a fault struck, all together. */
  get struck(): number {
    return this.#struck;
  }

  /** The faults that strike this request, in the order they were armed; each is used up by one. */
  strike(target: Target): Fault[] {
    const struck: Fault[] = [];
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (!this.#isFor(fault, target)) continue;
      if (fault.matches && !fault.matches(target)) continue;
      if (fault.probability !== undefined && this.#random() >= fault.probability) continue;
      struck.push(fault);
      this.#struck++;
      if (--armed.left <= 0) this.#armed.delete(armed);
    }
    return struck;
  }
}
