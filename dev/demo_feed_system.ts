/**
 * The running system as `deno task demo:feed` sees it: its API, the meter of its Redis, its clock.
 *
 * @module
 */
import { print } from "../shared/adapters/terminal.ts";

export interface Addresses {
  app: string;
  redis: string;
  token: string;
}

/** Billed commands, and those by name. */
export interface Meter {
  commands: number;
  byCommand: Readonly<Record<string, number>>;
}

const MOST_DECLARED = 500;

export class System {
  #offsetMs = 0;
  constructor(readonly addresses: Addresses) {}

  /** The app's time: dev's clock may have been moved. */
  now = (): number => Date.now() + this.#offsetMs;

  /** Reads the app's clock; resolves to by how many ms it has moved since it was read last. */
  async readClock(): Promise<number> {
    const sentAt = Date.now();
    const { at } = await this.get("/health");
    const before = this.#offsetMs;
    this.#offsetMs = Date.parse(at) - (sentAt + Date.now()) / 2;
    return Math.abs(this.#offsetMs - before);
  }

  /** What was billed so far. */
  async meter(): Promise<Meter> {
    const { commands, byCommand } = await (await fetch(`${this.addresses.redis}/_meter`)).json();
    return { commands, byCommand };
  }

  /** What was billed once nothing runs any more: a job ends a moment after its work is to be seen. */
  async meterAtRest(): Promise<Meter> {
    for (let last = await this.meter();;) {
      await pause(500);
      const now = await this.meter();
      if (now.commands === last.commands) return now;
      last = now;
    }
  }

  // deno-lint-ignore no-explicit-any -- the demo knows what it asks for
  get(path: string): Promise<any> {
    return this.#call(path, {});
  }

  /** Enqueues a job; resolves to its id. */
  async enqueue(job: string, input: unknown): Promise<string> {
    const { id } = await this.#post(`/api/jobs/${job}`, { input });
    return id;
  }

  /** Says that these listings are the site's own: others are counted, and not ranked. */
  async declare(listings: readonly { kind: string; id: number | string }[]): Promise<void> {
    for (let from = 0; from < listings.length; from += MOST_DECLARED) {
      await this.#post("/api/listings", { listings: listings.slice(from, from + MOST_DECLARED) });
    }
  }

  #post(path: string, body: unknown) {
    return this.#call(path, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.addresses.token}` },
      body: JSON.stringify(body),
    });
  }

  async #call(path: string, init: RequestInit) {
    const response = await fetch(`${this.addresses.app}${path}`, init);
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    throw new Error(`${init.method ?? "GET"} ${path}: ${response.status} ${text}`);
  }
}

/** Commands by name between two readings, those of which there were none left out. */
export function billedBetween(before: Meter, after: Meter): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after.byCommand)
      .map(([name, count]) => [name, count - (before.byCommand[name] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Shows how far a run is, with its pace and what is left: one line that changes, or a few lines. */
export function createProgress(what: string, outOf: number): (done: number) => void {
  const isTerminal = Deno.stdout.isTerminal();
  const startedAt = performance.now();
  let shownAt = -Infinity;
  let shownTenths = 0;
  return (done) => {
    const now = performance.now();
    const tenths = Math.floor(10 * done / outOf);
    if (isTerminal ? now - shownAt < 200 && done < outOf : tenths === shownTenths) return;
    shownAt = now;
    shownTenths = tenths;
    const seconds = (now - startedAt) / 1_000;
    const pace = done / seconds;
    const bar = "█".repeat(2 * tenths).padEnd(20, "░");
    const left = done < outOf
      ? `about ${seconds < 1 ? "…" : Math.ceil((outOf - done) / pace)} s left`
      : `in ${seconds.toFixed(1)} s`;
    const line = `  ${bar} ${grouped(done)} of ${grouped(outOf)} ${what}, ` +
      `${grouped(Math.round(pace))} a second, ${left}`;
    if (!isTerminal) return print(line);
    Deno.stdout.writeSync(new TextEncoder().encode(`\r${line.padEnd(100)}`));
    if (done === outOf) print();
  };
}

/** With a comma before every three digits. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
