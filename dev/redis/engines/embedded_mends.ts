/**
 * Where js-redis-server answers otherwise than Redis and a few lines mend it.
 *
 * Found by the random sequences of the conformance tests; what is left is listed there.
 *
 * @module
 */

import {
  type CommandDefinition,
  type CommandRegistry,
  parseCommandArgs,
  RedisCommandError,
  RedisResult,
  RedisValue,
  resolveCompatibilityProfile,
  WrongNumberOfArgumentsError,
  WrongRedisTypeError,
} from "js-redis-server/core";
import type { Reply } from "./engine.ts";

/** The newest behaviour that js-redis-server implements, closest to what Upstash claims (8.2). */
export const profile = resolveCompatibilityProfile("redis-8.0");

/**
 * What is wrong with the arguments of `command`, if it is found out only when the command runs.
 *
 * js-redis-server finds it when a transaction queues the command, and then discards the whole;
 * Redis discards for an unknown name or a wrong number of arguments alone.
 */
export function mistakeIn(
  registry: CommandRegistry,
  command: readonly Buffer[],
): Reply | undefined {
  const [name, ...words] = command;
  const definition = registry.get(String(name).toLowerCase());
  if (definition === undefined) return undefined;
  try {
    definition.keys(parseCommandArgs(definition.schema, words, definition.name, profile));
  } catch (error) {
    if (error instanceof RedisCommandError && !(error instanceof WrongNumberOfArgumentsError)) {
      return { type: "error", message: `${error.code} ${error.message}` };
    }
  }
  return undefined;
}

type Execute = CommandDefinition["execute"];

/** Replaces the definitions in `registry` that differ. */
export function mendCommands(registry: CommandRegistry): void {
  const replace = (names: string, mend: (original: CommandDefinition) => CommandDefinition) => {
    for (const name of names.split(" ")) {
      const original = registry.get(name);
      if (!original) throw new Error(`Cannot mend the embedded engine: it lacks ${name}`);
      registry.override(mend(original));
    }
  };
  replace("zcount zrange zrangebyscore zrevrangebyscore zremrangebyscore", (original) => (
    withBareInfinity(original, 1)
  ));
  replace("zrangestore", (original) => withBareInfinity(original, 2));
  replace("zrange", (original) => withOptionsOnce(original, 3));
  replace("zrangestore", (original) => withOptionsOnce(original, 4));
  replace("xack", (original) => ({ ...original, execute: withoutGroup(original.execute) }));
  replace("xgroup", (original) => ({ ...original, execute: withRequiredKey(original.execute) }));
  replace("xpending", (original) => ({ ...original, execute: withSummary(original.execute) }));
  replace(
    "xrange xrevrange",
    (original) => ({ ...original, execute: withCount(original.execute) }),
  );
  replace("bitfield", withUnsignedOperands);
  replace(
    "sdiffstore sinterstore sunionstore zdiffstore zinterstore zunionstore zrangestore geosearchstore",
    withReplacedTarget,
  );
  replace("geosearch geosearchstore georadiusbymember georadiusbymember_ro", (original) => ({
    ...original,
    execute: withMissingSource(original.execute),
  }));
}

/** Takes `inf` for `+inf` as a bound; the original insists on the sign. */
function withBareInfinity(original: CommandDefinition, first: number): CommandDefinition {
  return {
    ...original,
    schema: {
      parse: (input, index, context) => {
        const signed = input.map((word, at) => {
          if (at !== first && at !== first + 1) return word;
          const text = String(word);
          return /^\(?inf$/i.test(text) ? Buffer.from(text.replace(/inf/i, "+inf")) : word;
        });
        return original.schema.parse(signed, index, context);
      },
    },
  };
}

/** Refuses BYSCORE, BYLEX or REV that is there twice. */
function withOptionsOnce(original: CommandDefinition, first: number): CommandDefinition {
  return {
    ...original,
    schema: {
      parse: (input, index, context) => {
        const options = input.slice(first).map((word) => String(word).toUpperCase())
          .filter((word) => /^(BYSCORE|BYLEX|REV)$/.test(word));
        if (new Set(options).size < options.length) throw new RedisCommandError("syntax error");
        return original.schema.parse(input, index, context);
      },
    },
  };
}

/** XACK where there is no such stream or group acknowledges nothing. */
function withoutGroup(execute: Execute): Execute {
  return (args, context) => {
    try {
      return execute(args, context);
    } catch (error) {
      if (error instanceof RedisCommandError && error.code === "NOGROUP") {
        return RedisResult.create(RedisValue.integer(0));
      }
      throw error;
    }
  };
}

/** Every XGROUP but CREATE wants its stream to be there. */
function withRequiredKey(execute: Execute): Execute {
  return (args, context) => {
    const { key, subcommand } = (args as { args: { key: Buffer; subcommand: string } }).args;
    if (subcommand !== "create" && context.db.getType(key) === null) {
      throw new RedisCommandError(
        "The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to " +
          "use the MKSTREAM option to create an empty stream automatically.",
      );
    }
    return execute(args, context);
  };
}

/** In a summary the counts are text, and without any the list of consumers is null. */
function withSummary(execute: Execute): Execute {
  return (args, context) => {
    const result = execute(args, context);
    const { mode } = (args as { args: { mode: string } }).args;
    if (mode !== "summary" || !(result instanceof RedisResult) || result.value.kind !== "array") {
      return result;
    }
    const [total, first, last, consumers] = result.value.items;
    if (consumers.kind !== "array") return result;
    const counted = consumers.items.map((each) =>
      RedisValue.array((each.kind === "array" ? each.items : [each]).map(asText))
    );
    return RedisResult.create(RedisValue.array([
      total,
      first,
      last,
      counted.length === 0 ? RedisValue.nullArray() : RedisValue.array(counted),
    ]));
  };
}

function asText(value: RedisValue): RedisValue {
  return value.kind === "integer" ? RedisValue.bulkString(Buffer.from(String(value.value))) : value;
}

/** A COUNT of zero or less gives null where there is a stream. */
function withCount(execute: Execute): Execute {
  return (args, context) => {
    const { key, count } = args as { key: Buffer; count: number | null | undefined };
    const result = execute(args, context);
    return typeof count === "number" && count <= 0 && context.db.getType(key) === "stream"
      ? RedisResult.create(RedisValue.nullArray())
      : result;
  };
}

/** A search in a key that is not there finds nothing, even around a member. */
function withMissingSource(execute: Execute): Execute {
  return (args, context) => {
    const { key, source, destination, store, storeDist } = args as Partial<Record<string, Buffer>>;
    const searched = source ?? key;
    if (searched === undefined || context.db.getType(searched) !== null) {
      return execute(args, context);
    }
    const target = destination ?? store ?? (storeDist instanceof Buffer ? storeDist : undefined);
    if (target === undefined) return RedisResult.create(RedisValue.array([]));
    context.db.delete(target);
    return RedisResult.create(RedisValue.integer(0));
  };
}

interface BitFieldOperation {
  kind: string;
  type: { signed: boolean };
  operand: bigint;
}

/** What BITFIELD sets into an unsigned field is unsigned itself: a negative number overflows upwards. */
function withUnsignedOperands(original: CommandDefinition): CommandDefinition {
  return {
    ...original,
    schema: {
      parse: (input, index, context) => {
        const parsed = original.schema.parse(input, index, context);
        const value = parsed.value as { ops: BitFieldOperation[] };
        const ops = value.ops.map((each) =>
          each.kind === "SET" && !each.type.signed
            ? { ...each, operand: BigInt.asUintN(64, each.operand) }
            : each
        );
        return { ...parsed, value: { ...value, ops } };
      },
    },
  };
}

/** What is stored takes the place of a key of any type; the original insists on its own. */
function withReplacedTarget(original: CommandDefinition): CommandDefinition {
  const execute: Execute = (args, context) => {
    const { db } = context;
    const [target, ...sources] = original.keys(args);
    const held = db.get(target);
    const expiration = db.getExpiration(target);
    try {
      return original.execute(args, context);
    } catch (error) {
      const isSource = sources.some((source) => source.equals(target));
      if (!isWrongType(error) || held === null || isSource) throw error;
      db.delete(target);
      try {
        return original.execute(args, context);
      } catch (sourceError) {
        // It was a source that has the wrong type: the target stays what it was.
        db.set(target, held, expiration.kind === "expires" ? expiration : {});
        throw sourceError;
      }
    }
  };
  return { ...original, execute };
}

function isWrongType(error: unknown): boolean {
  return error instanceof WrongRedisTypeError ||
    (error instanceof RedisCommandError && error.code === "WRONGTYPE");
}
