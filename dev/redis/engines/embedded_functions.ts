/**
 * FUNCTION LOAD, FUNCTION LIST and FCALL_RO as Redis and Upstash have them.
 *
 * js-redis-server reads a library's text without running it: it keeps no descriptions, and takes
 * no callback that has a name. Here a library is run, by a `redis` that notes what it registers.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  type CommandDefinition,
  type CommandRegistry,
  parseCommandArgs,
  RedisCommandError,
  RedisResult,
  RedisValue,
} from "js-redis-server/core";
import { profile } from "./embedded_mends.ts";

type Execute = CommandDefinition["execute"];
type Context = Parameters<Execute>[1];
type Library = ReturnType<Context["server"]["functionRegistry"]["list"]>[number];
type LibraryFunction = Library["functions"][number] & { description?: string };

/** FUNCTION with libraries that were run, their descriptions, and patterns for LIBRARYNAME. */
export function withLibraries(
  original: CommandDefinition,
  registry: CommandRegistry,
): CommandDefinition {
  return {
    ...original,
    execute: (args, context) => {
      const { subcommand, rest } = args as { subcommand: string; rest: Buffer[] };
      switch (subcommand.toLowerCase()) {
        case "load": {
          const replaces = rest.length === 2 && /^replace$/i.test(String(rest[0]));
          if (rest.length !== 1 && !replaces) return original.execute(args, context);
          return load(rest.at(-1)!, { replaces, context, registry });
        }
        case "list":
          return list(
            rest,
            context,
            (others) => original.execute({ subcommand, rest: others }, context),
          );
        default:
          return original.execute(args, context);
      }
    },
  };
}

/**
 * Upstash lets FCALL_RO call any function that only reads, flagged `no-writes` or not; one that
 * writes is refused when it does.
 */
export function withReadOnlyCalls(original: CommandDefinition): CommandDefinition {
  return {
    ...original,
    execute: (args, context) => {
      const flagged = new Proxy(context.server.functionRegistry, {
        get(target, name) {
          if (name !== "findFunction") return Reflect.get(target, name, target);
          return (wanted: string) => {
            const found = target.findFunction(wanted);
            return found && { ...found, flags: [...found.flags, "no-writes"] };
          };
        },
      });
      const server = Object.create(context.server, { functionRegistry: { value: flagged } });
      return original.execute(args, Object.create(context, { server: { value: server } }));
    },
  };
}

async function load(
  code: Buffer,
  { replaces, context, registry }: {
    replaces: boolean;
    context: Context;
    registry: CommandRegistry;
  },
): Promise<RedisResult> {
  const [line = "", name] = /^#!lua[ \t]+name=(\S+)[ \t]*\r?(?=\n|$)/.exec(String(code)) ?? [];
  if (name === undefined) throw new RedisCommandError("Missing library metadata");
  if (!/^\w+$/.test(name)) {
    throw new RedisCommandError(
      "Library names can only contain letters, numbers, or underscores(_) and must be at least " +
        "one character long",
    );
  }
  const body = String(code).slice(line.length);
  const known = context.server.functionRegistry;
  if (!replaces && known.list().some((each) => each.name === name)) {
    throw new RedisCommandError(`Library '${name}' already exists`);
  }
  const functions = await registered(name, body, context, registry);
  for (const { name: wanted } of functions) {
    const other = known.findFunction(wanted);
    if (other && other.libraryName !== name) {
      throw new RedisCommandError(`Function ${wanted} already exists`);
    }
  }
  known.load({ name, code, functions }, replaces);
  return RedisResult.create(RedisValue.bulkString(Buffer.from(name)));
}

/** Runs the library, which may read nothing and write nothing, and tells what it registers. */
async function registered(
  libraryName: string,
  body: string,
  context: Context,
  registry: CommandRegistry,
): Promise<LibraryFunction[]> {
  const definition = registry.get("eval_ro")!;
  const words = [`${NOTING}${body}\nreturn noted__`, "0"].map((word) => Buffer.from(word));
  const args = parseCommandArgs(definition.schema, words, "eval_ro", profile);
  const result = await definition.execute(args, context);
  const value = result instanceof RedisResult ? result.value : undefined;
  if (value?.kind === "error") {
    throw new RedisCommandError(`Error registering functions: ${value.message}`);
  }
  const texts = value?.kind === "array" ? value.items.map(textOf) : [];
  if (texts.length === 0) throw new RedisCommandError("No functions registered");
  const functions: LibraryFunction[] = [];
  const names = texts.filter((_, at) => at % 3 === 0);
  if (new Set(names).size < names.length) {
    throw new RedisCommandError(
      "Error registering functions: Function already exists in the library",
    );
  }
  for (let at = 0; at < texts.length; at += 3) {
    const [name, flags, description] = texts.slice(at, at + 3);
    functions.push({
      name,
      libraryName,
      flags: flags.split(",").filter(Boolean),
      description: description === "" ? undefined : description.slice(1),
      script: Buffer.from(`${CALLING}${body}\nreturn noted__[${JSON.stringify(name)}](KEYS, ARGV)`),
    });
  }
  return functions;
}

async function list(
  options: Buffer[],
  { server }: Context,
  ask: (options: Buffer[]) => ReturnType<Execute>,
): Promise<RedisResult> {
  const at = options.findIndex((word) => /^libraryname$/i.test(String(word)));
  const pattern = at === -1 || options[at + 1] === undefined ? undefined : String(options[at + 1]);
  const result = await ask(
    pattern === undefined ? options : options.toSpliced(at, 2),
  ) as RedisResult;
  if (result.value.kind !== "array") return result;
  const libraries = server.functionRegistry.list();
  const shown = result.value.items.flatMap((reply, index) => {
    const library = libraries[index];
    if (pattern !== undefined && !matches(pattern, library.name)) return [];
    return [described(reply, library)];
  });
  return RedisResult.create(RedisValue.array(shown));
}

function described(reply: RedisValue, library: Library): RedisValue {
  if (reply.kind !== "array" || reply.items[5]?.kind !== "array") return reply;
  const functions = reply.items[5].items.map((one, index) => {
    const { description } = library.functions[index] as LibraryFunction;
    return one.kind !== "array" || description === undefined
      ? one
      : RedisValue.array(one.items.with(3, RedisValue.bulkString(Buffer.from(description))));
  });
  return RedisValue.array(reply.items.with(5, RedisValue.array(functions)));
}

function textOf(value: RedisValue): string {
  return value.kind === "bulk-string" ? String(value.value ?? "") : "";
}

/** Redis's globs, as far as names of libraries go; case makes no difference. */
function matches(pattern: string, name: string): boolean {
  const expression = pattern.replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${expression}$`, "is").test(name);
}

// Each on one line, so that errors name the library's own.
const REGISTER = (note: string, others: string) =>
  `local noted__ = {} local redis = (function(inner) return setmetatable({
    register_function = function(one, two)
      local it = type(one) == 'table' and one or { function_name = one, callback = two }
      for name in pairs(it) do
        if not ({ function_name = 1, callback = 1, flags = 1, description = 1 })[name] then
          error('unknown argument given to redis.register_function', 0)
        end
      end
      if type(it.function_name) ~= 'string' or type(it.callback) ~= 'function' then
        error('redis.register_function must get a name and a callback', 0)
      end
      if not string.find(it.function_name, '^[%w_]+$') then
        error('Function names can only contain letters, numbers, or underscores(_)', 0)
      end
      for _, flag in ipairs(it.flags or {}) do
        if not ({ ['no-writes'] = 1, ['allow-oom'] = 1, ['allow-stale'] = 1, ['no-cluster'] = 1,
          ['allow-cross-slot-keys'] = 1 })[flag] then error('unknown flag given', 0) end
      end
      ${note}
    end
  }, { __index = ${others} }) end)(redis) `.replace(/\s*\n\s*/g, " ");
const NOTING = REGISTER(
  `for _, each in ipairs({ it.function_name, table.concat(it.flags or {}, ','),
    it.description and ('=' .. it.description) or '' }) do noted__[#noted__ + 1] = each end`,
  "function(_, name) if name ~= 'call' and name ~= 'pcall' then return inner[name] end end",
);
const CALLING = REGISTER("noted__[it.function_name] = it.callback", "inner");
