/**
 * Runs work side by side, as much as the machine's cores and its memory allow, in the order it came.
 *
 * @module
 */

/** `ZEROPOLL_JOBS` sets how many run at once; default: the cores. */
const JOBS = Number(Deno.env.get("ZEROPOLL_JOBS")) || navigator.hardwareConcurrency;

export class Slots {
  readonly #waiting: { megabytes: number; start(): void }[] = [];
  #running = 0;
  #megabytes = 0;
  readonly #jobs: number;
  readonly #most: number;

  /** At most `jobs` at once, of at most `most` MB together; what is alone may be of any size. */
  constructor({ jobs = JOBS, most = Math.max(1_900, 950 * jobs) } = {}) {
    this.#jobs = jobs;
    this.#most = most;
  }

  /** Resolves when `work` has ended. What is too large for now lets smaller work go first. */
  use(megabytes: number, work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const release = () => {
        this.#running--;
        this.#megabytes -= megabytes;
        this.#next();
      };
      const start = () => void work().finally(release).then(resolve, reject);
      this.#waiting.push({ megabytes, start });
      this.#next();
    });
  }

  #next(): void {
    while (this.#running < this.#jobs) {
      const index = this.#waiting.findIndex(({ megabytes }) =>
        this.#running === 0 || this.#megabytes + megabytes <= this.#most
      );
      if (index < 0) return;
      const [{ megabytes, start }] = this.#waiting.splice(index, 1);
      this.#running++;
      this.#megabytes += megabytes;
      start();
    }
  }
}
