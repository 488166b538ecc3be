/**
 * `deno task demo:notifications`: thousands of mixed notifications at once through the whole system,
 * and a proof that each arrived once, at the provider's rate, urgent ones first, for its price. Then
 * fewer of them with everything going wrong.
 *
 * It brings its own system, in this process, on a clock that it moves: hours take seconds. Ends with
 * 1 when anything does not add up.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { print, printError } from "../shared/adapters/terminal.ts";
import { grouped } from "./demo_feed_system.ts";
import { billOf, billOfPlan, repeatsOf, unpricedOf } from "./demo_notifications_bill.ts";
import { armFaults, HELD_MS } from "./demo_notifications_faults.ts";
import { eventOf, planRound, type Round } from "./demo_notifications_plan.ts";
import { createStatus, printBill, printFindings, printWaits } from "./demo_notifications_print.ts";
import {
  compareInbox,
  compareKeys,
  compareLetters,
  compareLog,
  compareQuietHours,
  compareReleases,
  longestWaits,
} from "./demo_notifications_proof.ts";
import { holdBack, sendRound } from "./demo_notifications_send.ts";
import { startSystem, type System } from "./demo_notifications_system.ts";

/** Holding back takes a quarter of an hour; half a minute later quiet hours begin in Tokyo. */
const START = Date.parse("2026-11-21T12:44:30Z");
const DAY_MS = 86_400_000;

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    count: { type: "string", default: "2000" },
    faults: { type: "string" },
    rate: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
  },
});
const count = wholeNumber("count", options.count, 60, 5_000);
const faults = wholeNumber("faults", options.faults ?? String(Math.ceil(count / 5)), 0, 5_000);
const perSecond = wholeNumber("rate", options.rate, 1, 100);
const seed = wholeNumber("seed", options.seed, 0, 1_000_000);

const startedAt = performance.now();
const addsUp = await run();
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
print(`\n${addsUp ? "Everything adds up" : "Something does not add up"}, in ${seconds} s`);
Deno.exit(addsUp ? 0 : 1);

async function run(): Promise<boolean> {
  await using system = await startSystem({ startAt: START, perSecond });
  const calm = planRound({ count, seed, run: 1, perSecond, areAllDeduped: false });
  describe(calm, "");
  let addsUp = await goThrough(system, calm, true);
  if (faults > 0) {
    const stormy = planRound({ count: faults, seed, run: 2, perSecond, areAllDeduped: true });
    await toTheNextStart(system);
    describe(stormy, ", with faults everywhere");
    addsUp = await goThrough(system, stormy, false) && addsUp;
  }
  return addsUp;
}

/** One round: what leads up to it, the round itself, and the proof. */
async function goThrough(system: System, round: Round, isCalm: boolean): Promise<boolean> {
  const { mail } = system.cloud;
  await holdBack(system, round);
  const { accepted, refused, faults } = mail.counts();
  system.forget();
  const disarm = isCalm ? () => {} : armFaults(system, seed);
  const since = () => mail.counts();
  const status = createStatus({
    outOf: round.tellings.length,
    mailed: () => mail.mails().length - accepted,
    failed: () => since().refused + since().faults - refused - faults,
  });
  const sent = await sendRound(system, round, status.show);
  status.end({ told: sent.answers.size, waiting: system.waiting(), now: system.now() });
  disarm();
  const mails = mail.mails().slice(accepted);
  const metered = system.metered();
  const { releases } = system.seen;
  const evidence = { system, round, sent, mails, releases, metered };
  print(
    `  ${grouped(mails.length)} mails; ${since().refused - refused} requests over the provider's ` +
      `limit, ${
        since().faults - faults
      } met a fault, ${sent.refusals} callers were refused and came again\n`,
  );
  const sameMails = printFindings([
    ...compareInbox(evidence),
    await compareLog(evidence),
    compareKeys(evidence),
    await compareLetters(evidence),
    compareQuietHours(evidence),
    ...compareReleases(evidence, { perSecond, heldMs: isCalm ? 0 : HELD_MS }),
  ]);
  const waits = longestWaits(evidence);
  // Where mail is tried again, urgent mail waits for other urgent mail. At one a second that is
  // always so: both keys may let one through in the same second, and the provider refuses one.
  const isTriedAgain = !isCalm || perSecond === 1;
  const isUrgentFirst = printWaits(waits, isTriedAgain ? waits.bulk : releases[0].periodMs);
  const samePrices = printBill({
    rows: billOf(evidence),
    repeats: repeatsOf(evidence),
    unpriced: unpricedOf(evidence),
    plan: billOfPlan(evidence),
    metered,
    deliveries: system.seen.deliveries.length,
    isCalm,
  });
  return sameMails && isUrgentFirst && samePrices;
}

/** So that a round finds the clocks of all time zones as the first one did. */
async function toTheNextStart(system: System): Promise<void> {
  await system.cloud.advance(DAY_MS - (system.now() - START) % DAY_MS);
}

function describe({ tellings, holds }: Round, how: string): void {
  const recipients = new Set(tellings.map(({ to }) => to.email));
  const events = new Set(tellings.map(({ event }) => event));
  const urgent = tellings.filter(({ event }) => eventOf(event).urgency === "urgent");
  const again = tellings.filter(({ againAfterMs }) => againAfterMs !== undefined);
  print(
    `\n${grouped(tellings.length)} notifications of ${events.size} events to ` +
      `${grouped(recipients.size)} people${how}: ${grouped(urgent.length)} urgent,\n` +
      `${again.length} told twice, ${holds.size} people held back; ${perSecond} ${
        perSecond === 1 ? "mail" : "mails"
      } a second`,
  );
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  printError(`--${option} must be a whole number from ${least} to ${most}, got ${text}`);
  return Deno.exit(1);
}
