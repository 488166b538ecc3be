/**
 * What js-redis-server lacks of the commands that Upstash documents, and its `=` in stream trims.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  type CommandDefinition,
  type CommandExecutor,
  type CommandRegistry,
  type CommandSchema,
  createRedisCommandRegistry,
  defineCommand,
  RedisCommandError,
  RedisResult,
  type RedisServerState,
  RedisValue,
  t,
  WrongNumberOfArgumentsError,
  WrongTypeRedisError,
} from "js-redis-server/core";
import { withLongDoubleFields, withLongDoubles } from "./embedded_floats.ts";
import { withLibraries, withReadOnlyCalls } from "./embedded_functions.ts";
import { mendCommands, profile } from "./embedded_mends.ts";
import {
  withCountedReads,
  withForcedClaims,
  withoutTrimmedGaps,
  withStreamFacts,
} from "./embedded_streams.ts";
import { bytesOfKey, keyspaceFigures } from "./embedded_size.ts";

type Bytes = Parameters<RedisServerState["databases"][0]["get"]>[0];
type Context = Parameters<CommandDefinition["execute"]>[1];

const encoder = new TextEncoder();

/** Every command of the embedded engine. */
export function createRegistry(): CommandRegistry {
  const registry = createRedisCommandRegistry([], profile);
  registry.register(echo);
  registry.register(memory);
  registry.override(info);
  registry.register(fieldExpiry(registry, "hexpiretime", (at) => Math.floor(at / 1000)));
  registry.register(fieldExpiry(registry, "hpexpiretime", (at) => at));
  for (const name of ["xadd", "xtrim"]) {
    registry.override(withoutTrimmedGaps(withExactTrim(registry, name)));
  }
  registry.override(withNewOperations(definitionOf(registry, "bitop")));
  registry.override(withLongDoubles(definitionOf(registry, "incrbyfloat")));
  registry.override(withLongDoubleFields(definitionOf(registry, "hincrbyfloat")));
  registry.override(withStreamFacts(definitionOf(registry, "xinfo")));
  registry.override(withCountedReads(definitionOf(registry, "xreadgroup")));
  registry.override(withForcedClaims(definitionOf(registry, "xclaim")));
  registry.override(withLibraries(definitionOf(registry, "function"), registry));
  registry.override(withReadOnlyCalls(definitionOf(registry, "fcall_ro")));
  mendCommands(registry);
  return registry;
}

const echo = defineCommand({
  name: "echo",
  schema: t.object({ message: t.bulk() }),
  flags: ["readonly", "fast"],
  keys: () => [],
  execute: ({ message }) => RedisResult.create(RedisValue.bulkString(message)),
});

const memory = defineCommand({
  name: "memory",
  schema: t.object({ subcommand: t.string(), key: t.key(), rest: t.variadic(t.bulk()) }),
  flags: ["readonly"],
  keys: ({ key }) => [key],
  execute: ({ subcommand, key, rest }, context) => {
    if (subcommand.toUpperCase() !== "USAGE") {
      throw new RedisCommandError(`unknown subcommand '${subcommand}'. Try MEMORY HELP.`);
    }
    const samples = rest.length === 2 && String(rest[0]).toUpperCase() === "SAMPLES";
    if (rest.length > 0 && !samples) throw new RedisCommandError("syntax error");
    const bytes = bytesOfKey(context.db, key);
    return RedisResult.create(
      bytes === undefined ? RedisValue.bulkString(null) : RedisValue.integer(bytes),
    );
  },
});

const info = defineCommand({
  name: "info",
  schema: t.object({ sections: t.variadic(t.bulk()) }),
  flags: ["readonly"],
  keys: () => [],
  execute: (_, context) => {
    const { keys, expires, averageTtlMs, bytes } = keyspaceFigures(context.db, Date.now());
    const text = `# Memory\r\nused_memory:${bytes}\r\n# Keyspace\r\n` +
      (keys === 0 ? "" : `db0:keys=${keys},expires=${expires},avg_ttl=${averageTtlMs}\r\n`);
    return RedisResult.create(RedisValue.bulkString(bufferOf(text)));
  },
});

function fieldExpiry(
  registry: CommandRegistry,
  name: string,
  unitOf: (expiresAt: number) => number,
): CommandDefinition {
  const sibling = definitionOf(registry, "httl");
  return defineCommand({
    ...sibling,
    name,
    execute: (args, context: Context) => {
      const { key, fields } = args as { key: Bytes; fields: Bytes[] };
      if (context.db.getHash(key) === null) return integers(fields.map(() => -2));
      return context.db.updateHash(key, (hash) =>
        integers(fields.map((field) => {
          const found = hash.getField(field);
          if (found === undefined) return -2;
          return found.expiresAt === undefined ? -1 : unitOf(found.expiresAt);
        })));
    },
  });
}

/** `MAXLEN = n` and `MINID = id` mean the same as without the sign; the original knows only `~`. */
function withExactTrim(registry: CommandRegistry, name: string): CommandDefinition {
  const original = definitionOf(registry, name);
  const schema: CommandSchema<unknown> = {
    parse(input, index, context) {
      const trim = /^NOMKSTREAM$/i.test(String(input[1])) ? 2 : 1;
      const isTrim = /^(MAXLEN|MINID)$/i.test(String(input[trim]));
      const sign = isTrim && String(input[trim + 1]) === "=" ? trim + 1 : -1;
      if (sign === -1) return original.schema.parse(input, index, context);
      if (sign === input.length - 1) throw new WrongNumberOfArgumentsError(context.commandName);
      const without = input.filter((_, at) => at !== sign);
      const parsed = original.schema.parse(without, index, context);
      return { value: parsed.value, nextIndex: parsed.nextIndex + 1 };
    },
  };
  return { ...original, schema };
}

/** The operations of BITOP since Redis 8.2, on the first source's byte and those of the others. */
const newOperations: Readonly<Record<string, (first: number, others: number[]) => number>> = {
  DIFF: (first, others) => first & ~anyOf(others),
  DIFF1: (first, others) => ~first & anyOf(others),
  ANDOR: (first, others) => first & anyOf(others),
  ONE: (first, others) => {
    let [once, twice] = [first, 0];
    for (const other of others) [once, twice] = [once ^ other, twice | (once & other)];
    return once & ~twice;
  },
};

interface BitOperation {
  op: string;
  destKey: Bytes;
  sourceKeys: Bytes[];
}

function withNewOperations(original: CommandDefinition): CommandDefinition {
  const schema: CommandSchema<unknown> = {
    parse(input, index, context) {
      const op = String(input[index]).toUpperCase();
      const isNew = Object.hasOwn(newOperations, op) && input.length >= index + 3;
      if (!isNew) return original.schema.parse(input, index, context);
      const [destKey, ...sourceKeys] = input.slice(index + 1);
      if (op !== "ONE" && sourceKeys.length < 2) {
        throw new RedisCommandError(`BITOP ${op} must be called with at least two source keys.`);
      }
      return { value: { op, destKey, sourceKeys }, nextIndex: input.length };
    },
  };
  return {
    ...original,
    schema,
    execute: (args, context) => {
      const { op, destKey, sourceKeys } = args as BitOperation;
      if (!Object.hasOwn(newOperations, op)) return original.execute(args, context);
      const sources = sourceKeys.map((key) => stringAt(context, key));
      const length = Math.max(...sources.map(({ byteLength }) => byteLength));
      if (length === 0) context.db.delete(destKey);
      else {
        const bytesAt = (at: number) => sources.map((source) => source[at] ?? 0);
        const combined = Buffer.alloc(length);
        for (let at = 0; at < length; at++) {
          const [first, ...others] = bytesAt(at);
          combined[at] = newOperations[op](first, others) & 0xff;
        }
        context.db.setString(destKey, combined);
      }
      return RedisResult.create(RedisValue.integer(length));
    },
  };
}

function stringAt({ db }: Context, key: Bytes): Bytes {
  const type = db.getType(key);
  if (type !== null && type !== "string") throw new WrongTypeRedisError();
  return db.getString(key) ?? Buffer.alloc(0);
}

function anyOf(bytes: number[]): number {
  return bytes.reduce((all, each) => all | each, 0);
}

function definitionOf(registry: CommandRegistry, name: string): CommandDefinition {
  const found = registry.get(name);
  if (!found) throw new Error(`Cannot build the embedded engine: js-redis-server lacks ${name}`);
  return found;
}

function integers(values: number[]): RedisResult {
  return RedisResult.create(RedisValue.array(values.map((value) => RedisValue.integer(value))));
}

function bufferOf(text: string): Bytes {
  return Buffer.from(encoder.encode(text));
}

/**
 * Turns what a command throws by mistake into an error reply: the caller of a server is never
 * told by an exception, and inside a script one would unwind through the Lua engine.
 */
export function catchLeaks(executor: CommandExecutor): void {
  const asynchronous = executor.executeRaw.bind(executor);
  const planned = executor.executePlan.bind(executor);
  const synchronous = executor.executePlanSync.bind(executor);
  executor.executeRaw = (...call) => asynchronous(...call).catch(leaked);
  executor.executePlan = (...call) => planned(...call).catch(leaked);
  executor.executePlanSync = (...call) => {
    try {
      return synchronous(...call);
    } catch (error) {
      return leaked(error);
    }
  };
}

/** The reply to a command that failed inside the engine. */
export function leaked(error: unknown): RedisResult {
  const text = error instanceof Error ? error.message : String(error);
  return RedisResult.error(`the embedded engine failed: ${text}`, "ERR");
}
