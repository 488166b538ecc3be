/**
 * What the page shows of a server, and what it lets one do: plain data and a few verbs.
 *
 * @module
 */

/** Where a message is in its life, in the order in which the page counts them. */
export const MESSAGE_STATES = [
  "waiting",
  "active",
  "retrying",
  "delivered",
  "failed",
  "cancelled",
] as const;
export type MessageState = typeof MESSAGE_STATES[number];

export interface PageMessage {
  id: string;
  state: MessageState;
  method: string;
  url: string;
  labels: readonly string[];
  /** What it belongs to: URL group, queue, schedule, flow-control key, or the message it calls back for. */
  origin: readonly { kind: string; name: string }[];
  /** Attempts begun so far. */
  attempts: number;
  /** Attempts it may have in all. */
  maxAttempts: number;
  createdAt: number;
  /** When the next attempt is due, while it waits for that moment and not for its turn. */
  dueAt?: number;
  /** When it ended. */
  endedAt?: number;
  /** HTTP status of the last answer. */
  status?: number;
  /** Why the last attempt failed. */
  error?: string;
}

/** A message with what its own page shows beyond the list. */
export interface PageMessageDetails extends PageMessage {
  headers: readonly [name: string, value: string][];
  body: string;
  /** What the endpoint answered last; empty before. */
  response: string;
  /** What happened to it, oldest first. */
  history: readonly { at: number; state: string; note?: string }[];
}

export interface PageSchedule {
  id: string;
  cron: string;
  method: string;
  url: string;
  paused: boolean;
  nextAt?: number;
  lastAt?: number;
}

export interface PageQueue {
  name: string;
  /** Messages that wait or run. */
  lag: number;
  parallelism: number;
  paused: boolean;
}

export interface PageFlowControl {
  key: string;
  waiting: number;
  /** Calls that are under way; `max` is 0 without a limit. */
  parallelism: { now: number; max: number };
  /** Calls begun in the current period, which is in seconds; `max` is 0 without a limit. */
  rate: { now: number; max: number; periodSeconds: number };
  paused: boolean;
}

export interface PageDeadLetter {
  id: string;
  messageId: string;
  method: string;
  url: string;
  labels: readonly string[];
  failedAt: number;
  status?: number;
  /** The start of what the endpoint answered. */
  response: string;
}

export interface PageState {
  /** Where the server listens, and what a client sends along. */
  url: string;
  token: string;
  /** How far the clock was moved ahead of the machine's, in ms. */
  aheadMs: number;
  /** Billed messages: one for each attempt to deliver. */
  billed: number;
  counts: Readonly<Record<MessageState, number>>;
  /** The newest first; not all of them. */
  messages: readonly PageMessage[];
  schedules: readonly PageSchedule[];
  queues: readonly PageQueue[];
  flowControls: readonly PageFlowControl[];
  deadLetters: readonly PageDeadLetter[];
}

/** What the page needs of the server behind it. */
export interface PageSource {
  /** Epoch ms on the server's clock. */
  now(): number;
  /** Whether its clock goes on by itself. */
  readonly ticking: boolean;
  /** `only` keeps the messages of one state. */
  state(only?: MessageState): PageState;
  message(id: string): PageMessageDetails | undefined;
  /**
   * Does what a button says. Resolves to one sentence for the person, or undefined when what it
   * was about is gone.
   */
  act(action: PageAction): Promise<string | undefined>;
}

/** Every button of the page. */
export type PageAction =
  | { verb: "run" | "cancel"; kind: "messages"; id: string }
  | { verb: "run" | "pause" | "resume"; kind: "schedules"; id: string }
  | { verb: "pause" | "resume"; kind: "queues" | "flow-controls"; id: string }
  | { verb: "retry" | "delete"; kind: "dead-letters"; id: string }
  | { verb: "advance"; kind: "clock"; id: "1m" | "1h" | "1d" };

const VERBS: Readonly<Record<PageAction["kind"], readonly string[]>> = {
  messages: ["run", "cancel"],
  schedules: ["run", "pause", "resume"],
  queues: ["pause", "resume"],
  "flow-controls": ["pause", "resume"],
  "dead-letters": ["retry", "delete"],
  clock: ["advance"],
};

/** How far each step of the clock goes, in ms. */
export const CLOCK_STEPS = { "1m": 60_000, "1h": 3_600_000, "1d": 86_400_000 } as const;

/** The action that a path names, or undefined when there is no such button. */
export function parseAction(kind: string, id: string, verb: string): PageAction | undefined {
  if (!Object.hasOwn(VERBS, kind) || !VERBS[kind as PageAction["kind"]].includes(verb)) return;
  if (kind === "clock" && !Object.hasOwn(CLOCK_STEPS, id)) return;
  return { verb, kind, id } as PageAction;
}
