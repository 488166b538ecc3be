/**
 * Schedules: a message, or one for each endpoint of a group, at every tick of a cron.
 *
 * @module
 */
import type { DevClock, Timer } from "../clock.ts";
import { ApiError } from "./api_error.ts";
import { type Cron, parseCron } from "./cron.ts";
import { newId } from "./keys.ts";
import type { Message, MessageSpec } from "./model.ts";
import { assertQuota, type DailyQuota, type Plan } from "./plans.ts";
import type { Publisher } from "./publish.ts";
import { refusing } from "./publish_headers.ts";
import { assertName } from "./queues.ts";

/** A schedule and its latest run. */
export interface Schedule {
  readonly scheduleId: string;
  readonly cron: Cron;
  /** A URL, or the name of a URL group. */
  readonly destination: string;
  readonly spec: MessageSpec;
  readonly queueName?: string;
  readonly createdAt: number;
  isPaused: boolean;
  lastAt?: number;
  nextAt?: number;
  /** What the latest tick made. */
  lastMessages: Message[];
  timer?: Timer;
}

export interface ScheduleRequest {
  /** Replaces the schedule of that id. Default: a new id. */
  scheduleId?: string;
  cron: string;
  destination: string;
  spec: MessageSpec;
  queueName?: string;
}

export class Schedules {
  readonly #schedules = new Map<string, Schedule>();

  constructor(
    readonly clock: DevClock,
    readonly plan: Plan,
    readonly quota: DailyQuota,
    readonly publisher: Publisher,
  ) {}

  /** @throws {ApiError} 400 for a bad id, cron or destination, 412 over the plan's limit */
  create(request: ScheduleRequest): string {
    const { scheduleId = newId("scd_"), destination, spec, queueName } = request;
    assertName("schedule", scheduleId);
    const cron = refusing(() => parseCron(request.cron));
    if (spec.notBeforeAt !== undefined) {
      throw new ApiError(400, "Upstash-Not-Before cannot be used with schedules");
    }
    this.publisher.endpoints(destination);
    if (queueName !== undefined) assertName("queue", queueName);
    const older = this.#schedules.get(scheduleId);
    if (!older) assertQuota("maxSchedules", this.#schedules.size + 1, this.plan.schedules);
    older?.timer?.cancel();
    const schedule: Schedule = {
      scheduleId,
      cron,
      destination,
      spec,
      queueName,
      createdAt: this.clock.now(),
      isPaused: false,
      lastMessages: [],
    };
    this.#schedules.set(scheduleId, schedule);
    this.#arm(schedule);
    return scheduleId;
  }

  /** @throws {ApiError} 404 */
  get(scheduleId: string): Schedule {
    const schedule = this.#schedules.get(scheduleId);
    if (!schedule) throw new ApiError(404, `schedule ${scheduleId} not found`);
    return schedule;
  }

  list(): Schedule[] {
    return [...this.#schedules.values()];
  }

  /** Makes no more messages; those that are made go on. */
  delete(scheduleId: string): void {
    this.get(scheduleId).timer?.cancel();
    this.#schedules.delete(scheduleId);
  }

  /** A paused schedule lets its ticks pass. */
  setPaused(scheduleId: string, isPaused: boolean): void {
    this.get(scheduleId).isPaused = isPaused;
  }

  /** Ticks once, at once, whatever the cron says. */
  runNow(scheduleId: string): Message[] {
    const schedule = this.get(scheduleId);
    this.#run(schedule);
    return schedule.lastMessages;
  }

  #arm(schedule: Schedule): void {
    // From now, not from the last tick: a clock that leapt makes up for one tick, not for all.
    schedule.nextAt = schedule.cron.next(this.clock.now());
    if (schedule.nextAt === undefined) return;
    schedule.timer = this.clock.schedule(schedule.nextAt, () => {
      if (!schedule.isPaused) this.#run(schedule);
      this.#arm(schedule);
    });
  }

  #run(schedule: Schedule): void {
    const { scheduleId, spec, queueName, destination } = schedule;
    schedule.lastAt = this.clock.now();
    try {
      const endpoints = this.publisher.endpoints(destination);
      this.quota.assertLeft(endpoints.length);
      schedule.lastMessages = endpoints.map((endpoint) =>
        this.publisher.dispatch(spec, endpoint, { scheduleId, queueName })
      );
    } catch (error) {
      // A group that was deleted, or a day that is used up: this tick is lost, the next may do.
      if (!(error instanceof ApiError)) throw error;
      schedule.lastMessages = [];
    }
  }
}
