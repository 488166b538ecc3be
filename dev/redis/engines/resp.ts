/**
 * The engine that is a real Redis server, spoken to over RESP2.
 *
 * Ordinary commands share one pipelined connection and cost one round trip. A transaction
 * travels as one unbroken block, so two never nest. A connection that ended is opened anew
 * by the next command; what had been sent on it rejects and is never sent again.
 *
 * @module
 */

import type { Command, Engine, EngineMessage, Execution, Reply } from "./engine.ts";
import { countInner, isScript, statistics } from "./resp_inner.ts";
import {
  openConnection,
  parseRedisUrl,
  type RedisAddress,
  RedisUnreachableError,
  type RespConnection,
} from "./resp_connection.ts";
import { commandOf } from "./resp_protocol.ts";

const decoder = new TextDecoder();

// These change what the next reply on the shared connection means, so they would reach other callers.
const refusedHere = new Set(
  ("MULTI EXEC DISCARD WATCH UNWATCH SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE " +
    "SUNSUBSCRIBE MONITOR SYNC PSYNC AUTH HELLO SELECT RESET QUIT CLIENT").split(" "),
);

/**
 * An engine on the server at `url` (`redis://[user:pass@]host:port[/db]`).
 *
 * Connects with the first command, so a server that is down shows as that command's error.
 *
 * @throws {TypeError} when `url` is not a Redis URL
 */
export function createRespEngine(url: string): Promise<Engine> {
  return Promise.resolve(new RespEngine(parseRedisUrl(url)));
}

class RespEngine implements Engine {
  readonly name = "redis";
  readonly #address: RedisAddress;
  readonly #subscribers = new Set<RespConnection>();
  #shared: Promise<RespConnection> | undefined;

  constructor(address: RedisAddress) {
    this.#address = address;
  }

  async run(command: Command): Promise<Execution> {
    const refusal = refusalOf(command);
    if (refusal !== undefined) return { reply: { type: "error", message: refusal }, inner: [] };
    const connection = await this.#connection();
    if (!isScript(command)) return { reply: (await connection.send([command]))[0], inner: [] };
    const executions = await sendTransaction(connection, [command]);
    return "discarded" in executions
      ? { reply: { type: "error", message: executions.discarded }, inner: [] }
      : executions[0];
  }

  async transaction(
    commands: readonly Command[],
  ): Promise<readonly Execution[] | { discarded: string }> {
    const refusal = commands.map(refusalOf).find((each) => each !== undefined);
    if (refusal !== undefined) return { discarded: refusal };
    return await sendTransaction(await this.#connection(), commands);
  }

  async subscribe(
    kind: "channel" | "pattern",
    name: string,
    onMessage: (message: EngineMessage) => void,
    onEnd: () => void,
  ): Promise<() => void> {
    const connection = await openConnection(this.#address);
    // Messages may come in one packet with the confirmation; they wait until the caller has it.
    let early: EngineMessage[] | undefined = [];
    connection.onUnasked = (reply) => {
      const message = messageOf(reply);
      if (message === undefined) return;
      if (early === undefined) onMessage(message);
      else early.push(message);
    };
    const request = commandOf(kind === "channel" ? "SUBSCRIBE" : "PSUBSCRIBE", name);
    const [confirmation] = await connection.send([request]);
    if (confirmation.type === "error") {
      connection.close();
      throw new RedisUnreachableError(`Redis refused to subscribe: ${confirmation.message}`);
    }
    setTimeout(() => {
      for (const message of early ?? []) onMessage(message);
      early = undefined;
    });
    this.#subscribers.add(connection);
    connection.onEnd = () => {
      this.#subscribers.delete(connection);
      onEnd();
    };
    return () => {
      connection.onEnd = () => this.#subscribers.delete(connection);
      connection.onUnasked = () => {};
      connection.close();
    };
  }

  async close(): Promise<void> {
    for (const connection of [...this.#subscribers]) connection.close();
    const shared = this.#shared;
    this.#shared = undefined;
    await shared?.then((connection) => connection.close(), () => {});
  }

  async #connection(): Promise<RespConnection> {
    const current = this.#shared ??= openConnection(this.#address);
    try {
      const connection = await current;
      if (!connection.ended) return connection;
    } catch (error) {
      if (this.#shared === current) this.#shared = undefined;
      throw error;
    }
    if (this.#shared === current) this.#shared = undefined;
    return this.#connection();
  }
}

function refusalOf(command: Command): string | undefined {
  const name = decoder.decode(command[0]).toUpperCase();
  return refusedHere.has(name)
    ? `ERR ${name} changes a connection, and all callers share this one`
    : undefined;
}

/** MULTI, `commands`, EXEC, with the statistics read before and after each script. */
async function sendTransaction(
  connection: RespConnection,
  commands: readonly Command[],
): Promise<readonly Execution[] | { discarded: string }> {
  const queued = commands.flatMap((command) =>
    isScript(command) ? [statistics, command, statistics] : [command]
  );
  const replies = await connection.send([commandOf("MULTI"), ...queued, commandOf("EXEC")]);
  const executed = replies[replies.length - 1];
  if (executed.type !== "array" || executed.items === null) {
    // EXECABORT names no cause; the command that could not be queued does.
    const cause = replies.find((reply) => reply.type === "error");
    return { discarded: cause?.type === "error" ? cause.message : "ERR EXEC without a result" };
  }
  const items = executed.items;
  let next = 0;
  return commands.map((command) => {
    if (!isScript(command)) return { reply: items[next++], inner: [] };
    const [before, reply, after] = items.slice(next, next += 3);
    return { reply, inner: countInner(command, before, after) };
  });
}

function messageOf(reply: Reply): EngineMessage | undefined {
  if (reply.type !== "array" || reply.items === null) return undefined;
  const parts = reply.items.map((item) => item.type === "bulk" ? item.bytes : null);
  const kind = parts[0] && decoder.decode(parts[0]);
  const payload = parts.at(-1);
  if (!payload || (kind !== "message" && kind !== "pmessage")) return undefined;
  const names = parts.slice(1, -1).map((part) => decoder.decode(part ?? new Uint8Array()));
  return kind === "message"
    ? { channel: names[0], payload }
    : { pattern: names[0], channel: names[1], payload };
}
