/**
 * Reads of a key that is to be forgotten some day.
 *
 * @module
 */
import type { Redis, RedisCallOptions, RedisCommand, RedisValue } from "../../ports.ts";

/** Large replies take longer than a counter's increment. */
const READ_TIMEOUT_MS = 15_000;

export interface ExpiringReadOptions extends Pick<RedisCallOptions, "mostBytes"> {
  /** When Redis is to forget the key, in epoch seconds; one command more, in the same request. */
  expireAt?: number;
}

export interface ExpiringReply {
  reply: RedisValue;
  /** Whether the key is there, and was given this end. */
  expires: boolean;
}

/** Runs a read whose first argument is its key. */
export async function readExpiring(
  redis: Redis,
  command: RedisCommand,
  { expireAt, mostBytes }: ExpiringReadOptions,
): Promise<ExpiringReply> {
  const options = { timeoutMs: READ_TIMEOUT_MS, mostBytes };
  if (expireAt === undefined) return { reply: await redis.run(command, options), expires: false };
  const expire = ["EXPIREAT", command[1], expireAt] as const;
  const [reply, isSet] = await redis.pipeline([command, expire], options);
  return { reply, expires: isSet === 1 };
}
