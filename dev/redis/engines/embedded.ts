/**
 * The engine that needs nothing: js-redis-server in this process, with real Lua, in memory.
 *
 * Time is `Date.now`, so a clock put in its place (`installClock`) moves every TTL. Commands run
 * one at a time, each transaction in a session of its own. Data is gone when the process ends.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  ClientSession,
  CommandExecutor,
  createTransactionPolicy,
  isResponseStream,
  RedisResult,
  RedisServerState,
} from "js-redis-server/core";
import type { RedisValue } from "js-redis-server/core";
import { describe } from "../commands.ts";
import { catchLeaks, createRegistry } from "./embedded_commands.ts";
import { mistakeIn, profile } from "./embedded_mends.ts";
import { removeCopies } from "./embedded_patch.ts";
import { replyOf } from "./embedded_reply.ts";
import type { Command, Engine, EngineMessage, Execution, Reply } from "./engine.ts";

export interface EmbeddedEngineOptions {
  /**
   * How often expired keys are removed unasked, in ms of real time; a key that is asked for is
   * found expired at once in any case. Default: never.
   */
  sweepEveryMs?: number;
  /**
   * How long a script may make calls, in ms of real time: every one after that fails, because this
   * process does nothing else meanwhile. Default: 5 s. One that goes on without them, or in spite of
   * that by `pcall`, ends by the number of its instructions.
   */
  longestScriptMs?: number;
}

type ExecutionPolicy = NonNullable<
  ConstructorParameters<typeof CommandExecutor>[0]["policies"]
>[number];

const decoder = new TextDecoder();

// Each changes what the next command of the shared session means.
const refusedHere = new Set(
  ("MULTI EXEC DISCARD WATCH UNWATCH SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE " +
    "SUNSUBSCRIBE MONITOR SYNC PSYNC AUTH HELLO SELECT RESET QUIT CLIENT").split(" "),
);

/** Starts an empty database. */
export function createEmbeddedEngine(options: EmbeddedEngineOptions = {}): Promise<Engine> {
  return Promise.resolve(new EmbeddedEngine(options));
}

class EmbeddedEngine implements Engine {
  readonly name = "embedded";
  readonly #state: RedisServerState;
  readonly #registry = createRegistry();
  readonly #executor: CommandExecutor;
  readonly #session: ClientSession;
  readonly #inner: InnerCalls;
  readonly #subscribers = new Set<() => void>();

  constructor({ sweepEveryMs, longestScriptMs = 5_000 }: EmbeddedEngineOptions) {
    this.#inner = new InnerCalls(longestScriptMs);
    this.#state = new RedisServerState({
      databaseCount: 1,
      activeExpiryIntervalMs: sweepEveryMs ?? false,
      compatibility: profile,
    });
    removeCopies(this.#state);
    this.#executor = new CommandExecutor({
      registry: this.#registry,
      policies: [this.#inner.policy, createTransactionPolicy()],
      profile,
    });
    catchLeaks(this.#executor);
    this.#session = this.#openSession();
  }

  async run(command: Command): Promise<Execution> {
    const refusal = refusalOf(command);
    if (refusal !== undefined) return { reply: { type: "error", message: refusal }, inner: [] };
    const value = await execute(this.#session, command);
    return { reply: replyOf(value), inner: this.#inner.take(value) };
  }

  async transaction(
    commands: readonly Command[],
  ): Promise<readonly Execution[] | { discarded: string }> {
    const refusal = commands.map(refusalOf).find((each) => each !== undefined);
    if (refusal !== undefined) return { discarded: refusal };
    const session = this.#openSession();
    try {
      await execute(session, [MULTI]);
      const mistakes = commands.map((command) => mistakeIn(this.#registry, command.map(bufferOf)));
      for (const [index, command] of commands.entries()) {
        if (mistakes[index] !== undefined) continue;
        const queued = replyOf(await execute(session, command));
        if (queued.type === "error") return { discarded: queued.message };
      }
      const executed = await execute(session, [EXEC]);
      if (executed.kind !== "array") return { discarded: messageOf(replyOf(executed)) };
      const values = executed.items.values();
      return mistakes.map((mistake) => {
        if (mistake !== undefined) return { reply: mistake, inner: [] };
        const value = values.next().value!;
        return { reply: replyOf(value), inner: this.#inner.take(value) };
      });
    } finally {
      session.close();
    }
  }

  subscribe(
    kind: "channel" | "pattern",
    name: string,
    onMessage: (message: EngineMessage) => void,
    onEnd: () => void,
  ): Promise<() => void> {
    const broker = this.#state.pubsubBroker;
    const target = Buffer.from(name);
    const stop = kind === "channel"
      ? broker.subscribe(target, ({ channel, message }) => {
        onMessage({ channel: channel.toString(), payload: message });
      })
      : broker.psubscribe(target, ({ channel, message }) => {
        onMessage({ channel: channel.toString(), pattern: name, payload: message });
      });
    this.#subscribers.add(onEnd);
    return Promise.resolve(() => {
      this.#subscribers.delete(onEnd);
      stop();
    });
  }

  close(): Promise<void> {
    for (const end of [...this.#subscribers]) end();
    this.#subscribers.clear();
    this.#session.close();
    this.#state.close();
    return Promise.resolve();
  }

  #openSession(): ClientSession {
    return new ClientSession({ server: this.#state, executor: this.#executor });
  }
}

/**
 * Notes what runs inside scripts, and ends those that last. Commands run one at a time, so whatever a script calls between
 * its start and its end is its own.
 */
class InnerCalls {
  readonly #longestScriptMs: number;
  #current: string[] = [];
  #startedAt = 0;
  readonly #byReply = new WeakMap<RedisValue, string[]>();

  constructor(longestScriptMs: number) {
    this.#longestScriptMs = longestScriptMs;
  }

  readonly policy: ExecutionPolicy = {
    name: "inner-calls",
    beforeExecute: (plan, context) => {
      if (context.monitor?.clientAddress !== INSIDE_SCRIPT) {
        this.#current = [];
        this.#startedAt = performance.now();
        return undefined;
      }
      if (performance.now() - this.#startedAt > this.#longestScriptMs) {
        return RedisResult.error(`the script made calls for ${this.#longestScriptMs} ms`, "ERR");
      }
      const described = describe([plan.rawCommand, ...plan.rawArgs]);
      this.#current.push(described?.name ?? plan.definition.name.toUpperCase());
      return undefined;
    },
    afterExecute: (_plan, context, result) => {
      if (context.monitor?.clientAddress !== INSIDE_SCRIPT && this.#current.length > 0) {
        this.#byReply.set(result.value, this.#current);
        this.#current = [];
      }
      return result;
    },
  };

  take(value: RedisValue): readonly string[] {
    return this.#byReply.get(value) ?? [];
  }
}

/** How js-redis-server marks the context of a `redis.call`. */
const INSIDE_SCRIPT = "lua";
const MULTI = new TextEncoder().encode("MULTI");
const EXEC = new TextEncoder().encode("EXEC");

async function execute(session: ClientSession, command: Command): Promise<RedisValue> {
  const [name, ...words] = command.map(bufferOf);
  const result = await session.execute(name, words);
  if (!isResponseStream(result)) return result.value;
  result.close();
  return { kind: "error", code: "ERR", message: "A command cannot answer with a stream here" };
}

function refusalOf(command: Command): string | undefined {
  const name = decoder.decode(command[0]).toUpperCase();
  return refusedHere.has(name)
    ? `ERR ${name} changes a connection, and all callers share this one`
    : undefined;
}

function bufferOf(bytes: Uint8Array) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function messageOf(reply: Reply): string {
  return reply.type === "error" ? reply.message : "ERR EXEC without a result";
}
