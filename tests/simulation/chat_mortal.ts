/**
 * Isolates that may end at any of their awaits: before or after what they ask for was done.
 *
 * For an isolate that has ended no await returns any more, its connections break, and what it had sent
 * may still be done. The same places are where the outside fails, or answers late.
 *
 * @module
 */
import {
  type Database,
  type Llm,
  PostgresUnavailableError,
  type Queue,
  QueueUnavailableError,
  type Redis,
  RedisUnavailableError,
  type Sleep,
  type Sql,
} from "../../shared/mod.ts";

export type Target = "redis" | "queue" | "postgres" | "model" | "sleep";
export type Strike = "dies" | "fails" | "is late" | undefined;

/** An await, as whoever decides on it sees it. */
export interface Point {
  target: Target;
  isAfter: boolean;
  life: Life;
}

/** Decides what becomes of each await; `lateMs` is how late is late. */
export interface Fate {
  strike(point: Point): Strike;
  isAway(target: Target): boolean;
  lateMs(): number;
}

const errors = {
  redis: () => new RedisUnavailableError("the simulation keeps it away"),
  queue: () => new QueueUnavailableError("the simulation keeps it away"),
  postgres: () => new PostgresUnavailableError("the simulation keeps it away"),
} as const;
const NEVER = new Promise<never>(() => {});

/** One isolate, as far as it can end. */
export class Life {
  readonly #death = new AbortController();

  constructor(
    readonly fate: Fate,
    /** Waits, for what comes late. */
    readonly pause: Sleep,
  ) {}

  /** Aborts at its end: whoever is connected to it hears that. */
  get ending(): AbortSignal {
    return this.#death.signal;
  }

  get isOver(): boolean {
    return this.#death.signal.aborted;
  }

  end(): void {
    this.#death.abort(new TypeError("connection reset: the isolate has ended"));
  }

  redis(redis: Redis): Redis {
    return {
      run: (...call) => this.#meet("redis", () => redis.run(...call)),
      pipeline: (...call) => this.#meet("redis", () => redis.pipeline(...call)),
      transaction: (...call) => this.#meet("redis", () => redis.transaction(...call)),
      subscribe: async (...call) =>
        this.#listened(await this.#meet("redis", () => redis.subscribe(...call))),
      tallied: (tally) => this.redis(redis.tallied(tally)),
    };
  }

  queue(queue: Queue): Queue {
    const mortal = Object.entries(queue).map(([name, method]) => [
      name,
      (...call: unknown[]) => this.#meet("queue", () => method(...call)),
    ]);
    return Object.fromEntries(mortal);
  }

  /** Statements alone: what the chat does in one statement is done whole or not at all. */
  database(database: Database): Database {
    return {
      query: <Row>(...call: Parameters<Sql["query"]>) =>
        this.#meet("postgres", () => database.query<Row>(...call)),
      transaction: (work) => this.#meet("postgres", () => database.transaction(work)),
      session: () => this.database(database),
      close: () => Promise.resolve(),
    };
  }

  model(llm: Llm): Llm {
    return {
      complete: (...call) => this.#meet("model", () => llm.complete(...call)),
      stream: (...call) => this.#said(llm.stream(...call)),
    };
  }

  sleep(sleep: Sleep): Sleep {
    return (ms) => this.#meet("sleep", () => sleep(ms));
  }

  async *#said(text: AsyncIterable<string>): AsyncGenerator<string> {
    const pieces = text[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#meet("model", () => pieces.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await pieces.return?.();
    }
  }

  async *#listened(payloads: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const payload of payloads) {
      if (this.isOver) await NEVER;
      yield payload;
    }
    if (this.isOver) await NEVER;
  }

  async #meet<T>(target: Target, work: () => Promise<T>): Promise<T> {
    await this.#pass(target, false);
    const result = await work().catch(async (error) => {
      if (this.isOver) await NEVER;
      throw error;
    });
    await this.#pass(target, true);
    return result;
  }

  async #pass(target: Target, isAfter: boolean): Promise<void> {
    if (this.isOver) await NEVER;
    if (!isAfter && this.fate.isAway(target)) throw failure(target);
    const strike = this.fate.strike({ target, isAfter, life: this });
    if (strike === "dies") this.end();
    if (strike === "is late") await this.pause(this.fate.lateMs());
    if (this.isOver) await NEVER;
    if (strike === "fails") throw failure(target);
  }
}

function failure(target: Target): Error {
  if (target === "model" || target === "sleep") throw new Error(`${target} cannot fail here`);
  return errors[target]();
}
