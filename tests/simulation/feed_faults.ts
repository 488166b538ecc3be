/**
 * Failures between the app and the outside, Postgres with them: refusals, lost and late replies,
 * requests and isolates that end at any await.
 *
 * What has ended is an await that never returns. In a transaction it is thrown first: a Postgres
 * rolls back when the connection is gone.
 *
 * @module
 */
import {
  type Database,
  type Mailer,
  MailUnavailableError,
  PostgresUnavailableError,
  type Queue,
  QueueUnavailableError,
  type Redis,
  RedisUnavailableError,
  type Sql,
} from "../../shared/mod.ts";
import type { Random } from "./random.ts";

const NEVER_MS = 1e13;
/** A client waits longer than for several of these. */
const LATE_MS = 8_000;
/** How many of those that die take their isolate along. */
const OF_ISOLATES = 0.5;

export type Target = "redis" | "queue" | "postgres" | "mail";
const strikes = ["fails", "is late", "dies"] as const;

/** An isolate, as far as it can end. */
export interface Life {
  isOver: boolean;
}

export interface FaultsOptions {
  random: Random;
  /** Waits on the cloud's clock. */
  sleep(ms: number): Promise<void>;
  /** How likely each call meets a failure. */
  odds: Readonly<Partial<Record<Target, number>>>;
}

class Died extends Error {}

const errors: Readonly<Record<Target, () => Error>> = {
  redis: () => new RedisUnavailableError("chaos"),
  queue: () => new QueueUnavailableError("chaos"),
  postgres: () => new PostgresUnavailableError("chaos"),
  mail: () => new MailUnavailableError("chaos"),
};

export class Faults {
  /** Off: everything works, as after the storm. */
  isOn = true;
  /** What does not answer at all for now. */
  readonly away = new Set<Target>();
  /** How often each kind struck. */
  readonly struck: Record<string, number> = {};
  readonly #options: FaultsOptions;

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  redis(life: Life, redis: Redis): Redis {
    return {
      run: (...call) => this.#meet(life, "redis", () => redis.run(...call)),
      pipeline: (...call) => this.#meet(life, "redis", () => redis.pipeline(...call)),
      transaction: (...call) => this.#meet(life, "redis", () => redis.transaction(...call)),
      subscribe: (...call) => redis.subscribe(...call),
      tallied: (tally) => this.redis(life, redis.tallied(tally)),
    };
  }

  queue(life: Life, queue: Queue): Queue {
    const disturbed = Object.entries(queue).map(([name, method]) => [
      name,
      (...call: unknown[]) => this.#meet(life, "queue", () => method(...call)),
    ]);
    return Object.fromEntries(disturbed);
  }

  mailer(life: Life, mailer: Mailer): Mailer {
    return { send: (...call) => this.#meet(life, "mail", () => mailer.send(...call)) };
  }

  database(life: Life, database: Database): Database {
    return {
      query: (...call) => this.#meet(life, "postgres", () => database.query(...call)),
      transaction: (work) =>
        this.#meet(life, "postgres", async () => {
          try {
            return await database.transaction((sql) => work(this.#inside(life, sql)));
          } catch (error) {
            if (!(error instanceof Died)) throw error;
            return await this.#forever();
          }
        }),
      session: () => this.database(life, database.session()),
      close: () => database.close(),
    };
  }

  async #meet<T>(life: Life, target: Target, work: () => Promise<T>): Promise<T> {
    if (life.isOver) return await this.#forever();
    if (this.away.has(target)) throw errors[target]();
    const { strike, isAfter } = this.#draw(target, strikes);
    const meet = async () => {
      if (strike === "fails") throw errors[target]();
      if (strike === "is late") await this.#options.sleep(this.#options.random.below(LATE_MS));
      if (strike === "dies") this.#end(life);
      if (strike === "dies" || life.isOver) await this.#forever();
    };
    if (!isAfter) await meet();
    const result = await work();
    if (isAfter || life.isOver) await meet();
    return result;
  }

  /** In a transaction nothing waits for the clock: it would keep all others waiting. */
  #inside(life: Life, sql: Sql): Sql {
    const guard = async <T>(work: () => Promise<T>): Promise<T> => {
      if (life.isOver) throw new Died();
      if (this.away.has("postgres")) throw errors.postgres();
      const { strike, isAfter } = this.#draw("postgres", ["fails", "dies"]);
      const meet = () => {
        if (strike === "fails") throw errors.postgres();
        if (strike === "dies") this.#end(life);
        if (strike === "dies" || life.isOver) throw new Died();
      };
      if (!isAfter) meet();
      const result = await work();
      meet();
      return result;
    };
    return {
      query: (...call) => guard(() => sql.query(...call)),
      transaction: (work) =>
        guard(() => sql.transaction((inner) => work(this.#inside(life, inner)))),
    };
  }

  #draw(target: Target, among: readonly (typeof strikes)[number][]) {
    const { random, odds } = this.#options;
    if (!this.isOn || !random.chance(odds[target] ?? 0)) return { isAfter: false };
    const strike = random.pick(among);
    const isAfter = random.chance(0.5);
    const name = `${target} ${strike} ${isAfter ? "after" : "before"}`;
    this.struck[name] = (this.struck[name] ?? 0) + 1;
    return { strike, isAfter };
  }

  #end(life: Life): void {
    if (this.#options.random.chance(OF_ISOLATES)) life.isOver = true;
  }

  async #forever(): Promise<never> {
    await this.#options.sleep(NEVER_MS);
    throw new Error("the dead do not wake");
  }
}
