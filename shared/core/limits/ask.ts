/**
 * Asking Redis for units: by the library the first time, by our own script from then on.
 *
 * @module
 */
import type { LimitAnswer } from "../../contracts/limit.ts";
import { admit, recheckMs, refuse } from "./answers.ts";
import type { Hand } from "./hands.ts";
import type { LimitsDependencies } from "./limits.ts";
import { readTake, takeCommand, takeCommands } from "./scripts.ts";
import { endOfWindow, opensAt, windowAt } from "./window.ts";

/** How long a check waits for Redis, in ms. */
export const ASK_MS = 300;
/** The most of what is free that one ask takes beyond what is needed at once. */
const SHARE = 1 / 8;

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
    hand.closed = { weight, until: Math.min(resetAt, now + recheckMs(policy)) };
  }
  // Of a full window before, the first unit is free again only after a while.
  const waitMs = policy.algorithm === "sliding-window"
    ? Math.ceil(policy.windowMs / policy.limit)
    : 0;
  return { ...refuse(hand, resetAt + waitMs, now), remaining, resetAt };
}

async function take(
  { clock, keys, redis, tally }: LimitsDependencies,
  hand: Hand,
  weight: number,
): Promise<LimitAnswer> {
  const { policy, identifier } = hand;
  const now = clock.now();
  const window = windowAt(policy, now);
  const wanted = policy.lease ? Math.max(weight, hand.waitedFor(now)) : weight;
  const expected = hand.expectedUntil(endOfWindow(policy, now), now);
  const spare = policy.lease ? Math.min(2 * hand.granted, expected) : 0;
  const wish = { least: weight, wanted, spare, share: SHARE };
  const command = takeCommand(keys, policy, identifier, now, wish);
  const reply = await redis.run(command, { timeoutMs: ASK_MS, repeatable: false });
  const taken = readTake(reply, window);
  if (tally) tally.commands += takeCommands(taken);
  hand.seen = { counts: taken.counts, at: now };
  if (taken.granted === 0) {
    return refuse(hand, opensAt(policy, taken.counts, weight, now), now);
  }
  hand.granted = taken.granted;
  hand.put(window, taken.granted - weight);
  return admit(hand, weight, now);
}
