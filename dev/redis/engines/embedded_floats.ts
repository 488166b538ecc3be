/**
 * INCRBYFLOAT and HINCRBYFLOAT with the numbers of Redis; js-redis-server adds doubles.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  type CommandDefinition,
  RedisCommandError,
  RedisResult,
  RedisValue,
  WrongTypeRedisError,
} from "js-redis-server/core";
import {
  addLongDoubles,
  formatLongDouble,
  type LongDouble,
  parseLongDouble,
} from "./long_double.ts";

const ZERO: LongDouble = { mantissa: 0n, exponent: 0 };

/** For `INCRBYFLOAT key increment`. */
export function withLongDoubles(original: CommandDefinition): CommandDefinition {
  return {
    ...original,
    execute: (args, { db }) => {
      const { key, amount } = args as { key: Buffer; amount: Buffer };
      const type = db.getType(key);
      if (type !== null && type !== "string") throw new WrongTypeRedisError();
      const held = readHeld(db.getString(key), "value is not a valid float");
      const sum = sumOf(held, read(String(amount)));
      db.setString(key, sum, { keepTtl: true });
      return RedisResult.create(RedisValue.bulkString(sum));
    },
  };
}

/** For `HINCRBYFLOAT key field increment`; the original reads the increment as a double. */
export function withLongDoubleFields(original: CommandDefinition): CommandDefinition {
  return {
    ...original,
    schema: {
      parse: (input, index, context) => {
        const text = String(input[index + 2]);
        const words = input.length > index + 2 ? input.with(index + 2, Buffer.from("0")) : input;
        const parsed = original.schema.parse(words, index, context);
        return { ...parsed, value: { ...parsed.value as object, text } };
      },
    },
    execute: (args, { db }) => {
      const { key, field, text } = args as { key: Buffer; field: Buffer; text: string };
      // Redis looks at the increment before it looks at the key.
      const increment = read(text);
      const sum = db.updateHash(key, (hash) => {
        const held = hash.getField(field)?.value ?? null;
        const sum = sumOf(readHeld(held, "hash value is not a float"), increment);
        hash.setField(field, sum, { forceDirty: true, keepTtl: true });
        return sum;
      });
      return RedisResult.create(RedisValue.bulkString(sum));
    },
  };
}

function sumOf(held: LongDouble, increment: LongDouble): Buffer {
  const sum = addLongDoubles(held, increment);
  if (sum === undefined) throw infinite();
  return Buffer.from(formatLongDouble(sum));
}

function readHeld(held: Buffer | null, otherwise: string): LongDouble {
  return held === null ? ZERO : read(String(held), otherwise);
}

function read(text: string, otherwise = "value is not a valid float"): LongDouble {
  if (/^[+-]?inf(inity)?$/i.test(text)) throw infinite();
  const value = parseLongDouble(text);
  if (value === undefined) throw new RedisCommandError(otherwise);
  return value;
}

function infinite(): RedisCommandError {
  return new RedisCommandError("increment would produce NaN or Infinity");
}
