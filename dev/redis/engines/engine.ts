/**
 * What the gateway asks of a Redis: run commands, run a transaction, listen.
 *
 * Two of them: `embedded` (js-redis-server in this process) and `redis` (a real server
 * over RESP2). Everything Upstash-specific (auth, formats, limits, refused commands,
 * script shebangs, billing rules) is the gateway's; an engine only executes.
 *
 * @module
 */

/** A RESP2 reply. `bulk` and `array` may be null; `integer` may pass 2^53, hence bigint. */
export type Reply =
  | { readonly type: "status"; readonly text: string }
  | { readonly type: "integer"; readonly value: bigint }
  | { readonly type: "bulk"; readonly bytes: Uint8Array | null }
  | { readonly type: "array"; readonly items: readonly Reply[] | null }
  | { readonly type: "error"; readonly message: string };

/** One command: its name and arguments, binary-safe. */
export type Command = readonly Uint8Array[];

/** What a command did. */
export interface Execution {
  readonly reply: Reply;
  /**
   * Names, in upper case, of the commands that ran inside it (scripts and functions), in any order.
   * Empty for an ordinary command.
   */
  readonly inner: readonly string[];
}

export interface EngineMessage {
  readonly channel: string;
  /** The pattern that matched, for a pattern subscription. */
  readonly pattern?: string;
  readonly payload: Uint8Array;
}

export interface Engine {
  readonly name: "embedded" | "redis";
  /** Runs one command. A Redis error is a reply of type `error`; a rejection means the engine is gone. */
  run(command: Command): Promise<Execution>;
  /**
   * Runs commands as MULTI/EXEC. A reply of type `error` at the top means the whole was discarded;
   * otherwise one execution for each command, some of which may hold an error of their own.
   */
  transaction(commands: readonly Command[]): Promise<readonly Execution[] | { discarded: string }>;
  /** Listens to a channel or pattern on a connection of its own; resolves, once subscribed, to the undo. */
  subscribe(
    kind: "channel" | "pattern",
    name: string,
    onMessage: (message: EngineMessage) => void,
    onEnd: () => void,
  ): Promise<() => void>;
  close(): Promise<void>;
}

/** Starts an engine afresh; tests take one each. */
export type EngineFactory = () => Promise<Engine>;
