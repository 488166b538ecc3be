/**
 * One connection to a Redis server: logs in, pipelines what is sent, ends once.
 *
 * Replies come in the order of what was sent. When the connection ends, everything that
 * still waits rejects: a command may have run without its reply having arrived, so only
 * the caller can know whether to send it again.
 *
 * @module
 */

import type { Command, Reply } from "./engine.ts";
import { commandOf, encodeCommands, ReplyParser } from "./resp_protocol.ts";

const CONNECT_TIMEOUT_MS = 5_000;

/** Where a server is, and how to log in. */
export interface RedisAddress {
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
}

/** The server cannot be reached, or went away before it had answered. */
export class RedisUnreachableError extends Error {
  override readonly name = "RedisUnreachableError";
}

/** Reads `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS; throws `TypeError`. */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = Number(url?.pathname.slice(1) || "0");
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || !Number.isInteger(database)) {
    throw new TypeError("Cannot read the Redis URL: it must be redis://[user:pass@]host:port[/db]");
  }
  return {
    hostname: url.hostname.replace(/^\[|\]$/g, "") || "127.0.0.1",
    port: Number(url.port || 6379),
    tls: url.protocol === "rediss:",
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    database,
  };
}

interface Waiting {
  readonly replies: Reply[];
  readonly count: number;
  resolve(replies: Reply[]): void;
  reject(error: Error): void;
}

/** A connection that is logged in. Open one with `openConnection`. */
export class RespConnection {
  /** Gets the replies that nothing waits for: a subscription's messages. */
  onUnasked: (reply: Reply) => void = () => {};
  /** Is called once, when the connection has ended by whatever cause. */
  onEnd: () => void = () => {};

  readonly #stream: Deno.Conn;
  readonly #where: string;
  readonly #waiting: Waiting[] = [];
  #unsent: Command[] = [];
  #sending = false;
  #ended = false;

  constructor(stream: Deno.Conn, where: string) {
    this.#stream = stream;
    this.#where = where;
    void this.#read();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Sends `commands` back to back, with nothing of another caller in between, and resolves to
   * their replies.
   *
   * @throws {RedisUnreachableError} when the connection ends first
   */
  send(commands: readonly Command[]): Promise<Reply[]> {
    if (this.#ended) return Promise.reject(this.#gone());
    this.#unsent.push(...commands);
    const replies = new Promise<Reply[]>((resolve, reject) => {
      this.#waiting.push({ replies: [], count: commands.length, resolve, reject });
    });
    if (!this.#sending) {
      this.#sending = true;
      // One turn later, so that commands of the same tick leave in one packet.
      queueMicrotask(() => void this.#write());
    }
    return replies;
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.close();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#gone());
    this.onEnd();
  }

  async #write(): Promise<void> {
    try {
      while (this.#unsent.length > 0) {
        let bytes = encodeCommands(this.#unsent);
        this.#unsent = [];
        while (bytes.byteLength > 0) bytes = bytes.subarray(await this.#stream.write(bytes));
      }
    } catch {
      // The cause is always the same, and every waiting caller is told: the server is gone.
      this.close();
    }
    this.#sending = false;
  }

  async #read(): Promise<void> {
    const parser = new ReplyParser();
    const chunk = new Uint8Array(65_536);
    try {
      for (;;) {
        const bytes = await this.#stream.read(chunk);
        if (bytes === null) break;
        for (const reply of parser.feed(chunk.slice(0, bytes))) this.#deliver(reply);
      }
    } catch {
      // A reset, a closed socket or bytes that are no RESP2: in each case it is of no more use.
    }
    this.close();
  }

  #deliver(reply: Reply): void {
    const waiting = this.#waiting[0];
    if (waiting === undefined) return this.onUnasked(reply);
    waiting.replies.push(reply);
    if (waiting.replies.length === waiting.count) {
      this.#waiting.shift();
      waiting.resolve(waiting.replies);
    }
  }

  #gone(): RedisUnreachableError {
    return new RedisUnreachableError(
      `Redis at ${this.#where} went away before it answered; the command may have run`,
    );
  }
}

/** Connects, logs in and selects the database. Rejects with `RedisUnreachableError`. */
export async function openConnection(address: RedisAddress): Promise<RespConnection> {
  const where = `${address.hostname}:${address.port}`;
  const connection = new RespConnection(await connect(address, where), where);
  const greeting: Command[] = [];
  if (address.password !== undefined) {
    const user = address.username === undefined ? [] : [address.username];
    greeting.push(commandOf("AUTH", ...user, address.password));
  }
  if (address.database !== 0) greeting.push(commandOf("SELECT", String(address.database)));
  if (greeting.length === 0) return connection;
  for (const reply of await connection.send(greeting)) {
    if (reply.type !== "error") continue;
    connection.close();
    throw new RedisUnreachableError(`Redis at ${where} refused the login: ${reply.message}`);
  }
  return connection;
}

async function connect(address: RedisAddress, where: string): Promise<Deno.Conn> {
  const { hostname, port } = address;
  const connecting: Promise<Deno.Conn> = address.tls
    ? Deno.connectTls({ hostname, port })
    : Deno.connect({ hostname, port });
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    connecting.then((late) => late.close(), () => {});
    timeout.reject(new Error(`no answer within ${CONNECT_TIMEOUT_MS} ms`));
  }, CONNECT_TIMEOUT_MS);
  try {
    const stream = await Promise.race([connecting, timeout.promise]);
    if ("setNoDelay" in stream) (stream as Deno.TcpConn).setNoDelay(true);
    return stream;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RedisUnreachableError(`Cannot reach Redis at ${where}: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
