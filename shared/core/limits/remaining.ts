/**
 * What is left of a limit, without taking any of it.
 *
 * @module
 */
import type { LimitAnswer, LimitPolicy } from "../../contracts/limit.ts";
import type { LimitsDependencies } from "./limits.ts";
import { endOfWindow, freeAt, opensAt, windowAt } from "./window.ts";

/** One read; units in hands count as taken, and so does what this isolate let through by itself. */
export async function readRemaining(
  { clock, hands, keys, redis }: LimitsDependencies,
  policy: LimitPolicy,
  identifier: string,
): Promise<LimitAnswer> {
  const now = clock.now();
  const { limit, name } = policy;
  if (policy.algorithm === "token-bucket") {
    const key = keys.limitBucket(name, identifier);
    const reply = await redis.run(["HMGET", key, "refilledAt", "tokens"]);
    const [refilledAt, tokens] = (reply as (string | null)[]).map(Number);
    return answer(policy, bucketAt(policy, now, refilledAt, tokens));
  }
  const window = windowAt(policy, now);
  const windows = [window, window - 1].map((each) => keys.limitWindow(name, identifier, each));
  const reply = await redis.run(["MGET", ...windows]);
  const [told, previous] = (reply as (string | null)[]).map(Number);
  const untold = policy.open
    ? hands.allowances.untold(policy, identifier, now) +
      hands.of(policy, identifier, now).untoldAt(now)
    : 0;
  const counts = { window, current: told + untold, previous };
  const remaining = Math.min(limit, Math.max(0, freeAt(policy, counts, now)));
  const retryAt = opensAt(policy, counts, 1, now);
  return answer(policy, { remaining, resetAt: endOfWindow(policy, now), retryAt });
}

/** The bucket as it is now: the library tells what it held when it was last taken from. */
function bucketAt(policy: LimitPolicy, now: number, refilledAt: number, tokens: number) {
  const { limit, refill, windowMs } = policy;
  if (refilledAt === 0) return { remaining: limit, resetAt: now + windowMs, retryAt: now };
  const refills = Math.max(0, Math.floor((now - refilledAt) / windowMs));
  const resetAt = refilledAt + (refills + 1) * windowMs;
  return { remaining: Math.min(limit, tokens + refills * refill), resetAt, retryAt: resetAt };
}

function answer(
  policy: LimitPolicy,
  { remaining, resetAt, retryAt }: { remaining: number; resetAt: number; retryAt: number },
): LimitAnswer {
  const allowed = remaining > 0;
  return {
    policy,
    allowed,
    limit: policy.limit,
    remaining,
    resetAt,
    degraded: false,
    ...(!allowed && { retryAt, because: "exceeded" as const }),
  };
}
