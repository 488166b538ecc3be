/**
 * Holds a table of known differences to what is observed: nothing new, and nothing stale.
 *
 * @module
 */

import type { Difference, Observation } from "./redis_differences.ts";

export class DifferenceTable {
  readonly #entries: readonly Difference[];
  readonly #needed = new Set<Difference>();

  constructor(entries: readonly Difference[]) {
    this.#entries = entries;
  }

  /** Whether an entry explains `observation`. */
  isKnown(observation: Observation): boolean {
    const [name] = observation.command;
    const explaining = this.#entries.filter(({ commands, matches }) =>
      (commands === undefined || commands.split(" ").includes(name)) && matches(observation)
    );
    if (explaining.length === 1) this.#needed.add(explaining[0]);
    return explaining.length > 0;
  }

  /** Causes of the entries without which everything asked about so far would be known all the same. */
  stale(): string[] {
    return this.#entries.filter((each) => !this.#needed.has(each)).map(({ cause }) => cause);
  }
}
