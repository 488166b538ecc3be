/**
 * The answers to a check: by the lease, by what is known, by Redis, and without it.
 *
 * @module
 */
import type { LimitAnswer, LimitPolicy } from "../../contracts/limit.ts";
import type { Hand } from "./hands.ts";
import { countsAt, endOfWindow, freeAt, opensAt } from "./window.ts";

/** A refusal is asked anew after a while: an operator may have reset it, another isolate given back. */
const RECHECK_SHARE = 6;
const MOST_RECHECK_MS = 60_000;

/** How long an isolate refuses by what it knows without asking again, in ms. */
export function recheckMs({ windowMs }: LimitPolicy): number {
  return Math.min(MOST_RECHECK_MS, windowMs / RECHECK_SHARE);
}

/** The answer without asking anybody, where the hand or what is known of the identifier suffices. */
export function answerLocally(hand: Hand, weight: number, now: number): LimitAnswer | undefined {
  if (hand.leftAt(now) >= weight) {
    hand.left -= weight;
    return admit(hand, weight, now);
  }
  const { closed, policy, seen } = hand;
  if (closed && weight >= closed.weight && now < closed.until) {
    return refuse(hand, closed.retryAt, now);
  }
  if (!seen || now >= seen.at + recheckMs(policy)) return undefined;
  const retryAt = opensAt(policy, seen.counts, weight, now);
  return retryAt > now ? refuse(hand, retryAt, now) : undefined;
}

/** What passed, by whatever way; noted for when Redis is away. */
export function admit(
  hand: Hand,
  weight: number,
  now: number,
  { remaining, resetAt, degraded = false }: Partial<LimitAnswer> = {},
): LimitAnswer {
  const { policy } = hand;
  const admitted = countsAt(approximateOf(policy), hand.admitted, now);
  hand.admitted = { ...admitted, current: admitted.current + weight };
  return {
    policy,
    allowed: true,
    limit: policy.limit,
    remaining: remaining ?? remainingOf(hand, now),
    resetAt: resetAt ?? endOfWindow(policy, now),
    degraded,
  };
}

/** What is over the limit until `retryAt`. */
export function refuse(
  hand: Hand,
  retryAt: number,
  now: number,
  { degraded = false, because = "exceeded" as LimitAnswer["because"] } = {},
): LimitAnswer {
  const { policy } = hand;
  if (!degraded) hand.refusedAt = now;
  return {
    policy,
    allowed: false,
    limit: policy.limit,
    remaining: because === "exceeded" ? remainingOf(hand, now) : 0,
    resetAt: endOfWindow(policy, now),
    retryAt,
    degraded,
    because,
  };
}

/** The answer while Redis is away, by the policy; units in the hand are not asked about here. */
export function answerAway(
  hand: Hand,
  weight: number,
  now: number,
  retryAfterMs = 5_000,
): LimitAnswer {
  if (hand.policy.whenAway === "closed") {
    return refuse(hand, now + retryAfterMs, now, { degraded: true, because: "unavailable" });
  }
  const policy = approximateOf(hand.policy);
  if (freeAt(policy, hand.admitted, now) < weight) {
    return refuse(hand, opensAt(policy, hand.admitted, weight, now), now, { degraded: true });
  }
  const free = freeAt(policy, hand.admitted, now) - weight;
  return admit(hand, weight, now, { remaining: free, degraded: true });
}

/** Units left, as far as this isolate knows. */
function remainingOf(hand: Hand, now: number): number {
  const free = hand.seen ? freeAt(hand.policy, hand.seen.counts, now) : 0;
  return Math.min(hand.policy.limit, Math.max(0, free) + hand.leftAt(now));
}

/** By itself an isolate counts a bucket as a window in which it would fill up. */
function approximateOf(policy: LimitPolicy): LimitPolicy {
  if (policy.algorithm !== "token-bucket") return policy;
  const windowMs = policy.windowMs * Math.ceil(policy.limit / policy.refill);
  return { ...policy, algorithm: "sliding-window", windowMs };
}
