/**
 * What `deno task demo:chat` prints, and whether it adds up.
 *
 * @module
 */
import { print } from "../shared/adapters/terminal.ts";
import {
  type BillRow,
  type MessageBill,
  type ModeBill,
  MOST_COMMANDS,
  POLLED_A_SECOND,
} from "./demo_chat_bill.ts";
import type { Idle } from "./demo_chat_idle.ts";
import type { Metered, System } from "./demo_chat_system.ts";
import type { Watch } from "./demo_chat_talk.ts";
import type { Viewer } from "./demo_chat_viewer.ts";
import { grouped } from "./demo_feed_system.ts";

const SHOW_EVERY_MS = 250;
const LINES = 10;

function row(first: string, ...cells: (string | number)[]): void {
  const texts = cells.map((cell) => typeof cell === "number" ? grouped(cell) : cell);
  print("  " + first.padEnd(50) + texts.map((text) => text.padStart(12)).join(""));
}

/** Shows how far the conversations are: one line that changes, or a few lines. */
export function createStatus(
  { spoken }: System,
  outOf: number,
): Watch & { end(): void } {
  const isTerminal = Deno.stdout.isTerminal();
  const startedAt = performance.now();
  const tabs: Viewer[] = [];
  let ended = 0;
  const show = () => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const tokens = spoken.reduce((sum, { pieces }) => sum + pieces, 0);
    const held = tabs.reduce((sum, { text }) => sum + text.length, 0);
    const line = `  ${grouped(ended)} of ${grouped(outOf)} replies, ${grouped(tokens)} tokens ` +
      `said, ${grouped(held)} characters in ${grouped(tabs.length)} tabs, after ${seconds} s`;
    if (isTerminal) Deno.stdout.writeSync(new TextEncoder().encode(`\r${line.padEnd(100)}`));
    else print(line);
  };
  const timer = setInterval(() => isTerminal && show(), SHOW_EVERY_MS);
  return {
    tab: (viewer) => void tabs.push(viewer),
    ended() {
      ended++;
      const tenth = (count: number) => Math.floor(LINES * count / outOf);
      if (!isTerminal && tenth(ended) > tenth(ended - 1) && ended < outOf) show();
    },
    end() {
      clearInterval(timer);
      show();
      print();
    },
  };
}

/** Each mode against the price list and the designs before; true where none is dearer than allowed. */
export function printModes(modes: readonly ModeBill[]): boolean {
  print("\n  Commands for a reply with one viewer, limit checks apart");
  row("", "replies", "mean", "most", "allowed");
  for (const { mode, replies, mean, most, allowed } of modes) {
    row(
      mode === "direct" ? "made in the request" : "made by a job",
      replies,
      mean.toFixed(1),
      most,
      allowed,
    );
  }
  const [{ polled, perToken }] = modes;
  row("by the price list, for 200 tokens at 50 a second", "", "", MOST_COMMANDS);
  row("two tabs that poll meanwhile, 36,000 an hour each", "", polled.toFixed(1));
  row("XADD and PUBLISH for each token", "", perToken.toFixed(1));
  return modes.every(({ most, allowed }) => most <= allowed);
}

/** The bill; true where the meters saw what the app counted. */
export function printRows(
  { rows, returns }: { rows: readonly BillRow[]; returns: number },
  metered: Metered,
  differences: readonly string[],
): boolean {
  print("\n  The bill");
  row("", "times", "commands");
  for (const { what, times, commands } of rows) row(what, times || "", commands);
  row("as the meters saw it", "", metered.commands);
  print(`  Tabs that left in the middle came back ${grouped(returns)} times`);
  for (const difference of differences) print(`    ${difference}`);
  return differences.length === 0;
}

/** Messages of QStash; true where a reply has one, and each that had to wait two more at most. */
export function printMessages({ replies, putOff, woken, early }: MessageBill): boolean {
  print("\n  Messages");
  row("replies", replies);
  row("jobs that came too early, and were put off", putOff);
  row("replies that waited, and were woken", woken);
  return woken >= 0 && woken <= early && putOff <= early;
}

/** The hour at rest; true where it cost nothing. */
export function printIdle({ tabs, commands, messages, complaints }: Idle): boolean {
  print(`\n  An hour of ${tabs} idle tabs, and of ${tabs} that return to a finished reply`);
  row("", "commands", "messages");
  row("as the meters saw it", commands, messages);
  row("tabs that poll, 36,000 each", tabs * POLLED_A_SECOND * 3_600, "–");
  for (const complaint of complaints) print(`    ${complaint}`);
  return commands === 0 && messages === 0 && complaints.length === 0;
}
