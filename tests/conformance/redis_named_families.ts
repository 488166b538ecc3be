/**
 * Templates for commands whose answers the engines have parted in before: floats as Redis adds
 * them, copies, ranges that are stored, what XINFO tells, functions.
 *
 * @module
 */
import { atoms as common } from "./redis_atoms.ts";
import { Template } from "./redis_grammar.ts";

const library = (name: string, ...registrations: string[]) =>
  `#!lua name=${name}\nlocal function get(keys) return redis.call('get', keys[1]) end\n` +
  registrations.join("\n");

const atoms = {
  ...common,
  float: [
    "0.1",
    "0.2",
    "-0.3",
    "1e3",
    "1e-5",
    "3.33333333333333333333",
    "123456789.123456789",
    "-0",
    "9007199254740993",
    "1e17",
    "1e-18",
    "0.000000000000000005",
    ".5",
    "5.",
    "+1.5",
    "1e300",
    "-1e300",
    "1e4931",
    "1e5000",
    "1e-5000",
    "inf",
    "nan",
    "1.5x",
  ],
  number: ["10.50", "3.0e3", "abc", "1e2", "0.1", "9007199254740993", "-1.25"],
  library: ["lib0", "lib1"],
  code: [
    library("lib0", "redis.register_function('read0', get)"),
    library(
      "lib0",
      "redis.register_function{function_name='read0', callback=get, flags={'no-writes'}, description='reads ' .. 'one'}",
    ),
    library(
      "lib1",
      "redis.register_function{function_name='write1', description='writes', callback=function(keys, args) return redis.call('set', keys[1], args[1] or 'x') end}",
    ),
    library("lib1", "redis.register_function('read0', get)"),
    library("lib1", "redis.register_function{function_name='f', callback=get, flags={'none'}}"),
    library("lib-1", "redis.register_function('f', get)"),
    library("lib1"),
    library("lib1", "this is no lua"),
    "return 1",
  ],
  function: ["read0", "write1", "none"],
  glob: ["lib*", "LIB0", "l?b1", "lib0", "*", "nothing"],
};

const texts = {
  floats: [
    "SET $string $number",
    "INCRBYFLOAT $string $float",
    "INCRBYFLOAT $string $float",
    "GET $string",
    "HSET $hash $field $number",
    "HINCRBYFLOAT $hash $field $float",
    "HGET $hash $field",
    "DEL $string $hash",
  ],
  copies: [
    "SET $string $value",
    "XADD $stream $entry $field $value",
    "ZADD $zset ($score $member)*",
    "EXPIREAT $key $second",
    "COPY $key $key [REPLACE] [DB 0]",
    "EXPIRETIME $key",
    "TYPE $key",
    "DEL $key",
  ],
  stored: [
    "ZADD $zset ($score $member)*",
    "ZADD $lex (0 $member)*",
    "EXPIREAT $zset $second",
    "ZRANGESTORE $zset $zset $index $index [REV] [REV]",
    "ZRANGE $zset $min $max BYSCORE [BYSCORE] [LIMIT $offset $anyCount]",
    "ZRANGESTORE $zset $zset $min $max BYSCORE [LIMIT $offset $anyCount]",
    "ZRANGESTORE $zset $zset $max $min BYSCORE REV [LIMIT $offset $anyCount]",
    "ZRANGESTORE $zset $lex $lexMin $lexMax BYLEX [LIMIT $offset $anyCount]",
    "ZRANGESTORE $zset $lex $lexMax $lexMin BYLEX REV",
    "ZRANGESTORE $zset $zset $index $index LIMIT $offset $count",
    "ZRANGESTORE $string $zset $min $max BYSCORE",
    "ZRANGE $zset 0 -1 WITHSCORES",
    "EXPIRETIME $zset",
  ],
  told: [
    "XADD $stream [NOMKSTREAM] [MAXLEN [=] $count|MINID [=] $id] $entry $field $value",
    "XADD $stream $entry $field $value",
    "XDEL $stream $id",
    "XTRIM $stream (MAXLEN|MINID) [=] $count",
    "XGROUP CREATE $stream $group ($id|$|0) [MKSTREAM]",
    "XGROUP CREATECONSUMER $stream $group $consumer",
    "XGROUP SETID $stream $group ($id|$)",
    "XREADGROUP GROUP $group $consumer [COUNT $count] [NOACK] STREAMS $stream (>|$id)",
    "XACK $stream $group $id*",
    "XCLAIM $stream $group $consumer 0 $id* [FORCE] [JUSTID]",
    "XPENDING $stream $group - + $count",
    "XINFO STREAM $stream [FULL [COUNT $anyCount]]",
    "XINFO STREAM $stream FULL",
    "XINFO GROUPS $stream",
    "XINFO CONSUMERS $stream $group",
    "COPY $stream $stream [REPLACE]",
    "DEL $stream",
  ],
  functions: [
    "FUNCTION LOAD [REPLACE] $code",
    "FUNCTION LIST [LIBRARYNAME $glob] [WITHCODE]",
    "FUNCTION STATS",
    "FUNCTION DELETE $library",
    "FCALL $function 1 $string $value",
    "FCALL $function 0",
    "FUNCTION FLUSH",
    "SET $string $value",
  ],
};

/** The templates of each of these families. */
export const namedFamilies: readonly (readonly Template[])[] = Object.values(texts).map((family) =>
  family.map((text) => new Template(text, atoms))
);
