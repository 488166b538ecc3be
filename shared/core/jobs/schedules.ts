/**
 * Schedules: a table in code, compared with what QStash holds, or armed by work.
 *
 * A fixed one costs a message at each tick, whether or not there is anything to do. One that
 * is armed by work costs nothing without traffic: the first event of a slot sends its job.
 *
 * @module
 */
import type { QueueSchedule } from "../../ports.ts";
import { seconds } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { enqueueJob, findJob } from "./enqueue.ts";
import type { InputOf, Registry } from "./job.ts";
import { assertInput, deliveryOf } from "./publication.ts";

/** Runs at fixed times. */
export interface FixedSchedule<Name, Input> {
  /** Five fields, with an optional `CRON_TZ=<zone> ` before them. UTC otherwise. */
  cron: string;
  job: Name;
  input: Input;
}

/** Runs once for each slot of time in which `arm` was called. */
export interface ArmedSchedule<Name, Input> {
  /** Slots follow one another from the epoch, so a day is a UTC day. In ms, at least 1 s. */
  slotMs: number;
  /** When the job runs, in ms after its slot began. Default: at the slot's end. */
  dueMs?: number;
  job: Name;
  /** The input, from the moment its slot began (epoch ms). */
  input: (slotStart: number) => Input;
}

/** Schedules of one registry's jobs, each with that job's input, by name. */
export interface Schedules<R extends Registry> {
  fixed: Readonly<
    Record<
      string,
      { [Name in keyof R & string]: FixedSchedule<Name, InputOf<R, Name>> }[keyof R & string]
    >
  >;
  armed: Readonly<
    Record<
      string,
      { [Name in keyof R & string]: ArmedSchedule<Name, InputOf<R, Name>> }[keyof R & string]
    >
  >;
}

/** Makes the table of schedules; one for a job that is not in the registry does not compile. */
export function defineSchedules<R extends Registry, const S extends Schedules<R>>(
  _registry: R,
  schedules: S,
): S {
  return schedules;
}

/** How QStash's schedules differ from the table in code. */
export interface SchedulePlan {
  create: QueueSchedule[];
  replace: QueueSchedule[];
  /** In QStash under our namespace, but not in the table. */
  remove: QueueSchedule[];
  keep: QueueSchedule[];
}

/** What would have to change for QStash to hold exactly the table's fixed schedules. */
export async function planSchedules(
  dependencies: JobsDependencies,
  schedules: Pick<Schedules<Registry>, "fixed">,
  namespace: string,
): Promise<SchedulePlan> {
  const prefix = `${namespace}.`;
  const held = new Map(
    (await dependencies.queue.schedules()).filter(({ id }) => id.startsWith(prefix))
      .map((schedule) => [schedule.id, schedule]),
  );
  const plan: SchedulePlan = { create: [], replace: [], remove: [], keep: [] };
  for (const [name, schedule] of Object.entries(schedules.fixed)) {
    const wanted = queueSchedule(dependencies, `${prefix}${name}`, schedule);
    const existing = held.get(wanted.id);
    held.delete(wanted.id);
    if (!existing) plan.create.push(wanted);
    else if (isSame(existing, wanted)) plan.keep.push(wanted);
    else plan.replace.push(wanted);
  }
  plan.remove.push(...held.values());
  return plan;
}

/** Carries the plan out. May be repeated. */
export async function applySchedules(
  { queue }: JobsDependencies,
  plan: SchedulePlan,
): Promise<void> {
  for (const schedule of [...plan.create, ...plan.replace]) await queue.putSchedule(schedule);
  for (const { id } of plan.remove) await queue.removeSchedule(id);
}

/** The slots that this isolate knows to be armed. One for each isolate. */
export class ArmedSlots {
  readonly #slots = new Map<string, number>();

  has(schedule: string, slot: number): boolean {
    return this.#slots.get(schedule) === slot;
  }

  add(schedule: string, slot: number): void {
    this.#slots.set(schedule, slot);
  }
}

/**
 * Sees to it that the schedule's job runs for the slot of this moment. Call it before the event is
 * recorded: when it throws, nothing was recorded, and the next event arms again.
 *
 * At most 2 commands and one message for each isolate and slot; then nothing.
 */
export async function armSchedule(
  dependencies: JobsDependencies,
  armed: ArmedSlots,
  name: string,
  schedule: ArmedSchedule<string, unknown>,
): Promise<void> {
  const { clock, keys, redis, registry } = dependencies;
  const now = clock.now();
  const slot = Math.floor(now / schedule.slotMs) * schedule.slotMs;
  if (armed.has(name, slot)) return;
  const key = keys.scheduleSlot(name, String(slot));
  if (await redis.run(["GET", key]) === null) {
    await enqueueJob(dependencies, findJob(registry, schedule.job), schedule.input(slot), {
      dedupeId: `schedule:${name}:${slot}`,
      notBefore: slot + (schedule.dueMs ?? schedule.slotMs),
    });
    await redis.run(["SET", key, now, "EX", seconds(2 * schedule.slotMs)]);
  }
  armed.add(name, slot);
}

function queueSchedule(
  { publicUrl, registry }: JobsDependencies,
  id: string,
  { cron, job: name, input }: FixedSchedule<string, unknown>,
): QueueSchedule {
  const job = findJob(registry, name);
  assertInput(job, input);
  // No id and no time: every tick delivers this same body, and must be told apart by its message.
  const body = JSON.stringify({ version: 1, job: name, input, generation: 0, enqueuedAt: 0 });
  return { id, cron, ...deliveryOf(publicUrl, job, body, id) };
}

/** Whether QStash would do the same with both; what QStash leaves out counts as absent. */
function isSame(one: QueueSchedule, other: QueueSchedule): boolean {
  const facts = (schedule: QueueSchedule) =>
    JSON.stringify([
      schedule.cron,
      schedule.url,
      schedule.body,
      schedule.label,
      schedule.retries,
      schedule.retryDelay ?? null,
      schedule.failureCallbackUrl ?? null,
      schedule.flowControl?.key ?? null,
      schedule.flowControl?.rate ?? null,
      schedule.flowControl?.rate ? schedule.flowControl.periodSeconds ?? 1 : null,
      schedule.flowControl?.parallelism ?? null,
    ]);
  return facts(one) === facts(other);
}
