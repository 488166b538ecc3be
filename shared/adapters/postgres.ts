/**
 * The Postgres port over postgres.js, on Deno and on workerd.
 *
 * Opens nothing before the first call. Statements are not prepared on the server, so a pooler
 * may stand in between. A statement that takes too long is cancelled; one that cannot even be
 * cancelled costs its own connection. Waiting for a connection is not waiting for Postgres: it
 * ends as `PostgresBusyError`, and no breaker counts it. Otherwise fails as the port says.
 *
 * @module
 */
import postgres from "postgres";
import { type Breaker, createBreaker } from "../core/breaker.ts";
import { PostgresBusyError, PostgresUnavailableError } from "../errors.ts";
import type { Database, Sql, SqlValue } from "../ports.ts";
import { explained } from "./postgres_errors.ts";
import { type Client, createPool, GOODBYE_MS, type Lease } from "./postgres_pool.ts";
import { type PostgresAddress, readPostgresUrl } from "./postgres_url.ts";

export interface PostgresOptions {
  /**
   * `postgres://user:password@host:port/database`; `?sslmode=verify-full` for TLS. What other
   * clients' settings stand behind the `?` is left out, see `postgres_url.ts`.
   */
  url: string;
  /**
   * How long a connection lives: `isolate` shares a small pool between requests, `request` opens
   * one for each, for platforms on which no request may use another's. Default: `isolate`.
   */
  scope?: "isolate" | "request";
  /** Default: the URL's `connect_timeout`, else 5 s. */
  connectTimeoutMs?: number;
  /** How long one statement may take once it has a connection, at most 24 days. Default: 20 s. */
  statementTimeoutMs?: number;
  /** Of an isolate. Default: the URL's `connection_limit`, else 4. */
  connections?: number;
  /** How long a call may wait for a connection that others use. Default: the URL's `pool_timeout`, else 10 s. */
  waitTimeoutMs?: number;
  /** How many may wait for a connection. Default: 1,000. */
  mostWaiting?: number;
  /** Shared by all sessions. Default: 5 failures open it for 30 s. */
  breaker?: Breaker;
}

type Transaction = postgres.TransactionSql;

const POOL_CONNECTIONS = 4;
const IDLE_SECONDS = 20;
/** Cancelled, idle in its transaction, locked out: it took too long by itself, and others are served. */
const ownFaults: ReadonlySet<string | undefined> = new Set(["57014", "25P03", "55P03"]);
/** A transaction whose isolate died, or that waits for the outside, frees its locks after this. */
const IDLE_IN_TRANSACTION = "set local idle_in_transaction_session_timeout = '30s'";

/** Makes a Postgres; build it once, and give each request a `session` of it. */
export function createPostgres(options: PostgresOptions): Database {
  const { scope = "isolate", statementTimeoutMs = 20_000 } = options;
  const breaker = options.breaker ??
    createBreaker({ dependency: "postgres", clock: { now: () => Date.now() } });
  const address = readPostgresUrl(options.url);
  const { connections = address.connections ?? POOL_CONNECTIONS } = options;
  const pool = createPool({
    connections: scope === "request" ? 1 : connections,
    waitTimeoutMs: options.waitTimeoutMs ?? address.waitTimeoutMs ?? 10_000,
    mostWaiting: options.mostWaiting ?? 1_000,
    connect: () => connect(address, options.connectTimeoutMs ?? address.connectTimeoutMs ?? 5_000),
  });

  async function onLease<T>(work: (session: Session) => Promise<T>): Promise<T> {
    // Before the wait, so that who would be refused does not wait first.
    breaker.check();
    const lease = await pool.lend();
    try {
      return await breaker.guard(() => work(new Session(lease, statementTimeoutMs)), isAway);
    } finally {
      lease.release();
    }
  }

  const database: Database = {
    query: (text, params) => onLease((session) => session.run(lentClient(session), text, params)),
    transaction: (work) =>
      onLease((session) => session.begin((run) => lentClient(session).begin(run), work)),
    session: () => scope === "request" ? createPostgres({ ...options, breaker }) : shared,
    close: () => pool.close(),
  };
  /** What a request sees of the pool: it closes nothing. */
  const shared: Database = {
    ...database,
    session: () => shared,
    close: () => Promise.resolve(),
  };
  return database;
}

function isAway(error: unknown): boolean {
  return error instanceof PostgresUnavailableError && !(error instanceof PostgresBusyError) &&
    !ownFaults.has(error.sqlState);
}

const lentClient = ({ lease }: Session): Client => lease.client;

/** One caller's time with a connection. */
class Session {
  /** The statement that runs on the connection now; the next one waits for it, unwatched. */
  #last: Promise<unknown> = Promise.resolve();
  #lost: PostgresUnavailableError | undefined;

  constructor(readonly lease: Lease, private readonly statementTimeoutMs: number) {}

  /** Runs one statement, when those before it are over. */
  async run<Row>(
    on: Client | Transaction,
    text: string,
    params: readonly SqlValue[] = [],
  ): Promise<Row[]> {
    const before = this.#last;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    this.#last = over;
    await before;
    try {
      return await this.#runNow(on, text, params);
    } finally {
      resolve();
    }
  }

  /** Runs `work` between what `start` sends before and after it. */
  async begin<T>(
    start: (run: (transaction: Transaction) => Promise<T>) => Promise<unknown>,
    work: (sql: Sql) => Promise<T>,
  ): Promise<T> {
    let thrown: { error: unknown } | undefined;
    let isOver = false;
    await this.#quiet();
    // The work's own statements are watched one by one; this is for what begins and ends it.
    const watched = this.#watch();
    const started = start(async (transaction) => {
      watched.end();
      try {
        // Not waited for: it travels with the first statement.
        const limited = this.#runNow(transaction, IDLE_IN_TRANSACTION, []);
        limited.catch(() => {/* The statements after it fail the same way. */});
        return await work(this.#sqlOver(transaction));
      } catch (error) {
        thrown = { error };
        throw error;
      } finally {
        // What the work sent and did not wait for belongs to it, and comes before its end.
        await this.#quiet();
        if (!isOver) watched.begin();
      }
    }) as Promise<T>;
    watched.begin();
    try {
      return await Promise.race([started, watched.silence]);
    } catch (error) {
      throw error === thrown?.error ? error : explained(error);
    } finally {
      isOver = true;
      watched.end();
    }
  }

  #sqlOver(transaction: Transaction): Sql {
    return {
      query: (text, params) => this.run(transaction, text, params),
      transaction: (work) => this.begin((run) => transaction.savepoint(run), work),
    };
  }

  /** Until nothing runs or waits on the connection. */
  async #quiet(): Promise<void> {
    for (let last; last !== this.#last;) await (last = this.#last);
  }

  async #runNow<Row>(
    on: Client | Transaction,
    text: string,
    params: readonly SqlValue[],
  ): Promise<Row[]> {
    if (this.#lost) throw this.#lost;
    const query = on.unsafe<Row[] & postgres.MaybeRow[]>(text, [...params]);
    const watched = this.#watch(() => query.cancel());
    watched.begin();
    try {
      return [...await Promise.race([query, watched.silence])];
    } catch (error) {
      throw explained(error);
    } finally {
      watched.end();
    }
  }

  /** Rejects when a call is open for too long; `cancel` is tried first, where there is one. */
  #watch(cancel?: () => void) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const { promise: silence, reject } = Promise.withResolvers<never>();
    silence.catch(() => {/* Who no longer waits for it has had an answer. */});
    const giveUp = () => {
      const message = `Postgres gave no answer in ${this.statementTimeoutMs} ms`;
      reject(this.#lost = new PostgresUnavailableError(message));
      void this.lease.discard();
    };
    const tooLate = () => {
      timer = setTimeout(giveUp, GOODBYE_MS);
      cancel?.();
    };
    return {
      silence,
      begin: () => timer = setTimeout(tooLate, this.statementTimeoutMs),
      end: () => clearTimeout(timer),
    };
  }
}

function connect(address: PostgresAddress, connectTimeoutMs: number): Client {
  const { url, host, port, user, password, database } = address;
  return postgres(url, {
    ...(host && { host }),
    ...(port && { port }),
    ...(user && { user }),
    ...(password && { password }),
    ...(database && { database }),
    max: 1,
    idle_timeout: IDLE_SECONDS,
    connect_timeout: connectTimeoutMs / 1_000,
    // Each call fails on its own; to wait before the next is the caller's business.
    backoff: () => 0,
    fetch_types: false,
    prepare: false,
    onnotice: () => {},
    connection: { application_name: "zeropoll" },
  });
}
