/**
 * A Postgres on loopback: PGlite, in memory, behind its socket server.
 *
 * It runs in a thread of its own, so that neither its start nor a long statement
 * holds up the other servers. One statement runs at a time, and a transaction holds up every
 * other connection until it ends.
 *
 * @module
 */

/** A Postgres that is listening, and empty. */
export interface PostgresServer extends AsyncDisposable {
  /** With user and database; any password is taken. */
  readonly url: string;
  readonly port: number;
  /** Ends the server, and with it all its data. */
  close(): Promise<void>;
}

export interface PostgresServerOptions {
  /** The port to try first; 0 takes any free one. Default: 0. */
  port?: number;
}

/** What the thread is told, once. */
export interface StartOrder {
  port: number;
  /** How many ports after `port` to try when it is taken. */
  tries: number;
}

/** What the thread answers. */
export type StartAnswer = { port: number } | { error: string };

/** Starts a server; resolves once it takes connections. Keeps real time, whatever clock is installed. */
export async function createPostgresServer(
  { port = 0 }: PostgresServerOptions = {},
): Promise<PostgresServer> {
  const thread = new Worker(new URL("./thread.ts", import.meta.url), { type: "module" });
  const order: StartOrder = { port, tries: 50 };
  thread.postMessage(order);
  const answer = await new Promise<StartAnswer>((resolve) => {
    thread.onmessage = ({ data }) => resolve(data);
    thread.onerror = (event) => {
      event.preventDefault();
      resolve({ error: event.message });
    };
  });
  if ("error" in answer) {
    thread.terminate();
    throw new Error(`Cannot start Postgres: ${answer.error}`);
  }
  // In memory there is nothing to put in order.
  const close = () => Promise.resolve(thread.terminate());
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${answer.port}/postgres`,
    port: answer.port,
    close,
    [Symbol.asyncDispose]: close,
  };
}
