/**
 * What the replies cost, by the price list, by the meters, and by the designs before.
 *
 * @module
 */
import type { ReplyCommands } from "./demo_chat_ledger.ts";
import type { Metered, System } from "./demo_chat_system.ts";
import type { Talked } from "./demo_chat_talk.ts";

/** Of a streamed reply of 200 tokens at 50 a second, with one viewer. */
export const MOST_COMMANDS = 25;
/** A viewer subscribes, and reads the snapshot. */
const VIEWER_COMMANDS = 2;
/** A question, and its reply, each forget the conversation's page. */
const PAGE_COMMANDS = 2;
/** The tab of the design before: nine polls and a heartbeat a second. */
export const POLLED_A_SECOND = 10;
/** XADD and PUBLISH. */
const COMMANDS_FOR_A_TOKEN = 2;
/** A batch goes out every 400 ms, each fourth with a snapshot. */
const LASTING_COMMANDS_A_SECOND = 1.25 / 0.4;

export interface ModeBill {
  mode: "direct" | "queued";
  replies: number;
  /** Commands with one viewer, on average and at most. */
  mean: number;
  most: number;
  /** Of the reply that came nearest to its price, what it may cost. */
  allowed: number;
  /** Average of: two tabs that poll while the reply is made; a command pair for each token. */
  polled: number;
  perToken: number;
}

/** What one reply cost with one viewer: whatever more looked on is taken off. */
function costOf({ making }: ReplyCommands): number {
  return making + VIEWER_COMMANDS + PAGE_COMMANDS;
}

/** A reply that takes longer than its tokens at 50 a second, as on a busy machine, has more batches. */
export function allowedFor(seconds: number, tokens: number): number {
  const ordinary = Math.max(tokens, 200) / 50;
  const more = Math.max(0, Math.max(seconds, ordinary) - 4.5) * LASTING_COMMANDS_A_SECOND;
  return MOST_COMMANDS + Math.ceil(more);
}

/** One row for each mode. */
export function billModes({ ledger, spoken }: System, talked: readonly Talked[]): ModeBill[] {
  return (["direct", "queued"] as const).flatMap((mode) => {
    const own = talked.filter(({ conversation }) => conversation.mode === mode);
    if (own.length === 0) return [];
    const rows = own.map(({ reply, exchange }) => {
      const answer = spoken.find(({ question }) => question === exchange.question)!;
      const seconds = ((answer.endedAt ?? 0) - answer.startedAt) / 1_000;
      return {
        cost: costOf(ledger.replies.get(reply) ?? { making: 0, watching: 0 }),
        allowed: allowedFor(seconds, answer.pieces),
        polled: 2 * POLLED_A_SECOND * seconds,
        perToken: COMMANDS_FOR_A_TOKEN * answer.pieces,
      };
    });
    const mean = (figure: keyof typeof rows[number]) =>
      rows.reduce((sum, row) => sum + row[figure], 0) / rows.length;
    const nearest = rows.reduce((one, other) =>
      other.cost - other.allowed > one.cost - one.allowed ? other : one
    );
    return [{
      mode,
      replies: rows.length,
      mean: mean("cost"),
      most: nearest.cost,
      allowed: nearest.allowed,
      polled: mean("polled"),
      perToken: mean("perToken"),
    }];
  });
}

/** One row of the bill: how often, at most how many commands, and how many were seen. */
export interface BillRow {
  what: string;
  times: number;
  commands: number;
}

/** Everything that was asked of Redis. */
export function billRows({ ledger }: System, talked: readonly Talked[], metered: Metered) {
  const sum = (what: keyof ReplyCommands) =>
    [...ledger.replies.values()].reduce((total, commands) => total + commands[what], 0);
  const pages = [...ledger.pages.values()].reduce((total, count) => total + count, 0);
  const making = sum("making");
  const watching = sum("watching");
  const returns = talked.reduce((total, each) => total + each.returns, 0);
  const elsewhere = metered.commands - making - watching - pages;
  const rows: BillRow[] = [
    { what: "replies made", times: talked.length, commands: making },
    { what: "pages forgotten", times: pages, commands: pages },
    { what: "tabs that follow, 2 each; none once it has ended", times: 0, commands: watching },
    {
      what: "limit checks and what is armed, beside it",
      times: talked.length,
      commands: elsewhere,
    },
  ];
  return { rows, returns, elsewhere };
}

/** What the meters and the app's own counts do not agree on. */
export function billDifferences({ ledger }: System, metered: Metered): string[] {
  const differences: string[] = [];
  // Scripts of the limits read with GET, too.
  for (const name of ["PUBLISH", "SUBSCRIBE", "SET", "DEL"]) {
    const [own, seen] = [ledger.byCommand[name] ?? 0, metered.byCommand[name] ?? 0];
    if (own !== seen) differences.push(`${own} ${name} of replies, ${seen} at Redis`);
  }
  return differences;
}

/** Messages of QStash by what they were for. */
export interface MessageBill {
  replies: number;
  /** A job that came while the reply before, or somebody else, was at it. */
  putOff: number;
  /** A reply that waited is woken by the end of the one before. */
  woken: number;
  /** How many replies were asked for while one was in the making. */
  early: number;
}

/** All that were seen; more of them than early questions explain are too many. */
export function billMessages(talked: readonly Talked[], metered: Metered): MessageBill {
  const replies = talked.length;
  const putOff = metered.deferrals;
  const early = talked.filter(({ exchange }) => exchange.isEarly).length;
  return { replies, putOff, woken: metered.messages - replies - putOff, early };
}
