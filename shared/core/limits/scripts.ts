/**
 * Our two scripts on the library's own keys: take several units at once, or none; give some back.
 *
 * `take` makes 3 commands, 4 for the first of a window and 2 where it refuses, with itself; the
 * library's own check makes 4, 5 and 3. One that refuses has taken nothing. Whoever counts in the
 * same Redis by plain @upstash/ratelimit with our prefix counts together with us.
 *
 * @module
 */
import type { LimitPolicy } from "../../contracts/limit.ts";
import type { RedisCommand, RedisValue } from "../../ports.ts";
import type { Keys } from "../keys.ts";
import { type Counts, windowAt } from "./window.ts";

// EVAL rather than EVALSHA: a script that Redis forgot would cost a command and a trip again. The
// arithmetic is that of window.ts; the flag, in the first bytes, has Upstash lock these keys alone.
const TAKE = `#!lua flags=allow-key-locking
local limit, passed, least = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wanted, spare, share = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local counts = redis.call("MGET", unpack(KEYS))
local current = tonumber(counts[1] or 0)
local previous = tonumber(counts[2] or 0)
local unspent = math.min(previous, tonumber(ARGV[9]))
if unspent > 0 then previous = redis.call("DECRBY", KEYS[2], unspent) end
local free = limit - current - math.floor((1 - passed) * previous * tonumber(ARGV[8]))
if free < least then return {0, current, previous} end
local granted = math.min(free, math.max(wanted, math.min(spare, math.floor(free * share))))
local after = redis.call("INCRBY", KEYS[1], granted)
if after == granted then redis.call("PEXPIRE", KEYS[1], ARGV[7]) end
return {granted, after, previous}`;

// Never below 0, and never a key that nobody would let expire.
const GIVE_BACK = `#!lua flags=allow-key-locking
local current = tonumber(redis.call("GET", KEYS[1]) or 0)
local given = math.min(current, tonumber(ARGV[1]))
if given > 0 then redis.call("DECRBY", KEYS[1], given) end
return given`;

/** What is asked for: all of it or, for the part that comes on top, what can be spared. */
export interface Wish {
  /** Fewer than this, and nothing is taken. */
  least: number;
  /** What is needed at once; taken as far as it is free. */
  wanted: number;
  /** What will be needed later; taken as far as `share` of what is free. */
  spare: number;
  share: number;
  /** Units of the window before that nobody spent: they are taken off what it weighs. */
  unspent: number;
}

/** The command that takes units for an identifier at this moment. */
export function takeCommand(
  keys: Keys,
  policy: LimitPolicy,
  identifier: string,
  now: number,
  { least, wanted, spare, share, unspent }: Wish,
): RedisCommand {
  const window = windowAt(policy, now);
  const isFixed = policy.algorithm === "fixed-window";
  // A fixed window weighs the one before by 0; how full it was says how scarce this one will be.
  const windows = [window, window - 1];
  const passed = (now % policy.windowMs) / policy.windowMs;
  const ttlMs = isFixed ? policy.windowMs : 2 * policy.windowMs + 1_000;
  return [
    "EVAL",
    TAKE,
    windows.length,
    ...windows.map((each) => keys.limitWindow(policy.name, identifier, each)),
    policy.limit,
    passed,
    least,
    wanted,
    spare,
    share,
    ttlMs,
    isFixed ? 0 : 1,
    unspent,
  ];
}

/** What a take gave: the units, and the counts with them. */
export function readTake(reply: RedisValue, window: number): { granted: number; counts: Counts } {
  const [granted, current, previous] = reply as number[];
  return { granted, counts: { window, current, previous } };
}

/** How many commands a take ran inside. */
export function takeCommands(
  { granted, counts }: ReturnType<typeof readTake>,
  { unspent }: Wish,
): number {
  const corrected = unspent > 0 ? 1 : 0;
  if (granted === 0) return 1 + corrected;
  return (counts.current === granted ? 3 : 2) + corrected;
}

/** The command that gives units of a window back, as long as its key is there. 3 commands with itself, or 2. */
export function giveBackCommand(
  keys: Keys,
  policy: LimitPolicy,
  identifier: string,
  window: number,
  units: number,
): RedisCommand {
  return ["EVAL", GIVE_BACK, 1, keys.limitWindow(policy.name, identifier, window), units];
}

/** How many commands these ran inside. */
export function giveBackCommands(given: readonly RedisValue[]): number {
  return given.reduce<number>((sum, units) => sum + (units === 0 ? 1 : 2), 0);
}
