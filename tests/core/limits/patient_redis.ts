/**
 * Redis without the limiter's 300 ms, for tests on a machine that is busy with others.
 *
 * @module
 */
import { createUpstashRedis } from "../../../shared/adapters/upstash_redis.ts";
import type { Clock, Redis } from "../../../shared/mod.ts";

const PATIENCE_MS = 20_000;

export function patientRedis(environment: Readonly<Record<string, string>>, clock: Clock): Redis {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = environment;
  return patient(createUpstashRedis({ url, token, clock }));
}

function patient(redis: Redis): Redis {
  const timeoutMs = PATIENCE_MS;
  return {
    run: (command, options) => redis.run(command, { ...options, timeoutMs }),
    pipeline: (commands, options) => redis.pipeline(commands, { ...options, timeoutMs }),
    transaction: (commands, options) => redis.transaction(commands, { ...options, timeoutMs }),
    subscribe: (...call) => redis.subscribe(...call),
    tallied: (tally) => patient(redis.tallied(tally)),
  };
}
