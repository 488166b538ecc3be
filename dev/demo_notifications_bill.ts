/**
 * What a round costs by the price list, from what was told and what went wrong on the way.
 *
 * @module
 */
import type { Delivery, JobCommand } from "./demo_notifications_system.ts";
import type { Evidence } from "./demo_notifications_proof.ts";
import { eventOf, type Telling } from "./demo_notifications_plan.ts";

/** One row of the bill. */
export interface BillRow {
  what: string;
  times: number;
  /** Billed Redis commands, each. */
  commands: number;
}

/** A price, and the deliveries that it is for. */
interface Price extends Omit<BillRow, "times"> {
  holds(delivery: Delivery, before: readonly Delivery[]): boolean;
}

const AFTER_IT_WAS_PUT_OFF = "nothing left to do, after it was put off";

/**
 * By the list a mail is 2, a deferral 1, a further attempt 2, a duplicate delivery 2; a redelivery of
 * one whose answer was lost reads first. Here each delivery has what is its own of that.
 */
const prices: readonly Price[] = [
  {
    what: "first deliveries that sent, or held back, or failed",
    commands: 2,
    holds: ({ attempt, end }) => attempt === 0 && end !== undefined && end !== "deferred",
  },
  {
    what: "first deliveries that put the mail off",
    commands: 1,
    holds: ({ attempt, end }) => attempt === 0 && end === "deferred",
  },
  {
    what: "  and found the claim of another attempt",
    commands: 1,
    // Two attempts have put it off, and only what the first of them published was taken.
    holds: ({ generation, attempt, end }, before) =>
      attempt === 0 && end !== undefined &&
      before.filter((other) => other.generation === generation - 1 && other.end === "deferred")
          .length > 1,
  },
  {
    what: "further attempts that sent, or failed",
    commands: 3,
    holds: ({ attempt, end }) => attempt > 0 && end !== undefined && end !== "deferred",
  },
  {
    what: "further attempts that put the mail off",
    commands: 2,
    holds: ({ attempt, end }) => attempt > 0 && end === "deferred",
  },
  {
    what: "nothing left to do, at a first delivery",
    commands: 2,
    holds: ({ generation, attempt, end }) => generation + attempt === 0 && end === undefined,
  },
  {
    what: "nothing left to do, at a further attempt",
    commands: 1,
    holds: ({ attempt, end }) => attempt > 0 && end === undefined,
  },
  {
    what: AFTER_IT_WAS_PUT_OFF,
    commands: 3,
    holds: ({ generation, attempt, end }) => generation > 0 && attempt === 0 && end === undefined,
  },
];

/** What each delivery costs by the price list, those of one price together. */
export function billOf({ system }: Evidence): BillRow[] {
  const rows = prices.map(({ what, commands }): BillRow => ({ what, commands, times: 0 }));
  const again = {
    what: "  and gave the claim back again, as its holder wrote",
    commands: 1,
    times: 0,
  };
  const byJob = Map.groupBy(system.seen.deliveries, ({ id }) => id);
  const asked = Map.groupBy(system.seen.commands, ({ id }) => id);
  for (const [id, deliveries] of byJob) {
    const times = timesOf(deliveries);
    times.forEach((count, place) => rows[place].times += count);
    again.times += givenBackAgain(asked.get(id) ?? [], times);
  }
  return [...rows, again];
}

/**
 * A delivery that is one too many looks at the claim by writing one, and gives back what it found. In
 * between its holder may have written (a step, a deferral): then that is given back as well.
 */
function givenBackAgain(commands: readonly JobCommand[], times: readonly number[]): number {
  const written = new Set<string>();
  let givenBack = 0;
  for (const { name, value, isRepeat } of commands) {
    if (name !== "SET claim" || value === undefined || isRepeat) continue;
    if (written.has(value)) givenBack++;
    written.add(value);
  }
  const listed = times[prices.findIndex(({ what }) => what === AFTER_IT_WAS_PUT_OFF)];
  return Math.max(0, givenBack - listed);
}

/** How often each price is due for the deliveries of one job. */
function timesOf(deliveries: readonly Delivery[]): number[] {
  return prices.map(({ holds }) =>
    deliveries.filter((delivery, index) => holds(delivery, deliveries.slice(0, index))).length
  );
}

/** Commands that the app's client has sent again, since the answer did not come: no price has them. */
export function repeatsOf({ system }: Evidence): string[] {
  return system.seen.commands.filter(({ isRepeat }) => isRepeat).map(({ name }) => name);
}

/** Each job that Redis was asked for otherwise than by the list, with the commands by name. */
export function unpricedOf({ system: { seen } }: Evidence): string[] {
  const asked = Map.groupBy(seen.commands.filter(({ isRepeat }) => !isRepeat), ({ id }) => id);
  const delivered = Map.groupBy(seen.deliveries, ({ id }) => id);
  return [...new Set([...asked.keys(), ...delivered.keys()])].flatMap((id) => {
    const deliveries = delivered.get(id) ?? [];
    const commands = asked.get(id) ?? [];
    const times = timesOf(deliveries);
    const listed = prices.reduce(
      (sum, { commands }, place) => sum + commands * times[place],
      givenBackAgain(commands, times),
    );
    if (listed === commands.length) return [];
    const how = deliveries.map(({ generation, attempt, end }) =>
      `${generation}/${attempt} ${end ?? "nothing left"}`
    );
    const names = commands.map(({ name }) => name);
    return [
      `job ${id}: ${listed} by the list, ${commands.length} at Redis (${names.join(", ")}), ` +
      `delivered as ${how.join(", ") || "nothing"}`,
    ];
  });
}

/** QStash forgets a job's id after this. */
const DEDUPED_MS = 600_000;

/**
 * What the plan alone says: a mail is 2 commands and a message, and so is one that is told again later;
 * what is put off costs 1 of each. Equal to the bill where nothing goes wrong.
 */
export function billOfPlan({ system, round: { tellings } }: Evidence) {
  const again =
    tellings.filter((telling) => !isGathered(telling) && (telling.againAfterMs ?? 0) > DEDUPED_MS)
      .length;
  const deferrals = system.seen.deliveries.filter(({ end }) => end === "deferred").length;
  const mails = jobsOf(tellings);
  return {
    mails,
    again,
    deferrals,
    commands: 2 * (mails + again) + deferrals,
    messages: mails + again + deferrals,
  };
}

/** How many mails these become: events of one person that are told together are one. */
function jobsOf(tellings: readonly Telling[]): number {
  const jobs = new Set<string>();
  for (const { number, event, to, delivery } of tellings) {
    const { collapse, digestLine } = eventOf(event);
    if (collapse) jobs.add(`${event} ${to.email}`);
    else if (delivery === "mail") jobs.add(String(number));
    if (digestLine) jobs.add(`digest ${to.email}`);
  }
  return jobs.size;
}

/** Told together with others, so that nothing is sent for one that is known. */
function isGathered({ event, delivery }: Telling): boolean {
  return delivery === "digest" || eventOf(event).collapse !== undefined;
}
