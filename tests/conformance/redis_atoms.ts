/**
 * The words that random commands are made of: keys of every kind, values, ranges, ids, scripts.
 *
 * @module
 */

import type { Atoms } from "./redis_grammar.ts";

const kinds = ["string", "bits", "hash", "list", "set", "zset", "lex", "geo", "stream"];

const namesOf = (kind: string): string[] => [0, 1, 2].map((index) => `${kind}:${index}`);

/** Every key name that the templates may use. */
export const keyNames: readonly string[] = [...kinds, "hll"].flatMap(namesOf);

// One time in twenty-five, a key of another kind: wrong types, and keys that are not there.
const keyAtoms = Object.fromEntries(
  kinds.map((
    kind,
  ) => [kind, [...Array(24).fill(namesOf(kind)).flat(), "hash:0", "list:1", "string:2"]]),
);

/** What the templates' atoms stand for. */
export const atoms: Atoms = {
  ...keyAtoms,
  key: kinds.filter((kind) => kind !== "lex").flatMap(namesOf),
  // These stay among themselves: a sketch read as a string shows how a server encodes it.
  hll: [...Array(8).fill(namesOf("hll")).flat(), "list:1"],
  newHll: namesOf("hll"),
  value: ["a", "hello", "10", "-5", "3.5", "007", "1e3", "\xff\x00\x80", "x y"],
  member: ["a", "b", "c", "d", "e", "10", "\xc3\xa9"],
  field: ["f0", "f1", "f2", "f3", "10"],
  delta: ["1", "-1", "5", "100", "-7"],
  float: ["1.5", "-2", "0.25", "3", "1e2", "-0.5"],
  index: ["-100", "-3", "-2", "-1", "0", "1", "2", "3", "100"],
  count: ["1", "2", "3", "100"],
  anyCount: ["-2", "-1", "0", "1", "2", "3", "100"],
  offset: ["0", "1", "3", "7", "8", "15", "20"],
  bit: ["0", "1"],
  // Far ahead, and absolute: both engines hold the same number whatever their clocks say.
  second: ["4102444800", "4102444801", "33177117420"],
  milli: ["4102444800000", "4102444800001", "33177117420123"],
  past: ["1", "1000"],
  score: ["1", "2", "2", "3", "-1", "0", "1.5", "-2.25", "inf", "-inf", "1e3", "10"],
  min: ["-inf", "(1", "1", "0", "2", "(-1"],
  max: ["+inf", "inf", "(3", "3", "2", "10"],
  lexMin: ["-", "[a", "(a", "[b"],
  lexMax: ["+", "[d", "(d", "[c", "-"],
  type: ["u8", "i8", "u4", "i16", "u1", "i64", "u63", "i5"],
  bitOffset: ["0", "1", "8", "#0", "#1", "#2", "100"],
  place: [
    "13.361389\t38.115556\tpalermo",
    "15.087269\t37.502669\tcatania",
    "-122.419416\t37.774929\tfrancisco",
    "2.352222\t48.856613\tparis",
    "0\t0\tnull",
  ],
  placeName: ["palermo", "catania", "francisco", "paris", "null", "nowhere"],
  unit: ["m", "km", "ft", "mi"],
  distance: ["200", "1000", "5000", "0"],
  entry: ["1-1", "1-2", "2-0", "3-1", "5-5", "5-6", "7-0", "9-9", "12-1"],
  id: ["1-1", "1-2", "2-0", "3-1", "5-5", "7-0", "9", "0", "0-0", "100-0"],
  start: ["-", "0", "1", "1-1", "(1-1", "3", "5-5"],
  end: ["+", "100", "5", "(5-5", "3-1", "9"],
  group: ["g0", "g1"],
  consumer: ["c0", "c1"],
  increments: ["local n = redis.call('incrby', KEYS[1], ARGV[1]) return n"],
  reads: ["return redis.call('get', KEYS[1])"],
  writes: ["return redis.call('set', KEYS[1], 'x')"],
  pushes: ["return redis.pcall('lpush', KEYS[1], ARGV[1])"],
  tables: ["return {1, 'a', {2, false}, 3.9, true}", "return {ok = 'FINE'}", "return nil"],
  states: ["return redis.status_reply('FINE')", "return cjson.encode({a = 1})"],
  refuses: [
    "return redis.error_reply('OWN message')",
    "error('raised')",
    "return {err = 'MY own'}",
  ],
  calls: ["return redis.call('nosuch')", "return redis.call('get')", "syntax error"],
  doubles: ["return tonumber(ARGV[1]) * 2", "return tostring(ARGV[1] * 2)"],
  counts: ["return #KEYS + #ARGV", "return {KEYS[1], ARGV[1]}"],
  pattern: ["*", "a*", "?", "f[0-2]", "nothing", "string:*"],
};
