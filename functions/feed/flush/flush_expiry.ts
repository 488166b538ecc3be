/**
 * When a day's keys are forgotten: said with the read, by the first flush that meets them.
 *
 * @module
 */
import { type Day, forgottenAtSeconds } from "../../../shared/mod.ts";

/** What is known of the ends of a day's keys: `log`, or a set's number. */
export class DayExpiry {
  /** Those that were given their end by this delivery. */
  readonly fresh: string[] = [];
  readonly #at: number;
  readonly #known: ReadonlySet<string>;

  /** Once the day is over, each is told again: a Redis that lost its data lost this with it. */
  constructor(day: Day, { known, isOver }: { known: readonly string[]; isOver: boolean }) {
    this.#at = forgottenAtSeconds(day);
    this.#known = new Set(isOver ? [] : known);
  }

  /** What to send with the read of this key, if anything. */
  of(name: string): { expireAt?: number } {
    const isSet = this.#known.has(name) || this.fresh.includes(name);
    return isSet ? {} : { expireAt: this.#at };
  }

  note(name: string, { expires }: { expires: boolean }): void {
    if (expires) this.fresh.push(name);
  }
}
