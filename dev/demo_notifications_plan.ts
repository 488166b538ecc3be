/**
 * What `deno task demo:notifications` tells to whom: the same for one seed.
 *
 * Every telling carries marks, so that a mail says by itself what it tells of: one in its addresses,
 * and one in what a digest's line quotes.
 *
 * @module
 */
import type { NotificationEvent, UnsubscribeGroup } from "../functions/notifications/event.ts";
import { type EventName, notificationEvents } from "../functions/notifications/events/table.ts";
import { createRandom } from "./demo_feed_plan.ts";

export interface Recipient {
  email: string;
  name: string;
  timeZone?: string;
}

/** How a recipient gets no mail, or not of one group. */
export type Hold = "refused" | UnsubscribeGroup;

/** One notification; where it is told again, that is the same one. */
export interface Telling {
  number: number;
  event: EventName;
  to: Recipient;
  data: unknown;
  delivery: "mail" | "digest";
  /** When it is told, in ms after the start. */
  afterMs: number;
  dedupeId?: string;
  /** When it is told a second time, in ms after the start. */
  againAfterMs?: number;
  /** Told alone, while thousands wait: it must not wait for them. */
  isProbe: boolean;
  held: boolean;
}

export interface Round {
  run: number;
  tellings: Telling[];
  /** Recipients who are made to be held back before the round. */
  holds: Map<string, { to: Recipient; hold: Hold }>;
}

export interface RoundOptions {
  /** How many notifications. */
  count: number;
  seed: number;
  /** Tells the marks and addresses of one round from those of another. */
  run: number;
  /** Mails a second, all kinds together. */
  perSecond: number;
  /** Whether each has a dedupeId: where calls may fail, they are made again. */
  areAllDeduped: boolean;
}

const SHARE = {
  /** Of all: conversations and the like, of several tellings to one person each. */
  conversations: 0.3,
  /** Told alone while others wait. */
  probes: 0.01,
  /** Of events that a digest can tell. */
  digestOnly: 0.4,
  /** Of all others. */
  deduped: 0.2,
  again: 0.6,
  zoned: 0.6,
};
const MOST_IN_A_CONVERSATION = 5;
const ADMINS = 6;
const HELD_BACK = 12;
const HOUR_MS = 3_600_000;
/** At once; when QStash has forgotten it; when Redis has, even of what waited for a morning. */
const AGAIN_MS = [0, HOUR_MS, 50 * HOUR_MS];
const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "Asia/Tokyo",
  "Asia/Kolkata",
  "Pacific/Auckland",
];

const names = Object.keys(notificationEvents) as EventName[];
const collapsing = names.filter((name) => eventOf(name).collapse);

/** The row of the table of events. */
export function eventOf(name: EventName): NotificationEvent {
  return notificationEvents[name] as unknown as NotificationEvent;
}

/** Makes a round. */
export function planRound(options: RoundOptions): Round {
  const { count, seed, run, perSecond, areAllDeduped } = options;
  const random = createRandom(seed * 1_000 + run);
  const below = (limit: number) => Math.floor(random() * limit);
  const people = peopleOf(run, Math.max(20, Math.ceil(count / 5)), random);
  const admins = peopleOf(run, ADMINS, random, "admin");
  const holds: Round["holds"] = new Map();
  for (let index = 0; index < HELD_BACK; index++) {
    const to = people[index];
    const hold = index % 3 === 0 ? "refused" : index % 3 === 1 ? "messages" : "recommendations";
    holds.set(to.email, { to, hold });
  }
  const tellings: Telling[] = [];
  const add = (event: EventName, to: Recipient, more: Partial<Telling> = {}) => {
    const number = tellings.length;
    const isDigestible = eventOf(event).digestLine !== undefined;
    const hold = holds.get(to.email)?.hold;
    const isAgain = random() < SHARE.deduped;
    tellings.push({
      number,
      event,
      to,
      data: marked(run, number, event),
      delivery: isDigestible && random() < SHARE.digestOnly ? "digest" : "mail",
      afterMs: 0,
      isProbe: false,
      held: hold === "refused" || (hold !== undefined && hold === eventOf(event).group),
      ...((isAgain || areAllDeduped) && { dedupeId: `demo ${run} ${number}` }),
      ...(isAgain && random() < SHARE.again && { againAfterMs: AGAIN_MS[below(AGAIN_MS.length)] }),
      ...more,
    });
  };
  const probes = Math.ceil(count * SHARE.probes);
  while (tellings.length < (count - probes) * SHARE.conversations) {
    const event = collapsing[below(collapsing.length)];
    const to = people[below(people.length)];
    const length = 1 + below(MOST_IN_A_CONVERSATION);
    if (tellings.some((known) => known.event === event && known.to === to)) continue;
    for (let index = 0; index < length && tellings.length < count - probes; index++) add(event, to);
  }
  const single = names.filter((name) => !eventOf(name).collapse);
  for (let index = 0; tellings.length < count - probes; index++) {
    // Each event, whatever the count; then by chance.
    const event = index < single.length ? single[index] : single[below(single.length)];
    const group = event.startsWith("admin.") ? admins : people;
    add(event, group[below(group.length)]);
  }
  shuffle(tellings, below);
  const urgent = tellings.filter(({ event }) => eventOf(event).urgency === "urgent").length;
  const secondsOf = (mails: number) => mails / (perSecond / 2);
  for (let index = 0; index < probes; index++) {
    // Once the urgent ones of the start have gone, and while the others wait.
    const seconds = secondsOf(urgent) * 1.3 + index / probes * secondsOf(tellings.length) * 0.2 + 5;
    add("user.reset.start", people[HELD_BACK + below(people.length - HELD_BACK)], {
      isProbe: true,
      afterMs: Math.round(seconds * 1_000),
      againAfterMs: undefined,
    });
  }
  return { run, tellings, holds };
}

function peopleOf(run: number, count: number, random: () => number, kind = "user"): Recipient[] {
  return Array.from({ length: count }, (_, index) => ({
    email: `${kind}-${index}@round-${run}.example`,
    name: `${kind} ${index}`,
    ...(random() < SHARE.zoned && { timeZone: ZONES[Math.floor(random() * ZONES.length)] }),
  }));
}

/** What stands in a mail's addresses. */
export const addressMark = (run: number, number: number) => `told${run}n${number}`;
/** What stands in its words, and in a digest's line. */
export const lineMark = (run: number, number: number) => `line${run}n${number}`;

/** The numbers of this round that a text names by such marks. */
export function marksIn(text: string, kind: "told" | "line", run: number): Set<number> {
  const found = text.matchAll(new RegExp(`\\b${kind}${run}n(\\d+)\\b`, "g"));
  return new Set([...found].map(([, number]) => Number(number)));
}

/** Fields that a digest's line quotes, whichever of them an event has. */
const QUOTED = ["title", "name", "what", "subject"];

/** The event's sample, with the marks of this telling in it. */
function marked(run: number, number: number, event: EventName): unknown {
  const address = `https://market.example/${addressMark(run, number)}`;
  const sample = JSON.parse(
    JSON.stringify(eventOf(event).sample),
    (_, value) =>
      typeof value === "string" && value.startsWith("https://market.example") ? address : value,
  );
  const quoted = QUOTED.find((field) => field in sample);
  if (quoted !== undefined) sample[quoted] += ` ${lineMark(run, number)}`;
  return sample;
}

function shuffle<T>(items: T[], below: (limit: number) => number): void {
  for (let index = items.length - 1; index > 0; index--) {
    const other = below(index + 1);
    [items[index], items[other]] = [items[other], items[index]];
  }
}
