/**
 * A process whose time stands still until everything that can happen at a moment has happened.
 *
 * `Date`, timers and `fetch` are put on a clock and on servers in this process, so that streams, their
 * readers and the patience of clients all run in virtual time. What takes real time (Postgres, hashes,
 * QStash's client) is done one after another, and time waits for it: so a seed repeats itself.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { type DevClock, installClock, type Timer } from "../../dev/clock.ts";
import { type HeapTask, TaskHeap } from "../../dev/task_heap.ts";
import { loopback, type Server } from "./chat_loopback.ts";

/** So many turns of the event loop in which nothing waits for real time: all is quiet. */
const QUIET_TURNS = 3;
/** Above all of the platform's own. */
const FIRST_TIMER = 1e12;
const HASHES = ["digest", "sign", "verify", "importKey"] as const;

export class Stage implements DevClock {
  #now: number;
  #sequence = 0;
  #busy = 0;
  readonly #tasks = new TaskHeap();
  readonly #errors: unknown[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  readonly #undo: (() => void)[] = [];
  readonly #servers = new Map<string, Server>();
  readonly fetch = loopback((origin) => this.#servers.get(origin));

  constructor(startAt: number) {
    this.#now = startAt;
    this.#undo.push(installClock(this), this.#installTimers(), this.#installHashes());
    const { fetch } = globalThis;
    globalThis.fetch =
      ((input: RequestInfo | URL, init?: RequestInit) =>
        this.#servers.has(new URL(input instanceof Request ? input.url : input).origin)
          ? this.fetch(input, init)
          : this.real(() => fetch(input, init))) as typeof fetch;
    this.#undo.push(() => void (globalThis.fetch = fetch));
  }

  /** Has `server` answer at this origin. */
  serve(origin: string, server: Server): void {
    this.#servers.set(origin, server);
  }

  now(): number {
    return this.#now;
  }

  schedule(at: number, task: () => void | Promise<void>): Timer {
    const entry: HeapTask = { at, sequence: this.#sequence++, run: task, waiting: true };
    this.#tasks.add(entry);
    return { cancel: () => this.#tasks.cancel(entry) };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.schedule(this.#now + ms, resolve));
  }

  /** Does something that takes real time, behind all that was begun before; the clock waits. */
  real<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    const result = this.#turn.then(work).finally(() => this.#busy--);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Moves on; each moment is over before the next begins. Throws what a task threw. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await this.#quiet();
    for (let next = this.#tasks.first(); next && next.at <= target; next = this.#tasks.first()) {
      this.#tasks.take();
      this.#now = Math.max(this.#now, next.at);
      Promise.try(next.run).catch((error) => this.#errors.push(error));
      await this.#quiet();
    }
    this.#now = target;
    if (this.#errors.length > 0) throw this.#errors.shift();
  }

  /** Gives back what it took the place of. */
  close(): void {
    for (const undo of this.#undo.toReversed()) undo();
  }

  async #quiet(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; turns++) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      if (this.#busy > 0) turns = -1;
    }
  }

  #installTimers(): () => void {
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
    const timers = new Map<number, Timer>();
    let last = FIRST_TIMER;
    const begin = (ms: number, isRepeated: boolean, run: () => void): number => {
      const id = ++last;
      const arm = () =>
        timers.set(
          id,
          this.schedule(this.#now + Math.max(0, ms), () => {
            if (isRepeated) arm();
            else timers.delete(id);
            run();
          }),
        );
      arm();
      return id;
    };
    const endBy = (endReal: (id?: number) => void) => (id?: number) => {
      if (id === undefined || !(id > FIRST_TIMER)) return endReal(id);
      timers.get(id)?.cancel();
      timers.delete(id);
    };
    // deno-lint-ignore no-explicit-any -- as the platform's own take them
    type Callback = (...given: any[]) => void;
    Object.assign(globalThis, {
      setTimeout: (run: Callback, ms = 0, ...given: unknown[]) =>
        isPostgres() ? setTimeout(run, ms, ...given) : begin(ms, false, () => run(...given)),
      setInterval: (run: Callback, ms = 0, ...given: unknown[]) =>
        begin(ms, true, () => run(...given)),
      clearTimeout: endBy(clearTimeout),
      clearInterval: endBy(clearInterval),
    });
    return () =>
      void Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
  }

  #installHashes(): () => void {
    // deno-lint-ignore no-explicit-any -- whatever they take
    const { subtle } = crypto as any;
    const own = Object.fromEntries(HASHES.map((name) => [name, subtle[name]]));
    for (const name of HASHES) {
      subtle[name] = (...given: unknown[]) => this.real(() => own[name].apply(subtle, given));
    }
    return () => {
      for (const name of HASHES) delete subtle[name];
    };
  }
}

/** Its client is on a real socket: it connects, and hangs up, in real time. */
function isPostgres(): boolean {
  return new Error().stack!.includes("/node_modules/postgres/");
}
