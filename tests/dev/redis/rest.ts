/**
 * A Redis server on a free port for one test, and plain HTTP to talk to it.
 *
 * @module
 */
import { WallClock } from "../../../dev/clock.ts";
import {
  createRedisServer,
  type RedisServer,
  type RedisServerOptions,
} from "../../../dev/redis/server.ts";
import { listen } from "../../../dev/server.ts";

export interface Answer {
  status: number;
  body: unknown;
  headers: Headers;
}

export interface Rest {
  readonly server: RedisServer;
  readonly url: string;
  /** `fetch` with the standard token, unless `init` has another. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Posts `body` as JSON and reads the answer. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Runs one command; its result, or its error as a string that starts with `!`. */
  run(...command: (string | number)[]): Promise<unknown>;
}

/** Starts a server, runs `test`, and ends the server whatever happens. */
export async function withRest(
  test: (rest: Rest) => Promise<void>,
  options: Partial<RedisServerOptions> = {},
): Promise<void> {
  const server = await createRedisServer({ clock: new WallClock(), ...options });
  const listening = listen(server.fetch);
  const send = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${server.token}`);
    return fetch(listening.url + path, { ...init, headers });
  };
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await send(path, { method: "POST", body: JSON.stringify(body), headers });
    return { status: response.status, body: await response.json(), headers: response.headers };
  };
  try {
    await test({
      server,
      url: listening.url,
      fetch: send,
      post,
      run: async (...command) => {
        const { body } = await post("/", command);
        const { result, error } = body as { result?: unknown; error?: string };
        return error === undefined ? result : `!${error}`;
      },
    });
  } finally {
    await server.close();
    await listening.close();
  }
}

/** Reads an event stream frame by frame. */
export function readFrames(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = "";
  return {
    /** The text of the next frame; `undefined` when the stream has ended. */
    async next(): Promise<string | undefined> {
      while (!buffered.includes("\n\n")) {
        const { done, value } = await reader.read();
        if (done) return undefined;
        buffered += value;
      }
      const end = buffered.indexOf("\n\n");
      const frame = buffered.slice(0, end);
      buffered = buffered.slice(end + 2);
      return frame;
    },
    close: () => reader.cancel(),
  };
}
