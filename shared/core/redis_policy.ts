/**
 * What may be sent to Redis, what it is billed as, and what may be sent twice.
 *
 * The billing rules are Upstash's: a command is one command, alone, in a pipeline or in a
 * transaction; a script is one and what runs inside it; the connection family and INFO are free.
 *
 * @module
 */
import { CommandRefusedError } from "../errors.ts";
import type { RedisCommand, RedisTally } from "../ports.ts";

const words = (...lines: string[]): ReadonlySet<string> => new Set(lines.join(" ").split(" "));

/** Never sent: they empty or stop the database, walk all of it, or block, or need a connection. */
const refused = words(
  "FLUSHDB FLUSHALL KEYS SWAPDB DEBUG SHUTDOWN MONITOR CONFIG ACL MODULE CLUSTER REPLICAOF SLAVEOF",
  "FAILOVER MIGRATE MOVE SAVE BGSAVE BGREWRITEAOF PSYNC SYNC LATENCY SLOWLOG",
  "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF",
  "AUTH HELLO SELECT RESET QUIT CLIENT MULTI EXEC DISCARD WATCH UNWATCH",
  "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE",
);

const refusedSubcommands: Readonly<Record<string, ReadonlySet<string>>> = {
  SCRIPT: words("FLUSH KILL DEBUG"),
  FUNCTION: words("FLUSH DELETE KILL RESTORE"),
};

const free = words("AUTH HELLO SELECT COMMAND CONFIG INFO PING RESET QUIT");

const reads = words(
  "GET MGET STRLEN GETRANGE SUBSTR GETBIT BITCOUNT BITPOS BITFIELD_RO DIGEST LCS",
  "EXISTS TTL PTTL EXPIRETIME PEXPIRETIME TYPE TOUCH DUMP SCAN DBSIZE RANDOMKEY",
  "HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSTRLEN HRANDFIELD HSCAN",
  "HTTL HPTTL HEXPIRETIME HPEXPIRETIME LINDEX LLEN LPOS LRANGE",
  "SCARD SISMEMBER SMISMEMBER SMEMBERS SRANDMEMBER SSCAN SDIFF SINTER SINTERCARD SUNION",
  "ZCARD ZCOUNT ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE",
  "ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZDIFF ZINTER ZINTERCARD ZUNION",
  "GEODIST GEOHASH GEOPOS GEOSEARCH GEORADIUS_RO GEORADIUSBYMEMBER_RO PFCOUNT",
  "XLEN XRANGE XREVRANGE XREAD XINFO XPENDING MEMORY PUBSUB",
);

/** Neither a read nor a write by themselves, as Upstash counts. */
const others = words(
  "EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO SCRIPT FUNCTION PUBLISH SUBSCRIBE ECHO TIME",
);

/** Writes that leave the same data behind when they are sent twice; the second reply may differ. */
const absoluteWrites = words(
  "SETEX PSETEX MSET SETBIT SETRANGE DEL UNLINK EXPIRE PEXPIRE EXPIREAT PEXPIREAT PERSIST",
  "HSET HMSET HDEL HEXPIRE HPEXPIRE HEXPIREAT HPEXPIREAT HPERSIST",
  "SADD SREM ZREM ZREMRANGEBYSCORE ZREMRANGEBYLEX GEOADD PFADD PFMERGE XDEL XACK XTRIM",
);

const repeatableOthers = words("EVAL_RO EVALSHA_RO FCALL_RO ECHO TIME INFO PING COMMAND");

/** The name in upper case, as the tables hold it. */
export function commandName(command: RedisCommand): string {
  return String(command[0]).trim().toUpperCase();
}

/** @throws {CommandRefusedError} if the command may not be sent */
export function assertAllowed(command: RedisCommand): void {
  const name = commandName(command);
  const second = String(command[1] ?? "").toUpperCase();
  if (refused.has(name)) throw new CommandRefusedError(name);
  if (refusedSubcommands[name]?.has(second)) throw new CommandRefusedError(`${name} ${second}`);
  if ((name === "XREAD" || name === "XREADGROUP") && optionsOf(command).includes("BLOCK")) {
    throw new CommandRefusedError(`${name} BLOCK`);
  }
}

/** A tally at zero. */
export function newTally(): RedisTally {
  return { commands: 0, reads: 0, writes: 0, requests: 0, waitedMs: 0 };
}

/** What a command is billed as. */
export interface Bill {
  commands: 0 | 1;
  reads: 0 | 1;
  writes: 0 | 1;
}

/** What one command is billed as; for a script, without what runs inside it. */
export function billOf(command: RedisCommand): Bill {
  const name = commandName(command);
  if (free.has(name)) return { commands: 0, reads: 0, writes: 0 };
  if (reads.has(name)) return { commands: 1, reads: 1, writes: 0 };
  return { commands: 1, reads: 0, writes: others.has(name) ? 0 : 1 };
}

/**
 * Whether sending the command twice leaves the data as once would: reads and absolute writes.
 *
 * A repeated write may overwrite what another caller wrote in between, within one call's timeout.
 */
export function isRepeatable(command: RedisCommand): boolean {
  const name = commandName(command);
  if (reads.has(name) || absoluteWrites.has(name) || repeatableOthers.has(name)) return true;
  const options = command.slice(3).map((option) => String(option).toUpperCase());
  if (name === "SET") {
    // NX would answer "taken" about its own first try; GET would answer its own value.
    return options.every((option) => /^(EX|PX|EXAT|PXAT|XX|\d+)$/.test(option));
  }
  if (name === "ZADD") {
    return !command.slice(2).some((part) => String(part).toUpperCase() === "INCR");
  }
  if (name === "SCRIPT") return ["LOAD", "EXISTS"].includes(String(command[1]).toUpperCase());
  return false;
}

/** Everything before STREAMS in a stream read; keys and ids after it are no options. */
function optionsOf(command: RedisCommand): string[] {
  const parts = command.slice(1).map((part) => String(part).toUpperCase());
  const streams = parts.indexOf("STREAMS");
  return streams < 0 ? parts : parts.slice(0, streams);
}
