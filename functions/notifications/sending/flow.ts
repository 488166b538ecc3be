/**
 * The provider's rate and our parallelism, split between two of QStash's flow-control keys.
 *
 * One key is first in, first out: a password reset would wait behind every digest. Two keys with
 * a part of the rate each need no priority, and neither starves.
 *
 * @module
 */
import type { Config, FlowControl } from "../../../shared/mod.ts";
import type { NotificationEvent } from "../event.ts";

/** The limits of each key; together they never pass `perSecond` in a second, or `concurrency`. */
export function flowControls(
  { namespace, notifications: { perSecond, concurrency } }: Config,
): Record<NotificationEvent["urgency"], FlowControl> {
  // A rate of one is one for each key every other second.
  const periodSeconds = perSecond < 2 ? 2 : 1;
  const urgentRate = Math.floor(perSecond * periodSeconds / 2);
  const urgentParallelism = Math.max(1, Math.floor(concurrency * 0.4));
  return {
    urgent: {
      key: `${namespace}.mail-urgent`,
      rate: urgentRate,
      periodSeconds,
      parallelism: urgentParallelism,
    },
    bulk: {
      key: `${namespace}.mail-bulk`,
      rate: perSecond * periodSeconds - urgentRate,
      periodSeconds,
      parallelism: concurrency - urgentParallelism,
    },
  };
}
