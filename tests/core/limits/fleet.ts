/**
 * Several isolates that check one limit over one Redis, beside the same algorithm on one clock.
 *
 * @module
 */
import { Ratelimit } from "@upstash/ratelimit";
import { Redis as SdkRedis } from "@upstash/redis";
import { type Cloud, createCloud } from "../../../dev/cloud.ts";
import { installClock } from "../../../dev/clock.ts";
import { createDeps, type Deps } from "../../../functions/deps.ts";
import { type LimitPolicy, readConfig } from "../../../shared/mod.ts";
import { createRandom } from "../../simulation/random.ts";
import { silentLog } from "../../support/silent_log.ts";
import { patientRedis } from "./patient_redis.ts";

export const START = Date.parse("2026-11-21T10:00:00Z");

/** What came of a run. */
export interface Figures {
  checks: number;
  admitted: number;
  refused: number;
  /** Admitted although the same algorithm, run on what was admitted before, was full. */
  over: number;
  /** The most units by which it was over. */
  mostOver: number;
  /** Refused although it was not; of those that came at once, as many as there was room for. */
  refusedThoughFree: number;
  commands: number;
  requests: number;
}

export interface RunOptions {
  policy: LimitPolicy;
  isolates: number;
  /** Checks a second, of all isolates together. */
  perSecond: number;
  minutes: number;
  seed?: number;
  /** How far each isolate's clock is ahead. Default: all are right. */
  skewMs?: (isolate: number) => number;
  /** The weight of each check. Default: 1. */
  weight?: () => number;
  /** Who checks. Default: ours, by leases. */
  by?: "ours" | "library" | "library without memory";
  /** How many come at once, on isolates of their own. Default: 1. */
  atOnce?: number;
}

type Check = (weight: number) => Promise<boolean>;

/** Sends checks by chance, as many as come in that time, and counts what became of them. */
export async function runFleet(options: RunOptions): Promise<Figures> {
  const { policy, isolates, perSecond, minutes, seed = 1, skewMs = () => 0, atOnce = 1 } = options;
  const random = createRandom(seed);
  const cloud = await createCloud({
    startAt: START,
    app: () => ({ fetch: () => new Response() }),
  });
  let skew = 0;
  // The isolate that checks has its own idea of the time: what it reads is Date.now.
  const release = installClock({ now: () => cloud.clock.now() + skew });
  try {
    const checks = Array.from({ length: isolates }, () => checkerOf(cloud, options));
    const reference = new Reference(policy);
    const figures = { checks: 0, admitted: 0, refused: 0, over: 0, refusedThoughFree: 0 };
    const end = START + minutes * 60_000;
    const gapMs = () => -Math.log(1 - random.next()) * 1_000 * atOnce / perSecond;
    for (let at = START + gapMs(); at < end; at += gapMs()) {
      await cloud.clock.advance(Math.max(0, Math.floor(at) - cloud.clock.now()));
      const weights = Array.from({ length: atOnce }, () => options.weight?.() ?? 1);
      const first = random.below(isolates);
      skew = skewMs(first);
      const passed = await Promise.all(
        weights.map((weight, index) => checks[(first + index) % isolates](weight)),
      );
      skew = 0;
      const now = cloud.clock.now();
      figures.checks += atOnce;
      // Of those that come at once, the ones that passed came first.
      for (const weight of weights.filter((_, index) => passed[index])) {
        figures.admitted++;
        if (!reference.admit(now, weight)) figures.over++;
      }
      let free = reference.free(now);
      for (const weight of weights.filter((_, index) => !passed[index])) {
        figures.refused++;
        if (free < weight) continue;
        figures.refusedThoughFree++;
        free -= weight;
      }
    }
    const { commands, requests } = cloud.redis.meter.lifetime();
    return { ...figures, mostOver: reference.mostOver, commands, requests };
  } finally {
    release();
    await cloud.close();
  }
}

function checkerOf(cloud: Cloud, { by = "ours", policy }: RunOptions): Check {
  if (by === "ours") {
    const redis = patientRedis(cloud.environment, cloud.clock);
    const { limits } = createDeps(readConfig(cloud.environment), { log: silentLog, redis }) as Deps;
    return async (weight) => {
      const { allowed, degraded } = await limits.check(policy, "hot", { weight });
      if (degraded) throw new Error("Redis was away");
      return allowed;
    };
  }
  const redis = new SdkRedis({
    url: cloud.environment.UPSTASH_REDIS_REST_URL,
    token: cloud.environment.UPSTASH_REDIS_REST_TOKEN,
  });
  const library = new Ratelimit({
    redis: redis as never,
    limiter: policy.algorithm === "fixed-window"
      ? Ratelimit.fixedWindow(policy.limit, `${policy.windowMs} ms`)
      : Ratelimit.slidingWindow(policy.limit, `${policy.windowMs} ms`),
    prefix: "library",
    ...(by === "library without memory" && { ephemeralCache: false }),
  });
  return async (weight) => (await library.limit("hot", { rate: weight })).success;
}

/** The algorithm on one clock, written down once more. */
export class Reference {
  readonly #taken = new Map<number, number>();
  mostOver = 0;

  constructor(readonly policy: LimitPolicy) {}

  /** Counts units that passed; false if it would have refused them. */
  admit(now: number, weight: number): boolean {
    const free = this.free(now);
    const window = Math.floor(now / this.policy.windowMs);
    this.#taken.set(window, (this.#taken.get(window) ?? 0) + weight);
    this.mostOver = Math.max(this.mostOver, weight - free);
    return free >= weight;
  }

  free(now: number): number {
    const { algorithm, limit, windowMs } = this.policy;
    const window = Math.floor(now / windowMs);
    const left = 1 - (now % windowMs) / windowMs;
    const before = algorithm === "fixed-window" ? 0 : this.#taken.get(window - 1) ?? 0;
    return limit - (this.#taken.get(window) ?? 0) - Math.floor(left * before);
  }
}
