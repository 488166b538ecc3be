/**
 * The tables that `deno task demo:feed` prints, and whether they add up.
 *
 * @module
 */
import { print } from "../shared/adapters/terminal.ts";
import { type ExpectedCounts, metrics } from "./demo_feed_expected.ts";
import type { Action } from "./demo_feed_plan.ts";
import type { Finding } from "./demo_feed_proof.ts";
import type { Sent } from "./demo_feed_send.ts";
import { grouped } from "./demo_feed_system.ts";
import type { Bill } from "./demo_feed_old_design.ts";

/** By the price list: one command for a request of any kind, and this much for a flush. */
const REQUEST_COMMANDS = 1;
const FLUSH_COMMANDS = 60;
/** A flush and its ranking are jobs of two deliveries, each of which is tracked. */
const JOB_COMMANDS = 2;
/** For a slot of a schedule: looked up, then marked. */
const ARMING_COMMANDS = 2;
const DOLLARS_FOR_100_000 = 0.2;
const SHOWN_DIFFERENCES = 3;

const names: Readonly<Record<Action["type"], string>> = {
  view: "views",
  impressions: "impressions, up to 100 a request",
  favorite: "favorites, given and taken back",
  booking: "bookings",
};

function row(first: string, ...cells: (string | number)[]): void {
  const texts = cells.map((cell) => typeof cell === "number" ? grouped(cell) : cell);
  print("  " + first.padEnd(46) + texts.map((text) => text.padStart(16)).join(""));
}

/** What was compared; true when nothing differs. */
export function printFindings(findings: readonly Finding[], totals: ExpectedCounts): boolean {
  print("Counts, as this demo has counted them beside the system");
  row("", "in all", "compared", "differ");
  findings.forEach(({ what, compared, differences }, index) => {
    const metric = metrics[index];
    row(what, metric ? totals[metric] : "", compared, differences.length);
    for (const difference of differences.slice(0, SHOWN_DIFFERENCES)) {
      print(`    ${difference}`);
    }
  });
  return findings.every(({ compared, differences }) => compared > 0 && differences.length === 0);
}

/** What each operation cost; true when that is what the price list says. */
export function printLedger(
  sent: Sent,
  { billed, total, flushes, days }: { billed: Bill; total: number; flushes: number; days: number },
): boolean {
  print("\nBilled Redis commands");
  row("", "requests", "price list", "billed");
  const { tallies } = sent;
  let same = true;
  let requests = 0;
  let armed = 0;
  for (const type of Object.keys(tallies) as Action["type"][]) {
    const tally = tallies[type];
    const commands = tally.commands - tally.armed;
    row(names[type], tally.requests, tally.requests * REQUEST_COMMANDS, commands);
    same &&= commands === tally.requests * REQUEST_COMMANDS;
    requests += tally.requests;
    armed += tally.armed;
  }
  const sets = tallies.view.requests + tallies.booking.requests;
  const streams = tallies.impressions.requests + tallies.favorite.requests;
  row("  SADD, by the meter of Redis", "", sets, billed.SADD ?? 0);
  row("  XADD, by the meter of Redis", "", streams, billed.XADD ?? 0);
  same &&= billed.SADD === sets && billed.XADD === streams;
  // Each day's last flush, and those of the slots in which the run began, went on and ended.
  const mostArmed = ARMING_COMMANDS * (days + days + 1);
  row("arming the flushes", "", `at most ${mostArmed}`, armed);
  const rest = total - requests * REQUEST_COMMANDS - armed;
  const most = flushes * (FLUSH_COMMANDS + 2 * JOB_COMMANDS);
  row(`${flushes} flushes and rankings`, flushes, `at most ${most}`, rest);
  row("in all", requests, "", total);
  if (sent.repeated > 0) {
    print(
      `  ${sent.repeated} requests failed and were sent again, which costs more: run it again`,
    );
  }
  if (sent.later > 0) {
    print(
      `  ${sent.later} events went through QStash, since Redis did not answer: run it again`,
    );
  }
  return same && armed <= mostArmed && rest >= 0 && rest <= most;
}

/** The same day by the design before. */
export function printBills(
  { billed, old, keys }: { billed: Bill; old: Bill; keys: { counters: number; markers: number } },
): void {
  const sum = (bill: Bill) => Object.values(bill).reduce((all, count) => all + count, 0);
  const price = (bill: Bill) => `$${(sum(bill) / 100_000 * DOLLARS_FOR_100_000).toFixed(2)}`;
  const byName = (bill: Bill) =>
    Object.entries(bill).sort(([, one], [, other]) => other - one)
      .map(([name, count]) => `${name} ${grouped(count)}`).join(", ");
  print("\nThe same day by the design before, at $0.20 for 100,000 commands");
  row("", "commands", "price");
  row("this system, as metered", sum(billed), price(billed));
  print(`    ${byName(billed)}`);
  row("the design before, as counted", sum(old), price(old));
  print(`    ${byName(old)}`);
  print(
    `  ${(sum(old) / sum(billed)).toFixed(1)} times as many. Its figures come from this very day:
    a view is SET NX EX, and a new one EVAL; each impression, favorite and booking is EVAL;
    each EVAL runs INCR, and EXPIRE on a new counter: all three are billed.
    The flush is SCAN COUNT 100 over ${grouped(keys.counters)} counters and ${
      grouped(keys.markers)
    } markers, MGET and DEL for
    each page that holds a counter. Its queue's idle worker, which polls, is not in it.`,
  );
}
