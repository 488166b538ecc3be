/**
 * Asking Redis for units: by the library the first time, by our own script from then on.
 *
 * @module
 */
import type { LimitAnswer } from "../../contracts/limit.ts";
import { admit, recheckMs, refuse } from "./answers.ts";
import type { Hand, Hands } from "./hands.ts";
import type { LimitsDependencies } from "./limits.ts";
import {
  giveBackCommand,
  giveBackCommands,
  readTake,
  takeCommand,
  takeCommands,
} from "./scripts.ts";
import { endOfWindow, opensAt, windowAt } from "./window.ts";

/**
 * The most of what is free that one ask takes beyond what is needed at once. Measured by
 * bench/limits.ts: an eighth costs three times the commands, all of it refuses twice as much though
 * free.
 */
const SHARE = 1 / 2;
/** Of a limit that is nearly used up, units are taken for so much of its window: what lies idle is refused to others. */
const SCARCE_SHARE = 1 / 30;

/** Asks for `weight` units and, where leases are on, for what this isolate will need besides. */
export async function askRedis(
  dependencies: LimitsDependencies,
  hand: Hand,
  weight: number,
): Promise<LimitAnswer> {
  const { policy } = hand;
  const isBucket = policy.algorithm === "token-bucket";
  // A weight that is refused would be counted by the library's windows.
  const byLibrary = isBucket || (!hand.isKnown && weight === 1 && !policy.open);
  try {
    const answer = await (byLibrary ? check : take)(dependencies, hand, weight);
    hand.isKnown = true;
    return answer;
  } finally {
    dependencies.hands.hasAsked = true;
  }
}

/** What was not answered in time is not sent again: it may have been counted. */
export function askOptions({ askMs }: Hands) {
  return { timeoutMs: askMs, repeatable: false };
}

async function check(
  { clock, counter, hands, keys }: LimitsDependencies,
  hand: Hand,
  weight: number,
): Promise<LimitAnswer> {
  const { policy, identifier } = hand;
  const { allowed, remaining, resetAt } = await counter.check({
    policy,
    prefix: keys.limitPrefix(policy.name),
    identifier: keys.limitIdentifier(identifier),
    weight,
    timeoutMs: hands.askMs,
  });
  const now = clock.now();
  if (allowed) return admit(hand, weight, now, { remaining, resetAt });
  if (policy.algorithm === "token-bucket") {
    const until = Math.min(resetAt, now + recheckMs(policy));
    hand.closed = { weight, until, retryAt: resetAt };
  }
  // A full window before still weighs all of itself when the next one begins.
  const waitMs = policy.algorithm === "sliding-window" ? 1 : 0;
  return { ...refuse(hand, resetAt + waitMs, now), remaining, resetAt };
}

async function take(
  { clock, hands, keys, redis, tally }: LimitsDependencies,
  hand: Hand,
  weight: number,
): Promise<LimitAnswer> {
  const { policy, identifier } = hand;
  const now = clock.now();
  const window = windowAt(policy, now);
  const untold = hand.untoldAt(now);
  const wanted = (policy.lease ? Math.max(weight, hand.waitedFor(now)) : weight) + untold;
  const until = hand.isScarce(now) ? now + policy.windowMs * SCARCE_SHARE : Infinity;
  const expected = hand.expectedUntil(Math.min(until, endOfWindow(policy, now)), now);
  const spare = policy.lease ? Math.min(2 * hand.granted, expected) : 0;
  const wish = { least: weight, wanted, spare, share: SHARE, unspent: hand.takeUnspent(now) };
  const command = takeCommand(keys, policy, identifier, now, wish);
  // What others here no longer need rides along: no request of its own, and nobody waits for it.
  const quiet = hands.takeQuiet(now).map(({ hand, window, units }) =>
    giveBackCommand(keys, hand.policy, hand.identifier, window, units)
  );
  const replies = await redis.pipeline([command, ...quiet], askOptions(hands));
  const [taken, given] = [readTake(replies[0], window), replies.slice(1)];
  if (tally) tally.commands += takeCommands(taken, wish) + giveBackCommands(given);
  hand.seen = { counts: taken.counts, at: now };
  if (taken.granted === 0) {
    return refuse(hand, opensAt(policy, taken.counts, weight, now), now);
  }
  // What others took meanwhile may leave less than was let through here.
  const told = Math.min(untold, taken.granted - weight);
  hand.untold = untold - told;
  hand.granted = Math.max(taken.granted - told, Math.ceil(hand.granted / 2));
  hand.put(window, taken.granted - weight - told);
  hands.holds(hand);
  return admit(hand, weight, now);
}
