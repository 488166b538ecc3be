/**
 * What `deno task demo:notifications` prints, and whether it adds up.
 *
 * @module
 */
import { print } from "../shared/adapters/terminal.ts";
import type { billOfPlan, BillRow } from "./demo_notifications_bill.ts";
import type { Waits } from "./demo_notifications_proof.ts";
import type { Standing } from "./demo_notifications_send.ts";
import type { Metered } from "./demo_notifications_system.ts";
import type { Finding } from "./demo_feed_proof.ts";
import { grouped } from "./demo_feed_system.ts";

const SHOWN_DIFFERENCES = 3;
const LINES = 10;

function row(first: string, ...cells: (string | number)[]): void {
  const texts = cells.map((cell) => typeof cell === "number" ? grouped(cell) : cell);
  print("  " + first.padEnd(50) + texts.map((text) => text.padStart(12)).join(""));
}

/** Shows where a round stands: one line that changes, or a few lines. */
export function createStatus(
  { outOf, mailed, failed }: { outOf: number; mailed(): number; failed(): number },
): { show(standing: Standing): void; end(standing: Standing): void } {
  const isTerminal = Deno.stdout.isTerminal();
  const startedAt = performance.now();
  let shownAt = -Infinity;
  let shown = "";
  const render = ({ told, waiting, now }: Standing) => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const line = `  ${grouped(told)} of ${grouped(outOf)} told, ${grouped(mailed())} mails sent, ` +
      `${grouped(waiting)} waiting, ${grouped(failed())} failed at the provider; ` +
      `it is ${new Date(now).toISOString().slice(5, 19).replace("T", " ")}, after ${seconds} s`;
    if (isTerminal) Deno.stdout.writeSync(new TextEncoder().encode(`\r${line.padEnd(110)}`));
    else print(line);
  };
  return {
    show(standing) {
      const now = performance.now();
      const tenth = `${Math.floor(LINES * standing.told / outOf)} ${
        Math.floor(LINES * mailed() / outOf)
      }`;
      if (isTerminal ? now - shownAt < 100 : tenth === shown) return;
      shownAt = now;
      shown = tenth;
      render(standing);
    },
    end(standing) {
      render(standing);
      if (isTerminal) print();
    },
  };
}

/** What was compared; true when nothing differs. */
export function printFindings(findings: readonly Finding[]): boolean {
  row("", "compared", "differ");
  for (const { what, compared, differences } of findings) {
    row(what, compared, differences.length);
    for (const difference of differences.slice(0, SHOWN_DIFFERENCES)) {
      print(`    ${difference}`);
    }
  }
  return findings.every(({ differences }) => differences.length === 0);
}

/** The longest waits for a turn; true when urgent mail did not wait for other mail. */
export function printWaits({ urgent, bulk, probes }: Waits, mostForProbes: number): boolean {
  print("\n  The longest waits for a turn, in seconds");
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  row("bulk mail", seconds(bulk));
  row("urgent mail, all that was told at once", seconds(urgent));
  row("urgent mail that was told alone meanwhile", seconds(probes));
  return probes <= mostForProbes;
}

/** What a bill is made of. */
export interface Bills {
  rows: readonly BillRow[];
  /** Names of commands that the app's own client has sent again. */
  repeats: readonly string[];
  /** What differs, job by job. */
  unpriced: readonly string[];
  plan: ReturnType<typeof billOfPlan>;
  metered: Metered;
  /** How often the app was called with mail to send. */
  deliveries: number;
  /** Whether nothing went wrong: then the plan alone says what it costs. */
  isCalm: boolean;
}

/** The bill; true when the meters saw what the price list says. */
export function printBill(bills: Bills): boolean {
  const { rows, repeats, unpriced, plan, metered, deliveries, isCalm } = bills;
  print("\n  The bill");
  row("", "times", "commands", "messages");
  let commands = 0;
  for (const { what, times, commands: each } of rows) {
    if (times !== 0) row(what, times, times * each);
    commands += times * each;
  }
  const messages = deliveries - metered.extraCalls;
  if (metered.extraCalls > 0) {
    row("calls that a fault added, which are free", metered.extraCalls, "", "");
  }
  if (repeats.length > 0) {
    // No price has them: that an answer gets lost is nobody's design.
    const names = [...new Set(repeats)].join(", ");
    row(`sent again by the client, unanswered: ${names}`, repeats.length, repeats.length, "");
    commands += repeats.length;
  }
  row("by the price list", "", commands, messages);
  const billed = metered.commands - metered.commandsElsewhere;
  row("as the meters saw it", "", billed, metered.messages);
  if (isCalm) row("as the plan alone says", "", plan.commands, plan.messages);
  print(
    `  ${
      grouped(plan.mails)
    } mails, ${plan.again} told again later, ${plan.deferrals} times put off` +
      (metered.commandsElsewhere > 0
        ? `; requests that send no mail took ${metered.commandsElsewhere} commands`
        : ""),
  );
  const planned = plan.commands + repeats.length;
  const addsUp = commands === billed && messages === metered.messages &&
    (!isCalm || (planned === billed && plan.messages === metered.messages));
  if (!addsUp) { for (const difference of unpriced) print(`    ${difference}`); }
  return addsUp;
}
