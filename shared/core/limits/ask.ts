/**
 * Asking Redis for units: by the library the first time, by our own script from then on.
 *
 * @module
 */
import type { LimitAnswer } from "../../contracts/limit.ts";
import { admit, recheckMs, refuse } from "./answers.ts";
import type { Hand } from "./hands.ts";
import type { LimitsDependencies } from "./limits.ts";
import {
  giveBackCommand,
  giveBackCommands,
  readTake,
  takeCommand,
  takeCommands,
} from "./scripts.ts";
import { endOfWindow, opensAt, windowAt } from "./window.ts";

/** A check waits for Redis for so long, and what was not answered is not sent again. */
export const ASK_OPTIONS = { timeoutMs: 300, repeatable: false };
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
  const byLibrary = isBucket || (!hand.isKnown && weight === 1);
  const answer = await (byLibrary ? check : take)(dependencies, hand, weight);
  hand.isKnown = true;
  return answer;
}

async function check(
  { clock, counter, keys }: LimitsDependencies,
  hand: Hand,
  weight: number,
): Promise<LimitAnswer> {
  const { policy, identifier } = hand;
  const { allowed, remaining, resetAt } = await counter.check({
    policy,
    prefix: keys.limitPrefix(policy.name),
    identifier: keys.limitIdentifier(identifier),
    weight,
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
  const wanted = policy.lease ? Math.max(weight, hand.waitedFor(now)) : weight;
  const until = hand.isScarce(now) ? now + policy.windowMs * SCARCE_SHARE : Infinity;
  const expected = hand.expectedUntil(Math.min(until, endOfWindow(policy, now)), now);
  const spare = policy.lease ? Math.min(2 * hand.granted, expected) : 0;
  const wish = { least: weight, wanted, spare, share: SHARE, unspent: hand.takeUnspent(now) };
  const command = takeCommand(keys, policy, identifier, now, wish);
  // What others here no longer need rides along: no request of its own, and nobody waits for it.
  const quiet = hands.takeQuiet(now).map(({ hand, window, units }) =>
    giveBackCommand(keys, hand.policy, hand.identifier, window, units)
  );
  const replies = await redis.pipeline([command, ...quiet], ASK_OPTIONS);
  const [taken, given] = [readTake(replies[0], window), replies.slice(1)];
  if (tally) tally.commands += takeCommands(taken, wish) + giveBackCommands(given);
  hand.seen = { counts: taken.counts, at: now };
  if (taken.granted === 0) {
    return refuse(hand, opensAt(policy, taken.counts, weight, now), now);
  }
  hand.granted = Math.max(taken.granted, Math.ceil(hand.granted / 2));
  hand.put(window, taken.granted - weight);
  hands.holds(hand);
  return admit(hand, weight, now);
}
