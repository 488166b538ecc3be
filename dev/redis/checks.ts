/**
 * Why a command may not run: its caller, its size, its keys, the month, its consumer.
 *
 * @module
 */
import type { CommandDescription } from "./commands.ts";
import type { Command, Engine } from "./engines/engine.ts";
import { limitErrors, type Limits } from "./limits.ts";
import type { Meter } from "./meter.ts";

/** Who calls. */
export interface Caller {
  /** Holds the read-only token. */
  readonly readOnly: boolean;
}

/** Why a command does not run, and the status of a response that holds nothing else. */
export interface Refusal {
  readonly refused: string;
  readonly status: number;
}

export interface ChecksOptions {
  engine: Engine;
  meter: Meter;
  limits: Limits;
  now(): number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Each check answers `undefined` where it has nothing against the command. */
export class Checks {
  readonly #options: ChecksOptions;

  constructor(options: ChecksOptions) {
    this.#options = options;
  }

  /** `allowed`: whether the read-only token may. */
  caller(
    described: CommandDescription,
    caller: Caller,
    allowed = described.readOnlyToken,
  ): Refusal | undefined {
    if (!caller.readOnly || allowed) return undefined;
    const name = described.name.toLowerCase().replace(" ", "|");
    return {
      refused: `NOPERM this user has no permissions to run the '${name}' command or its subcommand`,
      status: 400,
    };
  }

  size(command: Command): Refusal | undefined {
    const limit = this.#options.limits.requestBytes;
    const bytes = bytesIn(command);
    if (bytes <= limit) return undefined;
    return { refused: limitErrors.request(limit, bytes), status: 413 };
  }

  keys(command: Command, keys: readonly number[]): Refusal | undefined {
    const limit = this.#options.limits.keyBytes;
    const tooLong = keys.find((index) => command[index].byteLength > limit);
    if (tooLong === undefined) return undefined;
    return { refused: limitErrors.key(limit, command[tooLong].byteLength), status: 400 };
  }

  /** `together`: how many commands run or fail with this one. */
  quota(described: CommandDescription, together: number): Refusal | undefined {
    const { limits: { monthlyCommands: limit }, meter, now } = this.#options;
    if (limit === undefined || !described.billed) return undefined;
    const usage = meter.commandsInMonth(now());
    if (usage + together <= limit) return undefined;
    return { refused: limitErrors.quota(limit, usage), status: 400 };
  }

  /** XREADGROUP by a consumer that holds too much already. Asks the engine. */
  async pending(command: Command, keys: readonly number[]): Promise<string | undefined> {
    const [group, consumer] = [command[2], command[3]];
    const limit = this.#options.limits.pendingEntries;
    for (const index of keys) {
      const isNew = decoder.decode(command[index + keys.length]) === ">";
      if (!isNew) continue;
      const words = ["-", "+", String(limit)].map((word) => encoder.encode(word));
      const question = [encoder.encode("XPENDING"), command[index], group, ...words, consumer];
      const { reply } = await this.#options.engine.run(question);
      if (reply.type === "array" && (reply.items?.length ?? 0) >= limit) {
        return limitErrors.pending();
      }
    }
    return undefined;
  }
}

/** What a command weighs against the limits: its words, without the protocol around them. */
export function bytesIn(command: Command): number {
  return command.reduce((total, word) => total + word.byteLength, 0);
}
