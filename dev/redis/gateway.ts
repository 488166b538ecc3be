/**
 * Runs commands the way Upstash does: refusals, limits, scripts, billing.
 *
 * Each command passes one list of checks; what is left goes to the engine. A pipeline's commands
 * are handed over in order, without waiting for each other; a transaction's all or none.
 *
 * @module
 */
import { bytesIn, type Caller, Checks, type Refusal } from "./checks.ts";
import { type CommandDescription, describe, describeName } from "./commands.ts";
import type { Command, Execution, Reply } from "./engines/engine.ts";
import type { InfoSource } from "./info.ts";
import { refusalText } from "./lacking.ts";
import { answer } from "./own_answers.ts";
import { addTypes, withoutTypes } from "./scan_types.ts";
import { ScriptLayer } from "./scripts.ts";
import { StorageLimits } from "./storage_limits.ts";
import { type UpstashForm, upstashForm } from "./upstash_forms.ts";

export interface GatewayOptions extends InfoSource {
  /** Told of every command that runs. */
  onCommand(command: Command): void;
}

/** A reply, and the status of an HTTP response that holds nothing else. */
export interface Outcome {
  readonly reply: Reply;
  readonly status: number;
}

/** A command that passed every check. */
interface Prepared {
  readonly described: CommandDescription;
  readonly original: Command;
  /** What the engine runs; absent when `reply` is known without it. */
  readonly command?: Command;
  readonly reply?: Reply;
  readonly settle?: (reply: Reply) => Reply;
  readonly around?: UpstashForm["around"];
  readonly afterwards?: UpstashForm["afterwards"];
  /** A scan whose keys are to be followed by their types. */
  withTypes?: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const scriptNames = new Set(["EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO"]);
const notBusy: Reply = error("NOTBUSY No scripts in execution right now.");
const FLUSHDB = encoder.encode("FLUSHDB");

export class Gateway {
  readonly scripts: ScriptLayer;
  readonly #options: GatewayOptions;
  readonly #checks: Checks;
  readonly #storage: StorageLimits;
  #writes = 0;
  /** Tells this run of the server from others on the same data. */
  readonly #id = crypto.randomUUID().slice(0, 8);

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.scripts = new ScriptLayer(options.engine);
    this.#checks = new Checks(options);
    this.#storage = new StorageLimits(options.engine, options.limits);
  }

  /** Changes with every write, for `upstash-sync-token`. */
  get syncToken(): string {
    return `zeropoll-${this.#id}-${this.#writes.toString(36)}`;
  }

  /** Runs one command; an error's status is 400, of a size limit 413. */
  async single(command: Command, caller: Caller): Promise<Outcome> {
    const prepared = await this.#prepare(command, caller);
    if ("refused" in prepared) return { reply: error(prepared.refused), status: prepared.status };
    const reply = await this.#execute(prepared);
    return { reply, status: reply.type === "error" ? 400 : 200 };
  }

  /** Runs commands in order; each failure stays in its place. */
  async pipeline(commands: readonly Command[], caller: Caller): Promise<Reply[]> {
    // A quota may run out half way, so there each has to wait for the one before.
    const oneByOne = this.#options.limits.monthlyCommands !== undefined;
    const replies: (Reply | Promise<Reply>)[] = [];
    for (const command of commands) {
      if (command.length === 0) {
        replies.push(error("ERR empty pipeline command"));
        continue;
      }
      const preparing = this.#prepare(command, caller);
      const prepared = preparing instanceof Promise ? await preparing : preparing;
      const running = "refused" in prepared ? error(prepared.refused) : this.#execute(prepared);
      // Awaited below; a failure before that is not unhandled.
      if (running instanceof Promise) running.catch(() => {});
      replies.push(oneByOne ? await running : running);
    }
    return await Promise.all(replies);
  }

  /** Runs commands as one transaction; the first that cannot run at all discards everything. */
  async transaction(
    commands: readonly Command[],
    caller: Caller,
  ): Promise<Reply[] | { discarded: string }> {
    const all: Prepared[] = [];
    for (const command of commands) {
      if (command.length === 0) return { discarded: "ERR empty pipeline command" };
      const prepared = await this.#prepare(command, caller, commands.length);
      if ("refused" in prepared) return { discarded: prepared.refused };
      all.push(prepared);
    }
    const queued = all.flatMap(({ command, around }) =>
      !command ? [] : around ? [around.before, command, around.after] : [command]
    );
    const executed = queued.length === 0 ? [] : await this.#options.engine.transaction(queued);
    if ("discarded" in executed) {
      return {
        discarded: all.reduce((text, each) => this.#explain(each, text), executed.discarded),
      };
    }
    let next = 0;
    const replies: Reply[] = [];
    for (const prepared of all) {
      const { command, around } = prepared;
      if (around) next++;
      const execution = command
        ? executed[next++]
        : { reply: prepared.reply ?? error("ERR no reply"), inner: [] };
      if (around) next++;
      await prepared.afterwards?.();
      replies.push(this.#settle(prepared, await this.#typed(prepared, execution)));
    }
    this.#options.meter.countFrame(this.#options.now());
    return replies;
  }

  /** Checks a subscription or MONITOR, and counts it. */
  open(command: Command, caller: Caller): Refusal | undefined {
    const described = describe(command);
    if (!described) return { refused: "ERR unknown command", status: 400 };
    // Its own form is the one way to subscribe, and the read-only token may.
    const mayRead = described.name !== "MONITOR";
    const refusal = this.#checks.caller(described, caller, mayRead) ??
      this.#checks.size(command) ?? this.#checks.quota(described, 1);
    if (refusal) return refusal;
    const execution: Execution = { reply: { type: "status", text: "OK" }, inner: [] };
    this.#options.onCommand(command);
    this.#options.meter.countExecution(described, execution, this.#options.now());
    return undefined;
  }

  /** A promise only where the engine has to be asked first. */
  #prepare(
    command: Command,
    caller: Caller,
    together = 1,
  ): Prepared | Refusal | Promise<Prepared | Refusal> {
    const described = describe(command);
    if (described === undefined) return { refused: unknownCommand(command), status: 400 };
    const { name } = described;
    if (described.rest === "refused" && name !== "SELECT") {
      return {
        refused: `ERR Command is not available: '${name}': ${described.because}`,
        status: 400,
      };
    }
    const keys = described.keys(command);
    const refusal = this.#checks.caller(described, caller) ?? this.#checks.size(command) ??
      this.#checks.keys(command, keys) ?? this.#checks.quota(described, together);
    if (refusal) return refusal;
    const prepared = this.#route(described, command);
    if (prepared instanceof Promise || described.access !== "write") return prepared;
    const tooMuch = this.#storage.check(name, command, keys, bytesIn(command));
    const pending = name === "XREADGROUP" ? this.#checks.pending(command, keys) : undefined;
    if (tooMuch === undefined && pending === undefined) return prepared;
    return Promise.all([tooMuch, pending]).then(([storage, stream]) => {
      const refused = storage ?? stream;
      return refused === undefined ? prepared : { refused, status: 400 };
    });
  }

  #route(described: CommandDescription, original: Command): Prepared | Promise<Prepared> {
    const { name } = described;
    const known = { described, original };
    if (scriptNames.has(name)) {
      const step = this.scripts.evaluate(name, original);
      if (step instanceof Promise) return step.then((each) => ({ ...known, ...each }));
      return { ...known, ...step };
    }
    if (name.startsWith("SCRIPT ")) {
      return this.scripts.manage(original).then((reply) => ({ ...known, reply }));
    }
    if (name === "FUNCTION KILL") return { ...known, reply: notBusy };
    if (described.answeredBy === "gateway" || name === "SELECT") {
      return answer(described, original, this.#options).then((reply) => ({ ...known, reply }));
    }
    // A server behind REDIS_URL may have other databases, which Upstash does not know of.
    if (name === "FLUSHALL") return { ...known, command: [FLUSHDB, ...original.slice(1)] };
    const form = upstashForm(name, original, this.#options.engine);
    if (form instanceof Promise) {
      return form.then((each) => ({ ...known, command: original, ...each }));
    }
    if (form) return { ...known, ...form };
    const scan = name === "SCAN" ? withoutTypes(original) : undefined;
    return scan ? { ...known, command: scan, withTypes: true } : { ...known, command: original };
  }

  async #execute(prepared: Prepared): Promise<Reply> {
    const execution = prepared.command
      ? await this.#runWith(prepared.command, prepared.around)
      : { reply: prepared.reply ?? error("ERR no reply"), inner: [] };
    await prepared.afterwards?.();
    return this.#settle(prepared, await this.#typed(prepared, execution));
  }

  async #runWith(command: Command, around: Prepared["around"]): Promise<Execution> {
    const { engine } = this.#options;
    if (!around) return await engine.run(command);
    const executed = await engine.transaction([around.before, command, around.after]);
    return "discarded" in executed ? { reply: error(executed.discarded), inner: [] } : executed[1];
  }

  #typed({ withTypes }: Prepared, execution: Execution): Execution | Promise<Execution> {
    return withTypes ? addTypes(this.#options.engine, execution) : execution;
  }

  #explain({ described, original }: Prepared, message: string): string {
    return refusalText(described, original, message, this.#options.engine.name);
  }

  #settle(prepared: Prepared, execution: Execution): Reply {
    const { described, settle } = prepared;
    let { reply } = execution;
    if (settle) reply = settle(reply);
    if (prepared.command && reply.type === "error") {
      reply = error(this.#explain(prepared, reply.message));
    }
    const { meter, now, onCommand } = this.#options;
    meter.countExecution(described, { reply, inner: execution.inner }, now());
    onCommand(prepared.original);
    const wrote = described.access === "write" ||
      /^FUNCTION (LOAD|DELETE|FLUSH)$/.test(described.name) ||
      execution.inner.some((name) => describeName(name)?.access === "write");
    if (wrote) this.#writes++;
    return reply;
  }
}

function unknownCommand(command: Command): string {
  const [name, ...words] = command.map((word) => decoder.decode(word.subarray(0, 128)));
  const beginning = words.map((word) => `'${word}' `).join("").slice(0, 128);
  return `ERR unknown command '${name}', with args beginning with: ${beginning}`;
}

function error(message: string): Reply & { type: "error" } {
  return { type: "error", message };
}
