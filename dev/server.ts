/**
 * Puts a fetch handler on a loopback port, behind the guard.
 *
 * @module
 */

import { printError } from "../shared/adapters/terminal.ts";
import { type GuardOptions, refusal } from "./guard.ts";

/** A server that is listening; `url` has no trailing slash. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface ListenOptions extends GuardOptions {
  /** The port to try first; 0 takes any free one. Default: 0. */
  port?: number;
  /** How many ports after `port` to try when it is taken. Default: 50. */
  tries?: number;
  /** Lets another process that says the same take over the port without a gap; needs `--unstable-net`. Default: false. */
  shared?: boolean;
}

/** Listens on 127.0.0.1, on `port` or the next free one. Throws `Deno.errors.AddrInUse` when none is. */
export function listen(
  handler: (request: Request, info: Deno.ServeHandlerInfo) => Response | Promise<Response>,
  options: ListenOptions = {},
): Listening {
  const { port = 0, tries = 50, shared = false, ...guard } = options;
  for (let attempt = 0;; attempt++) {
    try {
      const closing = new AbortController();
      const server = Deno.serve({
        hostname: "127.0.0.1",
        port: port === 0 ? 0 : port + attempt,
        reusePort: shared,
        signal: closing.signal,
        onListen: () => {},
        onError: (error) => {
          // What was sent may stand in the message, and would reach the terminal as it is.
          printError(error instanceof Error ? error.stack ?? `${error}` : `${error}`);
          return new Response("Internal Server Error", { status: 500 });
        },
      }, (request, info) => refusal(request, guard) ?? handler(request, info));
      return {
        url: `http://127.0.0.1:${server.addr.port}`,
        port: server.addr.port,
        close: () => {
          // Not shutdown(): that waits for streams that have no end.
          closing.abort();
          return server.finished;
        },
      };
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || port === 0 || attempt >= tries) throw error;
    }
  }
}
