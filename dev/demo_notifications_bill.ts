/**
 * What a round costs by the price list, from what was told and what went wrong on the way.
 *
 * @module
 */
import type { Evidence } from "./demo_notifications_proof.ts";
import { eventOf, type Telling } from "./demo_notifications_plan.ts";

/** One row of the bill. */
export interface BillRow {
  what: string;
  times: number;
  /** Billed Redis commands, each. */
  commands: number;
  /** Billed messages, all together. */
  messages: number;
}

/** QStash, and after a day Redis, have forgotten what is told again later than this. */
const DEDUPED_MS = 600_000;

/** The rows, by the price list. */
export function billOf({ system, round, metered }: Evidence): BillRow[] {
  const { deliveries, deferrals } = system.seen;
  const mails = jobsOf(round.tellings);
  const again =
    round.tellings.filter((telling) =>
      !isGathered(telling) && (telling.againAfterMs ?? 0) > DEDUPED_MS
    ).length;
  const count = (wanted: (delivery: typeof deliveries[number]) => boolean) =>
    deliveries.filter(wanted).length;
  const firsts = count(({ generation, attempt }) => generation + attempt === 0);
  const further = count(({ attempt, started }) => attempt > 0 && started);
  const twice = firsts - mails - again;
  const unheard = count(({ attempt, started }) => attempt > 0 && !started);
  const late = count(({ generation, attempt, started }) =>
    generation > 0 && attempt === 0 && !started
  );
  // A delivery that is one too many is either a call that a fault added, which is free and which no
  // retry looks like, or QStash's own next attempt.
  const freeRetries = metered.extraCalls - twice - late;
  return [
    {
      what: "mails, however many events each tells of",
      times: mails,
      commands: 2,
      messages: mails,
    },
    { what: "told again an hour or a day later", times: again, commands: 2, messages: again },
    {
      what: "put off, to the end of something",
      times: deferrals,
      commands: 1,
      messages: deferrals,
    },
    { what: "further attempts", times: further, commands: 3, messages: further },
    { what: "delivered twice", times: twice, commands: 2, messages: 0 },
    {
      what: "delivered again, as the answer was lost",
      times: unheard,
      commands: 1,
      messages: unheard - freeRetries,
    },
    { what: "delivered twice after it was put off", times: late, commands: 3, messages: 0 },
  ];
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
