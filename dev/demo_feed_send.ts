/**
 * Sends a planned day to the app as browsers do, and a backend the bookings: many at once, each
 * visitor one thing after another.
 *
 * @module
 */
import { Expected } from "./demo_feed_expected.ts";
import type { Action, Plan } from "./demo_feed_plan.ts";
import { pause } from "./demo_feed_system.ts";

/** What requests of one kind cost, by the app's own tally (`Server-Timing`). */
export interface Tally {
  requests: number;
  commands: number;
  /** Those of them that cost more than the price list says: they armed a flush. */
  armed: number;
}

export interface Sent {
  expected: Expected;
  tallies: Record<Action["type"], Tally>;
  /** Requests that failed and were sent again by this demo. */
  repeated: number;
  /** Events that the app left to QStash, since Redis did not answer. */
  later: number;
}

export interface SendOptions {
  app: string;
  /** A backend's: bookings take its word. */
  token: string;
  run: number;
  /** How many requests are on their way at once. */
  width: number;
  /** The app's clock, in epoch ms. */
  now(): number;
  /** Called after each request, with how many there were. */
  onSent(count: number): void;
}

const PATHS: Readonly<Record<Action["type"], string>> = {
  view: "views",
  impressions: "impressions",
  favorite: "favorites",
  booking: "bookings",
};
const BROWSER = { "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0" };
const TRIES = 5;
const DAY_MS = 86_400_000;
/** Around midnight nothing is sent, so that each event's day is known. */
const BEFORE_MIDNIGHT_MS = 3_000;
const AFTER_MIDNIGHT_MS = 1_000;

/** Sends all of it; resolves once the last one was answered. */
export async function sendDay(plan: Plan, options: SendOptions): Promise<Sent> {
  const { width, now, onSent } = options;
  const tally = () => ({ requests: 0, commands: 0, armed: 0 });
  const sent: Sent = {
    expected: new Expected(),
    tallies: { view: tally(), impressions: tally(), favorite: tally(), booking: tally() },
    repeated: 0,
    later: 0,
  };
  const lanes = Array.from({ length: width }, (): Action[] => []);
  // A visitor keeps to one lane, and so to an order.
  for (const action of plan.actions) lanes[action.visitor % width].push(action);
  let count = 0;
  await Promise.all(lanes.map(async (lane) => {
    for (const action of lane) {
      await nearMidnight(now);
      const day = new Date(now()).toISOString().slice(0, 10);
      await sendOne(action, plan, options, sent);
      sent.expected.add(action, day);
      onSent(++count);
    }
  }));
  return sent;
}

async function sendOne(action: Action, plan: Plan, { app, run, token }: SendOptions, sent: Sent) {
  const url = `${app}/api/metrics/${PATHS[action.type]}`;
  const body = JSON.stringify(bodyOf(action, plan, run));
  const tally = sent.tallies[action.type];
  for (let attempt = 1;; attempt++) {
    const by = action.type === "booking" ? { Authorization: `Bearer ${token}` } : BROWSER;
    const { status, commands, text } = await post(url, body, by);
    tally.commands += commands;
    if (status === 200 || status === 202) {
      tally.requests++;
      if (commands > 1) tally.armed += commands - 1;
      if (status === 202) sent.later++;
      return;
    }
    if (status < 500 || attempt === TRIES) {
      throw new Error(`POST ${url} answered ${status} to ${body}: ${text}`);
    }
    sent.repeated++;
    await pause(attempt * 500);
  }
}

/** Posts as a browser or a backend; whoever does not answer at all counts as a 503. */
async function post(url: string, body: string, headers: Record<string, string>) {
  try {
    const response = await fetch(url, { method: "POST", headers, body });
    const timing = response.headers.get("Server-Timing") ?? "";
    const commands = Number(/desc="(\d+) commands"/.exec(timing)?.[1] ?? 0);
    return { status: response.status, commands, text: await response.text() };
  } catch (error) {
    return { status: 503, commands: 0, text: (error as Error).message };
  }
}

/** What a browser would send; a number is sent as its text by every second visitor. */
function bodyOf(action: Action, { listings }: Plan, run: number) {
  const { visitor } = action;
  const session = `demo-${run}-${visitor}`;
  const listing = (index: number) => {
    const { kind, id } = listings[index];
    return { kind, id: visitor % 2 ? id : String(id) };
  };
  switch (action.type) {
    case "view":
      return { ...listing(action.listing), session };
    case "impressions":
      return {
        batch: `demo-feed-batch-${run}-${action.batch}`,
        impressions: action.listings.map(listing),
        session,
      };
    case "favorite":
      return { ...listing(action.listing), undo: action.undo, session };
    case "booking":
      return { ...listing(action.listing), booking: `order-${run}-${action.booking}`, session };
  }
}

async function nearMidnight(now: () => number): Promise<void> {
  for (;;) {
    const sinceMidnight = now() % DAY_MS;
    const isNear = sinceMidnight < AFTER_MIDNIGHT_MS ||
      sinceMidnight > DAY_MS - BEFORE_MIDNIGHT_MS;
    if (!isNear) return;
    await pause(100);
  }
}
