/**
 * Lua scripts the way Upstash runs them, on engines that run them the way Redis does.
 *
 * Takes the `#!lua flags=...` line off, which stock Redis refuses, and applies its flags. Keeps
 * the scripts by the SHA-1 of their original text, so an engine only ever sees EVAL.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Command, Engine, Reply } from "./engines/engine.ts";

interface Script {
  readonly sha: string;
  /** What the engine runs. */
  readonly prepared: Uint8Array;
  readonly readOnly: boolean;
}

/** A command for the engine, or the answer that needs none. */
export type ScriptStep = { command: Command; settle(reply: Reply): Reply } | { reply: Reply };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const knownFlags = new Set(
  "allow-key-locking allow-cross-slot-keys allow-oom allow-stale no-cluster no-writes".split(" "),
);

const LINE_FEED = 0x0a;
const NO_SCRIPT = error("NOSCRIPT No matching script. Please use EVAL.");
const OK: Reply = { type: "status", text: "OK" };
const DYNAMIC_KEYS =
  "Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: ";

export class ScriptLayer {
  readonly #engine: Engine;
  readonly #scripts = new Map<string, Script>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Forgets every script, as a restart of the server does. */
  flush(): void {
    this.#scripts.clear();
  }

  /** What EVAL, EVALSHA and their _RO forms mean for the engine; a promise for a new text. */
  evaluate(name: string, command: Command): ScriptStep | Promise<ScriptStep> {
    if (command.length < 3) return { reply: error(wrongArity(name)) };
    if (name.startsWith("EVALSHA")) {
      const script = this.#scripts.get(decoder.decode(command[1]).toLowerCase());
      return script ? stepOf(script, name, command) : { reply: NO_SCRIPT };
    }
    const known = this.#scripts.get(shaOf(command[1]));
    if (known) return stepOf(known, name, command);
    return this.#add(command[1]).then((added) =>
      "sha" in added ? stepOf(added, name, command) : { reply: added }
    );
  }

  /** Answers SCRIPT and its subcommands. */
  async manage(command: Command): Promise<Reply> {
    const [subcommand, ...words] = command.slice(1).map((word) => decoder.decode(word));
    switch (subcommand.toUpperCase()) {
      case "LOAD":
        if (words.length !== 1) return error(wrongArity("script|load"));
        return loaded(this.#scripts.get(shaOf(command[2])) ?? await this.#add(command[2]));
      case "EXISTS":
        if (words.length === 0) return error(wrongArity("script|exists"));
        return {
          type: "array",
          items: words.map((sha) => ({
            type: "integer",
            value: this.#scripts.has(sha.toLowerCase()) ? 1n : 0n,
          })),
        };
      case "FLUSH":
        if (words.length > 1 || !/^(ASYNC|SYNC|)$/i.test(words[0] ?? "")) {
          return error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
        }
        this.flush();
        return OK;
      default:
        return error("NOTBUSY No scripts in execution right now.");
    }
  }

  /** Keeps a script that compiles; the error of one that does not. */
  async #add(source: Uint8Array): Promise<Script | (Reply & { type: "error" })> {
    const flags = flagsOf(source);
    if (typeof flags === "string") return error(flags);
    const [name, check, none] = ["EVAL", COMPILE, "0"].map((word) => encoder.encode(word));
    const { reply } = await this.#engine.run([name, check, none, bodyOf(source)]);
    if (reply.type === "error") return reply;
    const guard = flags.has("allow-key-locking") ? GUARD : "";
    // js-redis-server answers the last of several returned values, Redis the first.
    const [before, after] = this.#engine.name === "embedded"
      ? ["return ((function() ", "\nend)())"]
      : ["", ""];
    const parts = [encoder.encode(guard + before), bodyOf(source), encoder.encode(after)];
    const script = {
      sha: shaOf(source),
      prepared: Buffer.concat(parts),
      readOnly: flags.has("no-writes"),
    };
    this.#scripts.set(script.sha, script);
    return script;
  }
}

function stepOf(script: Script, name: string, command: Command): ScriptStep {
  const engineName = script.readOnly || name.endsWith("_RO") ? "EVAL_RO" : "EVAL";
  return {
    command: [encoder.encode(engineName), script.prepared, ...command.slice(2)],
    settle: (reply) =>
      reply.type === "error" ? error(messageFor(script.sha, reply.message)) : reply,
  };
}

function loaded(script: Script | (Reply & { type: "error" })): Reply {
  return "sha" in script ? { type: "bulk", bytes: encoder.encode(script.sha) } : script;
}

function shaOf(source: Uint8Array): string {
  return createHash("sha1").update(source).digest("hex");
}

/** The flags of the first line, or the error that Redis gives for it. */
function flagsOf(source: Uint8Array): Set<string> | string {
  if (!hasShebang(source)) return new Set();
  const end = source.indexOf(LINE_FEED);
  if (end === -1) return "ERR Invalid script shebang";
  const [engine, ...options] = decoder.decode(source.subarray(2, end)).trim().split(/\s+/);
  if (engine !== "lua") return `ERR Unexpected engine in script shebang: ${engine}`;
  const flags = new Set<string>();
  for (const option of options) {
    const [, value] = /^flags=(.*)$/.exec(option) ?? [];
    if (value === undefined) return `ERR Unknown lua shebang option: ${option}`;
    for (const flag of value.split(",").filter((each) => each !== "")) {
      if (!knownFlags.has(flag)) return `ERR Unexpected flag in script shebang: ${flag}`;
      flags.add(flag);
    }
  }
  return flags;
}

/** The text without its shebang; the line break stays, so that errors name the right line. */
function bodyOf(source: Uint8Array): Uint8Array {
  return hasShebang(source) ? source.subarray(source.indexOf(LINE_FEED)) : source;
}

function hasShebang(source: Uint8Array): boolean {
  return source[0] === 0x23 && source[1] === 0x21;
}

/** An engine names the hash of the text that it ran; the caller knows another one. */
function messageFor(sha: string, message: string): string {
  const at = message.indexOf(DYNAMIC_KEYS);
  return at === -1
    ? message.replace(/ script: [0-9a-f]{40}, on /, ` script: ${sha}, on `)
    : "ERR " + message.slice(at).replace(/ script: [0-9a-f]{40}, on @user_script:\d+\.$/, "");
}

function wrongArity(name: string): string {
  return `ERR wrong number of arguments for '${name.toLowerCase()}' command`;
}

function error(message: string): Reply & { type: "error" } {
  return { type: "error", message };
}

const COMPILE = `local compiled, problem = loadstring(ARGV[1], '@user_script') ` +
  `if not compiled then return redis.error_reply('ERR Error compiling script (new function): ' .. problem) end ` +
  `return 1`;

// Stands on the script's first line. The engine itself tells which arguments are keys;
// COMMAND is free, so the meter does not see the question.
const GUARD = `
local redis = (function(inner)
  local declared = {}
  for _, key in ipairs(KEYS) do declared[key] = true end
  local function refusal(...)
    local name = string.upper(tostring((...)))
    if name == 'FLUSHDB' or name == 'FLUSHALL' then
      return "ERR " .. name .. " is not allowed in Lua scripts when 'allow-key-locking' flag is set"
    end
    local keys = inner.pcall('COMMAND', 'GETKEYS', ...)
    if type(keys) ~= 'table' or keys.err then return nil end
    for _, key in ipairs(keys) do
      if not declared[key] then return "ERR ${DYNAMIC_KEYS}" .. key end
    end
  end
  return setmetatable({
    call = function(...)
      local refused = refusal(...)
      if refused then error(refused, 0) end
      return inner.call(...)
    end,
    pcall = function(...)
      local refused = refusal(...)
      if refused then return { err = refused } end
      return inner.pcall(...)
    end,
  }, { __index = inner })
end)(redis) `.replace(/\s*\n\s*/g, " ").trimStart();
