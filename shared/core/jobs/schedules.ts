/**
 * Schedules: a table in code, compared with what QStash holds, or armed by work.
 *
 * A fixed one costs a message at each tick, whether or not there is anything to do. One that
 * is armed by work costs nothing without traffic: the first event of a slot sends its job.
 *
 * @module
 */
import { AppError } from "../../errors.ts";
import type { QueueSchedule, Sleep } from "../../ports.ts";
import { sealInput } from "../secrets/sealed_input.ts";
import { Turn } from "../turn.ts";
import { seconds as secondsOf } from "./claim.ts";
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
    const wanted = await queueSchedule(dependencies, `${prefix}${name}`, schedule);
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

/** How long a schedule rests that could not be armed, at most. */
const MOST_REST_MS = 60_000;
/** How many an isolate remembers; one that it forgot costs a command again. */
const MOST_SLOTS = 100;

/** The slots that this isolate knows to be armed. One for each isolate. */
export class ArmedSlots {
  readonly #slots = new Set<string>();
  readonly #restsUntil = new Map<string, number>();
  readonly #turn: Turn;

  constructor(sleep: Sleep) {
    this.#turn = new Turn(sleep);
  }

  has(schedule: string, slot: number): boolean {
    return this.#slots.has(`${schedule} ${slot}`);
  }

  add(schedule: string, slot: number): void {
    if (this.#slots.size >= MOST_SLOTS) this.#slots.clear();
    this.#slots.add(`${schedule} ${slot}`);
  }

  /** Whether it could not be armed a moment ago. */
  rests(schedule: string, now: number): boolean {
    return now < (this.#restsUntil.get(schedule) ?? 0);
  }

  rest(schedule: string, until: number): void {
    this.#restsUntil.set(schedule, until);
  }

  /** Requests that come at once to a new slot: one of them arms it. */
  async once(work: () => Promise<void>): Promise<void> {
    await this.#turn.take(work);
  }
}

/**
 * Sees to it that each schedule's job runs for the slot of the moment `at` (epoch ms). Call it before
 * the event of that moment is recorded: when it throws, nothing was recorded, and the next event arms
 * again. It throws when the first cannot be armed; a further one that QStash does not take is logged,
 * and tried again after a rest of 5 s.
 *
 * One command reads the slots' markers, one writes each that was missing, with one message: then
 * nothing more for each isolate and slot.
 */
export async function armSchedules(
  dependencies: JobsDependencies,
  armed: ArmedSlots,
  schedules: Readonly<Record<string, ArmedSchedule<string, unknown>>>,
  at: number = dependencies.clock.now(),
): Promise<void> {
  const missing = () => missingSlots(at, dependencies.clock.now(), armed, schedules);
  while (missing().length > 0) {
    await armed.once(() => armMissing(dependencies, armed, missing()));
  }
}

interface MissingSlot {
  name: string;
  schedule: ArmedSchedule<string, unknown>;
  slot: number;
  /** Without it nothing may be recorded. */
  isRequired: boolean;
}

function missingSlots(
  at: number,
  now: number,
  armed: ArmedSlots,
  schedules: Readonly<Record<string, ArmedSchedule<string, unknown>>>,
): MissingSlot[] {
  return Object.entries(schedules)
    .map(([name, schedule], index) => {
      const slot = Math.floor(at / schedule.slotMs) * schedule.slotMs;
      return { name, schedule, slot, isRequired: index === 0 };
    })
    .filter(({ name, slot, isRequired }) =>
      !armed.has(name, slot) && (isRequired || !armed.rests(name, now))
    );
}

async function armMissing(
  dependencies: JobsDependencies,
  armed: ArmedSlots,
  missing: readonly MissingSlot[],
): Promise<void> {
  const { clock, keys, log, redis } = dependencies;
  if (missing.length === 0) return;
  const markers = missing.map(({ name, slot }) => keys.scheduleSlot(name, String(slot)));
  const found = await redis.run(["MGET", ...markers]) as (string | null)[];
  for (const [index, { name, schedule, slot, isRequired }] of missing.entries()) {
    if (found[index] === null) {
      try {
        await publishSlot(dependencies, name, schedule, slot);
      } catch (error) {
        if (isRequired || !(error instanceof AppError)) throw error;
        const restMs = Math.min(error.retryAfterMs ?? MOST_REST_MS, MOST_REST_MS);
        armed.rest(name, clock.now() + restMs);
        log.warn("schedule.not_armed", { schedule: name, because: error.code });
        continue;
      }
      const seconds = secondsOf(2 * schedule.slotMs);
      await redis.run(["SET", markers[index], clock.now(), "EX", seconds]);
    }
    armed.add(name, slot);
  }
}

async function publishSlot(
  dependencies: JobsDependencies,
  name: string,
  schedule: ArmedSchedule<string, unknown>,
  slot: number,
): Promise<void> {
  const job = findJob(dependencies.registry, schedule.job);
  await enqueueJob(dependencies, job, schedule.input(slot), {
    dedupeId: `schedule:${name}:${slot}`,
    notBefore: slot + (schedule.dueMs ?? schedule.slotMs),
  });
}

async function queueSchedule(
  dependencies: JobsDependencies,
  id: string,
  { cron, job: name, input }: FixedSchedule<string, unknown>,
): Promise<QueueSchedule> {
  const job = findJob(dependencies.registry, name);
  assertInput(job, input);
  // No id and no time: every tick delivers this same body, and must be told apart by its message.
  const place = { id: `schedule ${id}`, isSchedule: true };
  const kept = await sealInput(dependencies.secrets, job, input, place);
  const envelope = { version: 1, job: name, ...kept, generation: 0, runs: 0, enqueuedAt: 0 };
  const body = JSON.stringify(envelope);
  return { id, cron, ...deliveryOf(dependencies, job, body, id) };
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
