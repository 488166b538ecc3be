/**
 * How many calls may wait for their response at the same time, over all messages.
 *
 * @module
 */

export class Parallelism {
  #active = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(readonly max: number) {}

  get active(): number {
    return this.#active;
  }

  /** True when a place was taken; else `admit` is called once one has been taken for it. */
  enter(admit: () => void): boolean {
    if (this.#active < this.max) {
      this.#active++;
      return true;
    }
    this.#waiting.push(admit);
    return false;
  }

  /** Gives a place back, to the one that has waited longest if there is one. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#active--;
  }
}
