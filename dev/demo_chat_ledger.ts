/**
 * What the app asks of Redis for each reply, by the keys that its commands name.
 *
 * @module
 */
import type { Keys } from "../shared/core/keys.ts";
import type { Redis, RedisCommand } from "../shared/ports.ts";

/** Commands for one reply. */
export interface ReplyCommands {
  /** Of whoever makes it: frames, snapshots, and listening for a stop. */
  making: number;
  /** Of whoever looks on: subscriptions, and snapshots that are read. */
  watching: number;
}

/** Counts by reply, by conversation and by command. */
export class CommandLedger {
  readonly replies = new Map<string, ReplyCommands>();
  /** What forgets a conversation's page: with a question, and with its reply. */
  readonly pages = new Map<string, number>();
  /** Commands of both, by name. */
  byCommand: Record<string, number> = {};
  /** Requests to Redis with any of them. */
  trips = 0;
  readonly #kinds: { kind: "snapshot" | "channel" | "control" | "page"; pattern: RegExp }[];

  constructor(keys: Keys) {
    const like = (key: (id: string) => string) => new RegExp(`^${key("([^:]+)")}$`);
    this.#kinds = [
      { kind: "snapshot", pattern: like(keys.replySnapshot) },
      { kind: "channel", pattern: like(keys.replyChannel) },
      { kind: "control", pattern: like(keys.replyControl) },
      { kind: "page", pattern: like(keys.conversationPage) },
    ];
  }

  /** Begins anew. */
  clear(): void {
    this.replies.clear();
    this.pages.clear();
    this.byCommand = {};
    this.trips = 0;
  }

  /** All of them. */
  get commands(): number {
    return Object.values(this.byCommand).reduce((sum, count) => sum + count, 0);
  }

  /** The same Redis; what it is asked is counted. */
  count(redis: Redis): Redis {
    return {
      run: (command, options) => redis.run(this.#noted([command])[0], options),
      pipeline: (commands, options) => redis.pipeline(this.#noted(commands), options),
      transaction: (commands, options) => redis.transaction(this.#noted(commands), options),
      subscribe: (channel, options) => {
        this.#noted([["SUBSCRIBE", channel]]);
        return redis.subscribe(channel, options);
      },
      tallied: (tally) => this.count(redis.tallied(tally)),
    };
  }

  #noted(commands: readonly RedisCommand[]): readonly RedisCommand[] {
    const before = this.commands;
    commands.forEach((command) => this.#note(command));
    if (this.commands > before) this.trips++;
    return commands;
  }

  #note([name, key]: RedisCommand): void {
    for (const { kind, pattern } of this.#kinds) {
      const id = pattern.exec(String(key))?.[1];
      if (id === undefined) continue;
      this.byCommand[name] = (this.byCommand[name] ?? 0) + 1;
      if (kind === "page") this.pages.set(id, (this.pages.get(id) ?? 0) + 1);
      else {
        const isWatching = name === "GET" || (kind === "channel" && name === "SUBSCRIBE");
        const commands = this.replies.get(id) ?? { making: 0, watching: 0 };
        commands[isWatching ? "watching" : "making"]++;
        this.replies.set(id, commands);
      }
      return;
    }
  }
}
