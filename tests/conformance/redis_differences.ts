/**
 * Where the embedded engine is known to differ from a Redis 7.0 server, each with its cause.
 *
 * An entry matches one observation narrowly: these commands, these two outcomes. One that matches
 * nothing in the fixed-seed run is stale and fails it.
 *
 * @module
 */

import type { Outcome, Result } from "./redis_compare.ts";

/** One command, and what each engine made of it. */
export interface Observation {
  readonly command: readonly string[];
  readonly embedded: Result;
  readonly redis: Result;
  /** Which engine discarded the transaction that the command is in, where the other ran it. */
  readonly discardedBy?: "embedded" | "redis";
}

/** A difference that is understood. */
export interface Difference {
  /** What differs, and why. */
  readonly cause: string;
  /** The commands it is about; all, if none is named. */
  readonly commands?: string;
  matches(observation: Observation): boolean;
}

/** All of them. */
export const differences: readonly Difference[] = [
  {
    cause: "A command that Redis finds wrong only when it runs discards the whole transaction: " +
      "js-redis-server parses arguments when it queues them",
    matches: ({ discardedBy, redis, embedded }) =>
      discardedBy === "embedded" && isError(redis.outcome) &&
      argumentError.test(embedded.text ?? ""),
  },
  {
    cause: "An unknown subcommand is found when it runs, in Redis when it is queued",
    matches: ({ discardedBy, redis }) =>
      discardedBy === "redis" && /unknown subcommand/.test(redis.text ?? ""),
  },
  {
    cause: "A trim that takes every entry counts as a deletion",
    commands: "XINFO",
    matches: ({ command, embedded, redis }) =>
      command[1] === "STREAM" &&
      sameBut("max-deleted-entry-id", embedded.outcome, redis.outcome),
  },
  {
    cause:
      "The lag of a group is told where Redis, for gaps or a group made ahead, does not know it",
    commands: "XINFO",
    matches: ({ command, embedded, redis }) =>
      command[1] === "GROUPS" && JSON.stringify(redis.outcome).includes('["lag",null]') &&
      sameGroups(embedded.outcome, redis.outcome),
  },
  {
    cause:
      "Arguments are checked before the key is looked up, in Redis after it: a wrong argument " +
      "for a key that is not there, or of another type, is an error of its own",
    commands: "BITCOUNT BITPOS GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER GEOSEARCH " +
      "HRANDFIELD HSCAN LINDEX LINSERT LPOS LSET SMEMBERS SPOP SRANDMEMBER SSCAN XACK XAUTOCLAIM " +
      "XCLAIM XDEL XGROUP XPENDING XREADGROUP ZINTERCARD ZLEXCOUNT ZMPOP ZPOPMAX ZPOPMIN ZRANDMEMBER " +
      "ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZSCAN",
    matches: ({ embedded, redis }) =>
      argumentError.test(embedded.text ?? "") && isNothing(redis.outcome),
  },
  {
    cause: "Coordinates are printed as the shortest text of a double, in Redis with 17 decimals",
    commands: "GEOPOS GEOSEARCH",
    matches: ({ embedded, redis }) => equalWithin(embedded.outcome, redis.outcome, 1e-12),
  },
  {
    cause: "A number may be empty or begin with a blank: JavaScript's Number() takes both",
    matches: ({ command, embedded, redis }) =>
      !isError(embedded.outcome) && isError(redis.outcome) &&
      command.some((word) => word === "" || word.startsWith(" ")),
  },
  {
    cause: "Sums are doubles, in Redis long doubles: they part beyond 2^53",
    commands: "INCRBYFLOAT HINCRBYFLOAT",
    matches: ({ embedded, redis }) => equalWithin(embedded.outcome, redis.outcome, 1e-12),
  },
  {
    cause: "Large scores are printed without an exponent",
    commands:
      "ZADD ZINCRBY ZMPOP ZMSCORE ZPOPMAX ZPOPMIN ZRANGE ZREVRANGE ZSCAN ZSCORE ZRANGEBYSCORE",
    matches: ({ embedded, redis }) =>
      JSON.stringify(redis.outcome).includes("e+18") &&
      equalWithin(embedded.outcome, redis.outcome, 1e-12),
  },
  {
    cause: "A reader is known to its group once it has asked, as since Redis 7.2; before, only " +
      "once it was given an entry",
    commands: "XINFO",
    matches: ({ command, embedded, redis }) =>
      command[1] === "CONSUMERS"
        ? isWithin(redis.outcome, embedded.outcome)
        : command[1] === "GROUPS" && sameGroups(embedded.outcome, redis.outcome),
  },
  {
    cause:
      "A range that ends before the start is empty, as since Redis 8; before, it held one byte",
    commands: "GETRANGE",
    matches: ({ embedded, redis }) =>
      embedded.outcome === "" && typeof redis.outcome === "string" && redis.outcome.length === 1,
  },
  {
    cause: "A result is not stored over a key of another type; Redis replaces it",
    commands: "SDIFFSTORE SINTERSTORE SUNIONSTORE ZDIFFSTORE ZINTERSTORE ZUNIONSTORE ZRANGESTORE " +
      "GEOSEARCHSTORE",
    matches: ({ embedded, redis }) =>
      errorOf(embedded.outcome) === "WRONGTYPE" && !isError(redis.outcome),
  },
  {
    cause: "A stream id may have a sign",
    commands: "XRANGE XREVRANGE",
    matches: ({ command, embedded, redis }) =>
      command.some((word) => /^-\d+$/.test(word)) && Array.isArray(embedded.outcome) &&
      errorOf(redis.outcome) === "ERR",
  },
  {
    cause: "An integer beyond 2^53 is refused; Redis takes up to 2^63",
    matches: ({ command, embedded, redis }) =>
      command.some((word) => /^-?9223372036854775807$|^-9223372036854775808$/.test(word)) &&
      /not an integer|out of range/.test(embedded.text ?? "") && !isError(redis.outcome),
  },
  {
    cause: "An integer beyond 2^63 is taken for a length or a cursor; Redis refuses or wraps it",
    commands: "XADD XTRIM SCAN SSCAN HSCAN ZSCAN",
    matches: ({ command, embedded }) =>
      command.includes("9223372036854775808") && !isError(embedded.outcome),
  },
  {
    cause:
      "A call inside a script whose arguments are wrong is not counted: it is refused before " +
      "it runs, in Redis as it runs",
    commands: "EVAL EVAL_RO",
    matches: ({ embedded, redis }) =>
      errorOf(embedded.outcome) === "ERR" && errorOf(redis.outcome) === "ERR" &&
      embedded.inner.length === redis.inner.length - 1,
  },
  {
    cause: "2^63 as a Lua number: C turns it into the smallest integer, here it is the largest",
    commands: "EVAL",
    matches: ({ embedded, redis }) =>
      JSON.stringify(embedded.outcome) === '{"integer":"9223372036854775807"}' &&
      JSON.stringify(redis.outcome) === '{"integer":"-9223372036854775808"}',
  },
];

const argumentError =
  /^ERR (syntax error|value is|wrong number|.*not (an?|numeric|valid)|Invalid|invalid|.*can't be|.*must be|.*should be|need |min or max|offset|.*out of range|unsupported|Unrecognized|Number of keys)/;

/** Whether `outcome` is an error. */
export function isError(outcome: Outcome): outcome is { error: string } {
  return outcome !== null && typeof outcome === "object" && "error" in outcome;
}

function errorOf(outcome: Outcome): string | undefined {
  return isError(outcome) ? outcome.error : undefined;
}

/** What a command answers about a key that is not there, or that it cannot use. */
function isNothing(outcome: Outcome): boolean {
  return ["null", "[]", '{"integer":"0"}', '{"integer":"-1"}', '["0",[]]', '["0-0",[],[]]'].concat(
    ['[""]', '["0"]', '{"error":"WRONGTYPE"}', '{"error":"NOGROUP"}'],
  ).includes(JSON.stringify(outcome)) ||
    (Array.isArray(outcome) && outcome.every((each) => each === null));
}

/** Whether two lists of facts are the same in all but those `names`. */
function sameBut(names: string, one: Outcome, other: Outcome): boolean {
  const rest = (facts: Outcome) =>
    JSON.stringify(
      listOf(facts).filter((fact) => !names.split(" ").includes(String(listOf(fact)[0]))),
    );
  return rest(one) === rest(other);
}

function sameGroups(one: Outcome, other: Outcome): boolean {
  const others = listOf(other);
  return listOf(one).every((group, index) => sameBut("consumers lag", group, others[index]));
}

function isWithin(few: Outcome, many: Outcome): boolean {
  const texts = listOf(many).map((each) => JSON.stringify(each));
  return listOf(few).every((each) => texts.includes(JSON.stringify(each)));
}

function listOf(outcome: Outcome): readonly Outcome[] {
  return Array.isArray(outcome) ? outcome : [outcome];
}

/** Whether both are the same but for texts that are numbers this close to each other. */
function equalWithin(one: Outcome, other: Outcome, share: number): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length &&
      one.every((item, index) => equalWithin(item, other[index], share));
  }
  if (typeof one === "string" && typeof other === "string" && one !== other) {
    const [first, second] = [Number(one), Number(other)];
    return Math.abs(first - second) <= share * Math.max(1, Math.abs(first), Math.abs(second));
  }
  return JSON.stringify(one) === JSON.stringify(other);
}
