/**
 * A real redis-server for tests: found on PATH, started on a free port without persistence,
 * ended by its process id.
 *
 * @module
 */

/** A server that this process started; `await using` ends it with its scope. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Ends the server, and with it all its data. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** The port to take; default: any free one. */
  port?: number;
  /** Asks clients for this password. Default: none. */
  password?: string;
}

/** The path of redis-server, if there is one on PATH. */
export function findRedisServer(): string | undefined {
  const directories = (Deno.env.get("PATH") ?? "").split(Deno.build.os === "windows" ? ";" : ":");
  return directories.map((directory) => `${directory}/redis-server`).find(isFile);
}

/** Starts a server with no data; resolves once it takes connections. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const path = findRedisServer();
  if (path === undefined) {
    throw new Error("Cannot start a Redis server: redis-server is not on PATH");
  }
  const { port = freePort(), password } = options;
  const login = password === undefined ? [] : ["--requirepass", password];
  const server = new Deno.Command(path, {
    // deno-fmt-ignore
    args: ["--save", "", "--appendonly", "no", "--port", String(port), "--bind", "127.0.0.1", ...login],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let log = "";
  while (!log.includes("Ready to accept connections")) {
    const { done, value } = await output.read();
    if (done) throw new Error(`Cannot start a Redis server on port ${port}: ${log.slice(-500)}`);
    log += value;
  }
  const drained = drain(output);
  const stop = once(async () => {
    server.kill("SIGKILL");
    await server.status;
    await drained;
  });
  return {
    url: password === undefined
      ? `redis://127.0.0.1:${port}`
      : `redis://:${password}@127.0.0.1:${port}`,
    port,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => result ??= action();
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // Not there, or not for us to look at: the same to a search.
  }
}
