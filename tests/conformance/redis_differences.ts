/**
 * Where the embedded engine is known to differ from a Redis 7.0 server, each with its cause.
 *
 * An entry matches one observation narrowly: these commands, these two outcomes. One that is
 * nowhere in the fixed-seed run the only explanation is stale and fails it.
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
  // When a mistake is noticed.
  {
    cause: "A word too many or too few is a wrong number of arguments, which discards a " +
      "transaction; Redis often calls it a syntax error, which does not",
    matches: ({ discardedBy, embedded }) =>
      discardedBy === "embedded" && /wrong number of arguments/.test(embedded.text ?? ""),
  },
  {
    cause: "A wrong subcommand, or some words too many or too few, are found when a command " +
      "runs, in Redis when it is queued",
    matches: ({ discardedBy, redis }) =>
      discardedBy === "redis" &&
      /unknown subcommand|wrong number of arguments/.test(redis.text ?? ""),
  },
  {
    cause:
      "Arguments are checked before the key is looked up, in Redis after it: a wrong argument " +
      "for a key that is not there, or of another type, is an error of its own",
    commands: "BITCOUNT BITPOS GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER GEOSEARCH " +
      "GEOSEARCHSTORE GETEX GETRANGE HRANDFIELD HSCAN LINDEX LINSERT LMPOP LPOP LPOS LRANGE LSET LTRIM " +
      "MSETNX SET SMEMBERS SPOP SRANDMEMBER SSCAN XACK XAUTOCLAIM XCLAIM XDEL XGROUP XINFO XPENDING " +
      "XREAD XREADGROUP ZDIFF ZDIFFSTORE ZINTER ZINTERCARD ZINTERSTORE ZLEXCOUNT ZMPOP ZPOPMAX ZPOPMIN " +
      "ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZREMRANGEBYRANK ZREVRANGE ZSCAN ZUNION ZUNIONSTORE",
    matches: ({ discardedBy, embedded, redis }) =>
      discardedBy === undefined && argumentError.test(embedded.text ?? "") &&
      isNothing(redis.outcome),
  },
  {
    cause: "A wrong id or number is noticed after the key is looked up, in Redis before it",
    commands: "GEOADD XADD XRANGE XREAD XREVRANGE ZADD ZINCRBY",
    matches: ({ embedded, redis }) =>
      (errorOf(embedded.outcome) === "WRONGTYPE" || isNothing(embedded.outcome)) &&
      /Invalid stream ID|greater than 0-0|not a valid float|not an integer/.test(redis.text ?? ""),
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

  // How numbers are read.
  {
    cause: "A number may be empty, begin with a blank or be hexadecimal: JavaScript's Number() " +
      "takes all of it",
    matches: ({ command, embedded, redis }) =>
      !isError(embedded.outcome) && isError(redis.outcome) &&
      command.some((word) => word === "" || word.startsWith(" ") || word.startsWith("0x")),
  },
  {
    cause: "An empty bound is refused; Redis takes it for zero",
    commands: "ZCOUNT ZRANGE ZRANGEBYSCORE ZRANGESTORE ZREMRANGEBYSCORE ZREVRANGEBYSCORE",
    matches: ({ command, embedded, redis }) =>
      command.includes("") && /min or max/.test(embedded.text ?? "") && !isError(redis.outcome),
  },
  {
    cause: "A stream id with a blank before it is refused; strtoull takes it",
    commands: "XADD XGROUP XRANGE XREAD XTRIM",
    matches: ({ command, embedded, redis }) =>
      command.some((word) => word.startsWith(" ")) &&
      /Invalid stream ID/.test(embedded.text ?? "") && !isError(redis.outcome),
  },
  {
    cause: "An integer beyond 2^53 is refused; Redis takes up to 2^63",
    matches: ({ command, embedded, redis }) =>
      command.some((word) => /^-?9223372036854775807$|^-9223372036854775808$/.test(word)) &&
      /not an integer|out of range|greater than 0|be negative/.test(embedded.text ?? "") &&
      !isError(redis.outcome),
  },
  {
    cause: "An integer beyond 2^63 is taken for a length; Redis refuses it",
    commands: "XADD XRANGE XREAD XTRIM",
    matches: ({ command, embedded, redis }) =>
      command.includes("9223372036854775808") && !isError(embedded.outcome) &&
      isError(redis.outcome),
  },
  {
    cause: "A cursor that was never given out: Redis scans from wherever it points",
    commands: "HSCAN SCAN SSCAN ZSCAN",
    matches: ({ command, embedded, redis }) =>
      !["0", "-"].includes(command[command[0] === "SCAN" ? 1 : 2]) && !isError(redis.outcome) &&
      (/cursor/.test(embedded.text ?? "") || isNothing(embedded.outcome)),
  },
  {
    cause: "A radius must be finite",
    commands: "GEOSEARCH GEOSEARCHSTORE GEORADIUS GEORADIUSBYMEMBER",
    matches: ({ command, embedded, redis }) =>
      command.includes("inf") && isError(embedded.outcome) && !isError(redis.outcome),
  },
  {
    cause: "A Lua number that is no 64-bit integer: C turns it into the smallest one",
    commands: "EVAL",
    matches: ({ embedded, redis }) =>
      /^\{"integer":"(0|9223372036854775807)"\}$/.test(JSON.stringify(embedded.outcome)) &&
      JSON.stringify(redis.outcome) === '{"integer":"-9223372036854775808"}',
  },

  // How numbers are written.
  {
    cause: "Coordinates are printed as the shortest text of a double, in Redis with 17 decimals",
    commands: "GEOPOS GEOSEARCH",
    matches: ({ embedded, redis }) => equalWithin(embedded.outcome, redis.outcome, 1e-12),
  },
  {
    cause: "Scores are printed as the shortest text of a double, in Redis with 17 digits",
    commands: "ZADD ZDIFF ZINCRBY ZINTER ZMPOP ZMSCORE ZPOPMAX ZPOPMIN ZRANGE ZRANGEBYSCORE " +
      "ZREVRANGE ZSCAN ZSCORE ZUNION",
    matches: ({ embedded, redis }) => equalWithin(embedded.outcome, redis.outcome, 1e-15),
  },

  // What newer versions of Redis do as well.
  {
    cause: "A reader is known to its group once it has asked, as since Redis 7.2; before, only " +
      "once it was given an entry",
    commands: "XINFO",
    matches: ({ command, embedded, redis }) =>
      command[1] === "STREAM"
        ? withoutConsumers(embedded.outcome) === withoutConsumers(redis.outcome)
        : command[1] === "CONSUMERS"
        ? isWithin(redis.outcome, embedded.outcome)
        : command[1] === "GROUPS" && sameGroups("consumers", embedded.outcome, redis.outcome),
  },
  {
    cause: "A reader that has asked before, as since Redis 7.2, cannot be created anew",
    commands: "XGROUP",
    matches: ({ command, embedded, redis }) =>
      command[1] === "CREATECONSUMER" && JSON.stringify(embedded.outcome) === '{"integer":"0"}' &&
      JSON.stringify(redis.outcome) === '{"integer":"1"}',
  },
  {
    cause:
      "A range that ends before the start is empty, as since Redis 8; before, it held one byte",
    commands: "BITCOUNT BITPOS GETRANGE",
    matches: ({ command, embedded, redis }) =>
      command.some((word) => /^-\d+$/.test(word)) && !isError(redis.outcome) &&
      (embedded.outcome === "" || isNothing(embedded.outcome)),
  },

  // What else js-redis-server does otherwise.
  {
    cause: "A box is as wide as at its own latitude for each member, in Redis 7.0 as at the centre",
    commands: "GEOSEARCH",
    matches: ({ command, embedded, redis }) =>
      command.includes("BYBOX") && !isError(embedded.outcome) && !isError(redis.outcome) &&
      isWithin(embedded.outcome, redis.outcome),
  },
  {
    cause: "Scores that are distances are no places: searching them fails, in Redis it finds " +
      "something somewhere",
    commands: "GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER GEOSEARCH GEOSEARCHSTORE",
    matches: ({ embedded, redis }) =>
      /embedded engine failed/.test(embedded.text ?? "") && !isError(redis.outcome),
  },
  {
    cause: "The first clear bit of an empty string is bit 0, as if the key were not there",
    commands: "BITPOS",
    matches: ({ command, embedded, redis }) =>
      command[2] === "0" && JSON.stringify(embedded.outcome) === '{"integer":"0"}' &&
      JSON.stringify(redis.outcome) === '{"integer":"-1"}',
  },
];

const argumentError =
  /^ERR (syntax error|value is|wrong number|.*not (an?|numeric|valid)|Invalid|invalid|.*can't be|.*cannot be|.*not compatible|.*must be|.*should be|need |min or max|offset|.*out of range|[Uu]nsupported|Unrecognized|Number of keys|at least|BITFIELD_RO only)/;

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

/** Whether two lists of groups are the same in all but those `names`; their order may hang on them. */
function sameGroups(names: string, one: Outcome, other: Outcome): boolean {
  const rest = (groups: Outcome) =>
    listOf(groups).map((group) => factsBut(names, group)).sort().join();
  return rest(one) === rest(other);
}

/** A full view of a stream, but for who reads from its groups. */
function withoutConsumers(view: Outcome): string {
  return JSON.stringify(
    listOf(view).map((fact) => {
      const [name, groups] = listOf(fact);
      return name === "groups" ? listOf(groups).map((group) => factsBut("consumers", group)) : fact;
    }),
  );
}

function factsBut(names: string, facts: Outcome): string {
  const left = listOf(facts).filter((fact) => !names.split(" ").includes(String(listOf(fact)[0])));
  return JSON.stringify(left);
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
