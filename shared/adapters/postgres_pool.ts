/**
 * A small pool of Postgres connections, each lent to one caller at a time.
 *
 * Who waits for a connection waits here, before anything is sent, so that this wait is never taken
 * for Postgres' silence. A connection that is given up takes no other with it.
 *
 * @module
 */
import postgres from "postgres";
import { PostgresBusyError } from "../errors.ts";

/** A client of one connection, which it opens with its first statement. */
export type Client = postgres.Sql;

export interface PoolOptions {
  connections: number;
  /** How long a caller may wait for a connection, in ms. */
  waitTimeoutMs: number;
  /** How many may wait. */
  mostWaiting: number;
  connect(): Client;
}

/** A connection that is one's own until it is given back. */
export interface Lease {
  readonly client: Client;
  /** Gives it back; only the first call does anything. */
  release(): void;
  /** Ends the connection, whatever it is doing; the place is free at once. */
  discard(): Promise<void>;
}

export interface Pool {
  /** @throws {PostgresBusyError} if too many wait already, or none came free in time */
  lend(): Promise<Lease>;
  /** Ends every connection; never throws. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(): void;
}

/** How long a closed connection may take to say goodbye, in ms. */
export const GOODBYE_MS = 2_000;

/** Makes a pool; opens nothing. */
export function createPool(options: PoolOptions): Pool {
  const { connections, waitTimeoutMs, mostWaiting } = options;
  const idle: Client[] = [];
  const lent = new Set<Client>();
  const waiting = new Set<Waiting>();
  let taken = 0;

  function free(): void {
    const [next] = waiting;
    if (next === undefined) {
      taken--;
      return;
    }
    waiting.delete(next);
    next.resolve();
  }

  async function place(): Promise<void> {
    if (taken < connections) {
      taken++;
      return;
    }
    if (waiting.size >= mostWaiting) {
      throw new PostgresBusyError(`Cannot use Postgres now: ${waiting.size} wait for a connection`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const mine = { resolve };
    waiting.add(mine);
    const timer = setTimeout(() => {
      waiting.delete(mine);
      reject(
        new PostgresBusyError(
          `Cannot use Postgres now: no connection came free in ${waitTimeoutMs} ms`,
        ),
      );
    }, waitTimeoutMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async lend() {
      await place();
      // The last one that was used: the others may then close for being idle.
      const client = idle.pop() ?? options.connect();
      lent.add(client);
      const giveBack = (isGone: boolean) => {
        if (!lent.delete(client)) return;
        if (!isGone) idle.push(client);
        free();
      };
      return {
        client,
        release: () => giveBack(false),
        discard() {
          giveBack(true);
          return end(client);
        },
      };
    },
    async close() {
      const open = [...idle.splice(0), ...lent];
      // What is lent goes on to its end, and does not come back.
      for (const client of [...lent]) if (lent.delete(client)) free();
      await Promise.all(open.map(end));
    },
  };
}

async function end(client: Client): Promise<void> {
  try {
    await client.end({ timeout: GOODBYE_MS / 1_000 });
  } catch {
    // What cannot say goodbye is gone all the same.
  }
}
