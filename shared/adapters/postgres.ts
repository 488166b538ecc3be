/**
 * The Postgres port over postgres.js, on Deno and on workerd.
 *
 * Opens nothing before the first call. Statements are not prepared on the server, so a pooler
 * may stand in between. A statement that takes too long is cancelled; one that cannot even be
 * cancelled costs its connections. Fails as the port says.
 *
 * @module
 */
import { startOf } from "../contracts/text.ts";
import postgres from "postgres";
import { type Breaker, createBreaker } from "../core/breaker.ts";
import { AppError, PostgresQueryError, PostgresUnavailableError } from "../errors.ts";
import type { Database, Sql, SqlValue } from "../ports.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; `?sslmode=verify-full` for TLS. */
  url: string;
  /**
   * How long a connection lives: `isolate` shares a small pool between requests, `request` opens
   * one for each, for platforms on which no request may use another's. Default: `isolate`.
   */
  scope?: "isolate" | "request";
  /** Default: 5 s. */
  connectTimeoutMs?: number;
  /** How long one statement may take. Default: 20 s. */
  statementTimeoutMs?: number;
  /** Shared by all sessions. Default: 5 failures open it for 30 s. */
  breaker?: Breaker;
}

type Client = postgres.Sql;
type Transaction = postgres.TransactionSql;

const POOL_CONNECTIONS = 4;
const IDLE_SECONDS = 20;
/** Cancelled, idle in its transaction, locked out: it took too long by itself, and others are served. */
const ownFaults: ReadonlySet<string | undefined> = new Set(["57014", "25P03", "55P03"]);
/** How long a cancelled statement may take to end, and a closed connection to say goodbye, in ms. */
const GRACE_MS = 2_000;
/** A transaction whose isolate died, or that waits for the outside, frees its locks after this. */
const IDLE_IN_TRANSACTION = "set local idle_in_transaction_session_timeout = '30s'";

/** Makes a Postgres; build it once, and give each request a `session` of it. */
export function createPostgres(options: PostgresOptions): Database {
  const { scope = "isolate", statementTimeoutMs = 20_000 } = options;
  const breaker = options.breaker ??
    createBreaker({ dependency: "postgres", clock: { now: () => Date.now() } });
  let client: Client | undefined;

  async function drop(dropped: Client | undefined): Promise<void> {
    if (client === dropped) client = undefined;
    try {
      await dropped?.end({ timeout: GRACE_MS / 1_000 });
    } catch {
      // What cannot say goodbye is gone all the same.
    }
  }

  function sqlOver(current: Client | Transaction): Sql {
    return {
      query: (text, params = []) => run(current, text, params),
      transaction: (work) =>
        begin((run) => "savepoint" in current ? current.savepoint(run) : current.begin(run), work),
    };
  }

  /** Rejects when a call is open for too long; `cancel` is tried first, where there is one. */
  function watch(cancel?: () => void) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const used = client;
    const { promise: silence, reject } = Promise.withResolvers<never>();
    const giveUp = () => {
      reject(new PostgresUnavailableError(`Postgres gave no answer in ${statementTimeoutMs} ms`));
      void drop(used);
    };
    const tooLate = () => {
      timer = setTimeout(giveUp, GRACE_MS);
      cancel?.();
    };
    return {
      silence,
      begin: () => timer = setTimeout(tooLate, statementTimeoutMs),
      end: () => clearTimeout(timer),
    };
  }

  async function run<Row>(
    current: Client | Transaction,
    text: string,
    params: readonly SqlValue[],
  ): Promise<Row[]> {
    const query = current.unsafe<Row[] & postgres.MaybeRow[]>(text, [...params]);
    const watched = watch(() => query.cancel());
    watched.begin();
    try {
      return [...await Promise.race([query, watched.silence])];
    } catch (error) {
      throw explained(error);
    } finally {
      watched.end();
    }
  }

  async function begin<T>(
    start: (run: (transaction: Transaction) => Promise<T>) => Promise<unknown>,
    work: (sql: Sql) => Promise<T>,
  ): Promise<T> {
    let thrown: { error: unknown } | undefined;
    let isOver = false;
    // The work's own statements are watched one by one; this is for what begins and ends it.
    const watched = watch();
    const started = start(async (transaction) => {
      watched.end();
      try {
        // Not waited for: it travels with the first statement.
        const limited = run(transaction, IDLE_IN_TRANSACTION, []);
        limited.catch(() => {/* The statements after it fail the same way. */});
        return await work(sqlOver(transaction));
      } catch (error) {
        thrown = { error };
        throw error;
      } finally {
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

  const current = () => sqlOver(client ??= connect(options));
  const isAway = (error: unknown) =>
    error instanceof PostgresUnavailableError && !ownFaults.has(error.sqlState);
  const database: Database = {
    query: (text, params) => breaker.guard(() => current().query(text, params), isAway),
    transaction: (work) => breaker.guard(() => current().transaction(work), isAway),
    session: () => scope === "request" ? createPostgres({ ...options, breaker }) : shared,
    close: () => drop(client),
  };
  /** What a request sees of the pool: it closes nothing. */
  const shared: Database = {
    ...database,
    session: () => shared,
    close: () => Promise.resolve(),
  };
  return database;
}

function connect({ url, scope, connectTimeoutMs = 5_000 }: PostgresOptions): Client {
  const address = new URL(url);
  // For libpq alone: sent on, the server would refuse it as a setting that it does not know.
  address.searchParams.delete("channel_binding");
  return postgres(address.href, {
    max: scope === "request" ? 1 : POOL_CONNECTIONS,
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

/** What the driver refuses by itself: the caller's fault, not an outage. */
const misuses = new Set(["UNDEFINED_VALUE", "MAX_PARAMETERS_EXCEEDED"]);

/** What a caller can act on; what is ours already stays as it is. */
function explained(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return error;
  const { code = "", constraint_name } = error as Error & {
    code?: string;
    constraint_name?: string;
  };
  if (error.name !== "PostgresError") {
    if (error instanceof RangeError || misuses.has(code)) return error;
    // workerd's errors of a connection have no code.
    return new PostgresUnavailableError(`Cannot reach Postgres: ${code || error.name}`, {
      cause: error.message,
    });
  }
  if (isOutage(code)) {
    return new PostgresUnavailableError(`Cannot use Postgres now: ${code}`, { sqlState: code });
  }
  const advice = isUnmigrated(code) ? "; run deno task migrate" : "";
  return new PostgresQueryError(code, withoutValues(error.message) + advice, constraint_name);
}

/** Connections, log-in, no such database, resources, shutdown, cancelled, killed while idle. */
function isOutage(sqlState: string): boolean {
  return /^(08|28|3D|53|57|25P03|55P03)/.test(sqlState);
}

/** A table, or a column of one, is not there. */
function isUnmigrated(sqlState: string): boolean {
  return sqlState === "42P01" || sqlState === "42703";
}

/** Postgres quotes values in some messages: `invalid input syntax for type integer: "x"`. */
function withoutValues(message: string): string {
  return startOf(message.replace(/: ".*$/s, ""), 200);
}
