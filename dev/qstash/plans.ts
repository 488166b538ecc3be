/**
 * What each plan allows. A limit that is passed is answered with 412, a day's messages with 429.
 *
 * @module
 */
import type { DevClock } from "../clock.ts";
import { ApiError } from "./api_error.ts";

/** Limits of a plan, from the vendor's price list of May 2026. */
export interface Plan {
  messagesPerDay: number;
  messageBytes: number;
  delaySeconds: number;
  retries: number;
  responseMs: number;
  retentionDays: { deadLetters: number; logs: number };
  schedules: number;
  queues: number;
  queueParallelism: number;
  urlGroups: number;
  endpoints: number;
  globalParallelism: number;
}

export type PlanName = "free" | "payg" | "fixed1m";

const MEGABYTE = 1024 * 1024;
const MINUTE_MS = 60_000;
const DAY_S = 86_400;
const DAY_MS = DAY_S * 1000;

export const PLANS: Readonly<Record<PlanName, Plan>> = {
  free: {
    messagesPerDay: 1_000,
    messageBytes: MEGABYTE,
    delaySeconds: 7 * DAY_S,
    retries: 5,
    responseMs: 15 * MINUTE_MS,
    retentionDays: { deadLetters: 3, logs: 3 },
    schedules: 10,
    queues: 10,
    queueParallelism: 2,
    urlGroups: 1,
    endpoints: 100,
    globalParallelism: 10,
  },
  payg: {
    messagesPerDay: Infinity,
    messageBytes: 10 * MEGABYTE,
    delaySeconds: 365 * DAY_S,
    retries: Infinity,
    responseMs: 120 * MINUTE_MS,
    retentionDays: { deadLetters: 7, logs: 7 },
    schedules: 1_000,
    queues: 100,
    queueParallelism: 10,
    urlGroups: 100,
    endpoints: 100,
    globalParallelism: 100,
  },
  fixed1m: {
    messagesPerDay: Infinity,
    messageBytes: 50 * MEGABYTE,
    delaySeconds: Infinity,
    retries: Infinity,
    responseMs: 360 * MINUTE_MS,
    retentionDays: { deadLetters: 30, logs: 14 },
    schedules: 10_000,
    queues: 1_000,
    queueParallelism: 10,
    urlGroups: 1_000,
    endpoints: 1_000,
    globalParallelism: 200,
  },
};

/** Refuses a `value` over the plan's limit, in the vendor's words. */
export function assertQuota(name: string, value: number, limit: number): void {
  if (value > limit) {
    throw new ApiError(412, `quota ${name} exceeded, current limit: ${limit}`);
  }
}

/** The messages of one UTC day. A message counts when it is accepted, a retry when it is made. */
export class DailyQuota {
  #day = -1;
  #used = 0;

  constructor(readonly clock: DevClock, readonly limit: number) {}

  /** @throws {ApiError} 429 when fewer than `count` messages are left today */
  assertLeft(count: number): void {
    this.#roll();
    if (this.#used + count > this.limit) throw this.refusal();
  }

  use(count: number): void {
    this.#roll();
    this.#used += count;
  }

  /** What a publish is answered once the day's messages are used up. */
  refusal(): ApiError {
    this.#roll();
    const limit = Number.isFinite(this.limit) ? this.limit : PLANS.free.messagesPerDay;
    return new ApiError(429, `quota maxDailyMessages exceeded, current limit: ${limit}`, {
      "RateLimit-Limit": String(limit),
      "RateLimit-Remaining": "0",
      "RateLimit-Reset": String((this.#day + 1) * DAY_S),
    });
  }

  #roll(): void {
    const day = Math.floor(this.clock.now() / DAY_MS);
    if (day === this.#day) return;
    this.#day = day;
    this.#used = 0;
  }
}
