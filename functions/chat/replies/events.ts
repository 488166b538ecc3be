/**
 * Events of one reply on their way to the request that asked for it: they are pushed as they happen,
 * and taken by the answer's body.
 *
 * @module
 */

/** A queue with one reader. */
export class EventQueue<Event> {
  readonly #waiting: Event[] = [];
  #isClosed = false;
  #wake: () => void = () => {};

  push(event: Event): void {
    if (this.#isClosed) return;
    this.#waiting.push(event);
    this.#wake();
  }

  /** Ends the reader behind what was pushed before. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async *read(): AsyncGenerator<Event> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else if (this.#isClosed) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
