/**
 * Giving units back: to the hand, for nothing, or to Redis.
 *
 * @module
 */
import type { LimitPolicy } from "../../contracts/limit.ts";
import { AppError } from "../../errors.ts";
import { askOptions } from "./ask.ts";
import type { LimitsDependencies } from "./limits.ts";
import { giveBackCommand, giveBackCommands } from "./scripts.ts";
import { windowAt } from "./window.ts";

/** Gives back what a check took that came to nothing. No command where leases are on; else at most 4. */
export async function giveBackUnits(
  { clock, counter, hands, keys, log, redis, tally }: LimitsDependencies,
  policy: LimitPolicy,
  identifier: string,
  units: number,
): Promise<void> {
  const now = clock.now();
  const window = windowAt(policy, now);
  const hand = hands.of(policy, identifier, now);
  hand.admitted = { ...hand.admitted, current: Math.max(0, hand.admitted.current - units) };
  if (policy.lease) return hand.put(window, units);
  try {
    if (policy.algorithm === "token-bucket") {
      const prefix = keys.limitPrefix(policy.name);
      const text = keys.limitIdentifier(identifier);
      await counter.check({ policy, prefix, identifier: text, weight: -units });
      return;
    }
    const command = giveBackCommand(keys, policy, identifier, window, units);
    const given = await redis.run(command, askOptions(hands));
    if (tally) tally.commands += giveBackCommands([given]);
  } catch (error) {
    // The units are lost until their window ends: fewer pass, never more.
    if (!(error instanceof AppError)) throw error;
    log.warn("limits.not_given_back", { limit: policy.name, because: error.code });
  }
}
