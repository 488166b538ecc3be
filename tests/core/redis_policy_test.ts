import assert from "node:assert/strict";
import { assertAllowed, billOf, isRepeatable } from "../../shared/core/redis_policy.ts";
import { CommandRefusedError } from "../../shared/errors.ts";
import type { RedisCommand } from "../../shared/ports.ts";

const refused: RedisCommand[] = [
  ["FLUSHDB"],
  ["flushall", "ASYNC"],
  [" FlushAll "],
  ["KEYS", "*"],
  ["CONFIG", "GET", "*"],
  ["SCRIPT", "FLUSH"],
  ["script", "kill"],
  ["FUNCTION", "FLUSH"],
  ["SWAPDB", 0, 1],
  ["DEBUG", "SLEEP", 10],
  ["SHUTDOWN"],
  ["BLPOP", "list", 0],
  ["BZPOPMIN", "set", 0],
  ["XREAD", "BLOCK", 0, "STREAMS", "events", "$"],
  ["XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "block", 0, "STREAMS", "events", ">"],
  ["WAIT", 1, 0],
  ["MULTI"],
  ["SELECT", 1],
  ["SUBSCRIBE", "news"],
];
for (const command of refused) {
  Deno.test(`"${command.join(" ")}" is refused`, () => {
    assert.throws(() => assertAllowed(command), CommandRefusedError);
  });
}

const allowed: RedisCommand[] = [
  ["GET", "keys"],
  ["SCRIPT", "LOAD", "return 1"],
  ["XREAD", "COUNT", 10, "STREAMS", "block", "0"],
  ["INFO"],
  ["SCAN", 0, "MATCH", "a:*"],
];
for (const command of allowed) {
  Deno.test(`"${command.join(" ")}" is allowed`, () => assertAllowed(command));
}

const bills: [RedisCommand, commands: number, reads: number, writes: number][] = [
  [["GET", "a"], 1, 1, 0],
  [["MGET", "a", "b"], 1, 1, 0],
  [["set", "a", 1], 1, 0, 1],
  [["MSET", "a", 1, "b", 2], 1, 0, 1],
  [["XADD", "s", "*", "f", 1], 1, 0, 1],
  [["EVALSHA", "sha", 0], 1, 0, 0],
  [["PUBLISH", "c", "m"], 1, 0, 0],
  [["INFO"], 0, 0, 0],
  [["PING"], 0, 0, 0],
];
for (const [command, commands, reads, writes] of bills) {
  Deno.test(`"${command.join(" ")}" is billed as ${commands}/${reads}/${writes}`, () => {
    assert.deepEqual(billOf(command), { commands, reads, writes });
  });
}

const repeatable: RedisCommand[] = [
  ["GET", "a"],
  ["SET", "a", 1],
  ["SET", "a", 1, "EX", 60],
  ["set", "a", "NX", "px", 60],
  ["SETBIT", "b", 3, 1],
  ["DEL", "a", "b"],
  ["EXPIRE", "a", 60],
  ["SADD", "s", "m"],
  ["HSET", "h", "f", 1],
  ["ZADD", "z", "GT", 1, "m"],
  ["SCRIPT", "LOAD", "return 1"],
  ["EVAL_RO", "return 1", 0],
];
for (const command of repeatable) {
  Deno.test(`"${command.join(" ")}" may be sent twice`, () => assert(isRepeatable(command)));
}

const once: RedisCommand[] = [
  ["SET", "a", 1, "NX", "EX", 60],
  ["SET", "a", 1, "GET"],
  ["SET", "a", 1, "KEEPTTL", "GET"],
  ["SET", "a", 1, "IFEQ", 0],
  ["INCR", "a"],
  ["HINCRBY", "h", "f", 1],
  ["LPUSH", "l", 1],
  ["LPOP", "l"],
  ["SPOP", "s"],
  ["GETDEL", "a"],
  ["ZADD", "z", "INCR", 1, "m"],
  ["ZPOPMIN", "z"],
  ["LTRIM", "l", 1, -1],
  ["XADD", "s", "*", "f", 1],
  ["PUBLISH", "c", "m"],
  ["EVALSHA", "sha", 0],
  ["RENAME", "a", "b"],
  ["NEWCOMMAND", "a"],
];
for (const command of once) {
  Deno.test(`"${command.join(" ")}" is sent once`, () => assert(!isRepeatable(command)));
}
