/**
 * Puts failures between the app and the outside: isolates that die, replies that are lost.
 *
 * A dead isolate is an await that never returns: it waits for a moment that never comes.
 *
 * @module
 */
import type { Deps } from "../../functions/deps.ts";
import {
  createJobs,
  createRedisDeadLetters,
  type Jobs,
  type Queue,
  QueueUnavailableError,
  type Redis,
  RedisUnavailableError,
  type Registry,
} from "../../shared/mod.ts";
import type { Random } from "./random.ts";

const NEVER_MS = 1e13;

export interface ChaosOptions {
  random: Random;
  /** Waits on the cloud's clock. */
  sleep(ms: number): Promise<void>;
  /** How likely each call to the outside meets a failure. */
  probability: number;
  /** How far the clocks of isolates are apart at most, in ms. */
  skewMs: number;
  /** What may happen. Default: all of it; a caller that waits for an answer cannot outlive its own death. */
  strikes?: readonly Strike[];
}

const ALL: readonly Strike[] = ["dies before", "dies after", "fails before", "fails after"];

export interface Chaos {
  /** Off: everything works, as after the storm. */
  enabled: boolean;
  /** How often each kind struck. */
  readonly struck: Record<string, number>;
  wrap<R extends Registry>(deps: Deps<R>): Deps<R>;
  /** The jobs of `deps` as a caller has them, on the same failures. */
  jobs<R extends Registry>(deps: Deps<R>): Jobs<R>;
}

export type Strike = "dies before" | "dies after" | "fails before" | "fails after";

export function createChaos(options: ChaosOptions): Chaos {
  const { random, sleep, probability, skewMs, strikes = ALL } = options;
  const struck: Record<string, number> = {};

  async function disturb<T>(
    target: string,
    unavailable: () => Error,
    work: () => Promise<T>,
  ): Promise<T> {
    if (!chaos.enabled || !random.chance(probability)) return await work();
    const strike = random.pick(strikes);
    struck[`${target} ${strike}`] = (struck[`${target} ${strike}`] ?? 0) + 1;
    if (strike === "fails before") throw unavailable();
    if (strike !== "dies before") await work();
    if (strike === "fails after") throw unavailable();
    await sleep(NEVER_MS);
    throw new Error("the dead do not wake");
  }

  function disturbedRedis(redis: Redis): Redis {
    const away = () => new RedisUnavailableError("chaos");
    return {
      run: (...call) => disturb("redis", away, () => redis.run(...call)),
      pipeline: (...call) => disturb("redis", away, () => redis.pipeline(...call)),
      transaction: (...call) => disturb("redis", away, () => redis.transaction(...call)),
      subscribe: (...call) => redis.subscribe(...call),
      tallied: (tally) => disturbedRedis(redis.tallied(tally)),
    };
  }

  function disturbedQueue(queue: Queue): Queue {
    const away = () => new QueueUnavailableError("chaos");
    const disturbed = Object.entries(queue).map(([name, method]) => [
      name,
      (...call: unknown[]) => disturb("queue", away, () => method(...call)),
    ]);
    return Object.fromEntries(disturbed);
  }

  const chaos: Chaos = {
    enabled: true,
    struck,
    jobs(deps) {
      const { redis, queue, keys, clock, config, jobs } = chaos.wrap(deps);
      const deadLetters = createRedisDeadLetters(redis, keys, clock);
      const { registry } = jobs;
      return createJobs({
        ...deps,
        registry,
        redis,
        queue,
        clock,
        deadLetters,
        publicUrl: config.publicUrl,
      });
    },
    wrap: (deps) => ({
      ...deps,
      redis: disturbedRedis(deps.redis),
      queue: disturbedQueue(deps.queue),
      clock: { now: () => deps.clock.now() + Math.round((random.next() - 0.5) * skewMs) },
    }),
  };
  return chaos;
}
