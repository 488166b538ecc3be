/**
 * Counts what Upstash would bill: exact, by command, the calls inside scripts included.
 *
 * AUTH, HELLO, SELECT, COMMAND, CONFIG, INFO, PING, RESET and QUIT are free. What the gateway
 * refuses, what does not exist and what has a wrong number of arguments counts nothing.
 *
 * @module
 */
import { type CommandDescription, describeName } from "./commands.ts";
import type { Execution } from "./engines/engine.ts";

/** What has been counted. */
export interface MeterSnapshot {
  /** Billed commands. */
  commands: number;
  /** Those of them that read. */
  reads: number;
  /** Those of them that write; scripts and PUBLISH are neither, what a script calls is. */
  writes: number;
  /** HTTP requests. */
  requests: number;
  /** Billed commands by name, a subcommand after a space. */
  byCommand: Record<string, number>;
  /** Bytes of request and response bodies. */
  bytesIn: number;
  bytesOut: number;
}

/** What the vendor does not document; set them once a real bill has told. */
export interface MeterSwitches {
  /** A command that ran and failed, as by WRONGTYPE. Default: true. */
  failedCommands: boolean;
  /** EVALSHA of a script that is not loaded. Default: true. */
  scriptMisses: boolean;
  /** One more for the frame of a transaction that ran. Default: false. */
  transactionFrames: boolean;
}

/** A figure of the meter before and after; see `priced`. */
export type Price = Pick<MeterSnapshot, "commands" | "reads" | "writes" | "requests">;

export class Meter {
  /** May be changed at any time; what is counted stays counted. */
  readonly switches: MeterSwitches = {
    failedCommands: true,
    scriptMisses: true,
    transactionFrames: false,
  };
  #current = emptySnapshot();
  readonly #lifetime = emptySnapshot();
  readonly #month = { number: 0, commands: 0 };
  readonly #second = { at: 0, commands: 0 };
  #processed = 0;

  /** What was counted since the start or the last reset. */
  snapshot(): MeterSnapshot {
    return { ...this.#current, byCommand: { ...this.#current.byCommand } };
  }

  /** Starts at zero again; quota and INFO go on. */
  reset(): void {
    this.#current = emptySnapshot();
  }

  /** What was counted since the start, whatever was reset. */
  lifetime(): MeterSnapshot {
    return { ...this.#lifetime, byCommand: { ...this.#lifetime.byCommand } };
  }

  /** All commands since the start, the free ones too. */
  get processed(): number {
    return this.#processed;
  }

  /** Commands in the second of `now` (epoch ms) so far. */
  commandsInSecond(now: number): number {
    return Math.floor(now / 1000) === this.#second.at ? this.#second.commands : 0;
  }

  /** Billed commands in the calendar month (UTC) of `now` (epoch ms). */
  commandsInMonth(now: number): number {
    return monthOf(now) === this.#month.number ? this.#month.commands : 0;
  }

  /** Counts an HTTP request that came in. */
  countRequest(bodyBytes: number): void {
    for (const tally of [this.#current, this.#lifetime]) {
      tally.requests++;
      tally.bytesIn += bodyBytes;
    }
  }

  /** Counts what went out. */
  countOut(bytes: number): void {
    this.#current.bytesOut += bytes;
    this.#lifetime.bytesOut += bytes;
  }

  /** Counts a command that ran, and what ran inside it. */
  countExecution(command: CommandDescription, execution: Execution, now: number): void {
    const { reply, inner } = execution;
    const failure = reply.type === "error" ? reply.message : undefined;
    const counts = failure === undefined || inner.length > 0 ||
      this.#countsFailure(command.name, failure);
    if (!counts) return;
    this.#count(command, now);
    for (const name of inner) {
      const described = describeName(name);
      if (described !== undefined) this.#count(described, now);
    }
  }

  /** Counts the frame of a transaction, if frames count. */
  countFrame(now: number): void {
    if (this.switches.transactionFrames) {
      this.#count({ name: "EXEC", billed: true, access: "other" }, now);
    }
  }

  #countsFailure(name: string, message: string): boolean {
    // A script's error may tell of a wrong call inside it; the script ran all the same.
    const arity = /^ERR wrong number of arguments for '([^']*)'/i.exec(message)?.[1];
    if (arity !== undefined && arity.split("|")[0] === name.toLowerCase().split(" ")[0]) {
      return false;
    }
    if (/^ERR unknown (sub)?command/i.test(message)) return false;
    return message.startsWith("NOSCRIPT")
      ? this.switches.scriptMisses
      : this.switches.failedCommands;
  }

  #count(command: Pick<CommandDescription, "name" | "billed" | "access">, now: number): void {
    this.#processed++;
    const second = Math.floor(now / 1000);
    if (second !== this.#second.at) Object.assign(this.#second, { at: second, commands: 0 });
    this.#second.commands++;
    if (!command.billed) return;
    const month = monthOf(now);
    if (month !== this.#month.number) Object.assign(this.#month, { number: month, commands: 0 });
    this.#month.commands++;
    for (const tally of [this.#current, this.#lifetime]) {
      tally.commands++;
      if (command.access === "read") tally.reads++;
      if (command.access === "write") tally.writes++;
      tally.byCommand[command.name] = (tally.byCommand[command.name] ?? 0) + 1;
    }
  }
}

/**
 * What `action` costs at the Redis of `cloud`.
 *
 * ```ts ignore
 * assert.deepEqual(await priced(cloud, () => claim("m1")), { commands: 1, reads: 0, writes: 1, requests: 1 });
 * ```
 */
export async function priced(
  cloud: { readonly redis: { readonly meter: Meter } },
  action: () => unknown,
): Promise<Price> {
  const { meter } = cloud.redis;
  const before = meter.lifetime();
  await action();
  const after = meter.lifetime();
  return {
    commands: after.commands - before.commands,
    reads: after.reads - before.reads,
    writes: after.writes - before.writes,
    requests: after.requests - before.requests,
  };
}

function monthOf(now: number): number {
  const date = new Date(now);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function emptySnapshot(): MeterSnapshot {
  return {
    commands: 0,
    reads: 0,
    writes: 0,
    requests: 0,
    byCommand: {},
    bytesIn: 0,
    bytesOut: 0,
  };
}
