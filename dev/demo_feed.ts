/**
 * `deno task demo:feed`: a day of views, impressions, favorites and bookings through the running
 * system, and a proof that nothing was lost, doubled or billed beyond the price list.
 *
 * Start `deno task dev` first. Ends with 1 when anything differs. It may be run again at once.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { print, printError } from "../shared/adapters/terminal.ts";
import { createPostgres } from "../shared/adapters/postgres.ts";
import { billEvents, billFlush, oldEvents, scanPages } from "./demo_feed_old_design.ts";
import { printBills, printFindings, printLedger } from "./demo_feed_print.ts";
import { planDay } from "./demo_feed_plan.ts";
import {
  compareAnswers,
  compareCounts,
  compareRanking,
  flushesEnded,
  ranked,
} from "./demo_feed_proof.ts";
import { sendDay } from "./demo_feed_send.ts";
import { billedBetween, createProgress, grouped, type Meter, System } from "./demo_feed_system.ts";
import { readSettings } from "./settings_file.ts";

/** Flushes while the day is written. */
const FLUSHES = 5;
/** By which the app's clock may seem to move, since it is read over HTTP. */
const CLOCK_MS = 2_000;

const running = readSettings();
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    app: { type: "string", default: running.PUBLIC_URL ?? "http://127.0.0.1:8787" },
    redis: { type: "string", default: running.UPSTASH_REDIS_REST_URL ?? "http://127.0.0.1:8079" },
    token: { type: "string", default: running.SERVICE_TOKENS ?? "dev-service-token" },
    database: { type: "string", default: running.DATABASE_URL ?? "" },
    events: { type: "string", default: "200000" },
    seed: { type: "string", default: "1" },
    width: { type: "string", default: "32" },
  },
});

const events = wholeNumber("events", 100, 1_000_000);
const seed = wholeNumber("seed", 0, 2 ** 32 - 1);
const width = wholeNumber("width", 1, 256);
const { app, redis, token } = options;
const system = new System({ app, redis, token });
const before = await requireRunning();
const startedAt = performance.now();
const run = Math.floor(Date.now() / 1_000) % 1_000_000_000;
const plan = planDay({ events, seed, run });
print(
  `A day of seed ${seed}: ${grouped(plan.events)} events (impressions singly) of ` +
    `${grouped(plan.visitors)} visitors on ${grouped(plan.listings.length)} listings,\n` +
    `in ${
      grouped(plan.actions.length)
    } requests, ${width} at once, with ${FLUSHES} flushes meanwhile`,
);

// What nobody has declared is counted, and not ranked.
await system.declare(plan.listings);
const flushes: Promise<string>[] = [];
const show = createProgress("requests", plan.actions.length);
const flushEvery = Math.ceil(plan.actions.length / (FLUSHES + 1));
const sent = await sendDay(plan, {
  app,
  token,
  run,
  width,
  now: system.now,
  onSent(count) {
    show(count);
    if (count % flushEvery === 0) flushes.push(flush(today()));
  },
});
const movedMs = await system.readClock();
const days = [...sent.expected.days.keys()];
print(
  days.length === 1 ? `  all of it on ${days[0]}` : `  over midnight: ${days.join(", ")}`,
);
// What QStash has kept goes to Redis first.
if (sent.later > 0) await system.meterAtRest();
for (const day of days) flushes.push(flush(day));

const database = createPostgres({ url: options.database });
const jobs = await Promise.all(flushes);
await ranked(database, await flushesEnded(database, jobs));
const after = await system.meterAtRest();
print(`  ${jobs.length} flushes have ended, and every kind is ranked\n`);

const findings = [
  ...await compareCounts(database, plan, sent.expected),
  await compareAnswers(system, plan, sent.expected),
  await compareRanking(system, database, plan, sent.expected),
];
await database.close();
const sameCounts = printFindings(findings, sent.expected.totals());
const billed = billedBetween(before, after);
const total = after.commands - before.commands;
const samePrices = printLedger(sent, { billed, total, flushes: jobs.length, days: days.length });
const old = billEvents(oldEvents(plan));
printBills({ billed, old: { ...old.bill, ...billFlush(scanPages(old)) }, keys: old });

if (movedMs > CLOCK_MS) {
  print(
    `\nThe app's clock was moved by ${Math.round(movedMs / 1_000)} s meanwhile: run again`,
  );
}
const addsUp = sameCounts && samePrices && movedMs <= CLOCK_MS;
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
print(`\n${addsUp ? "Everything adds up" : "Something does not add up"}, in ${seconds} s`);
Deno.exit(addsUp ? 0 : 1);

function today(): string {
  return new Date(system.now()).toISOString().slice(0, 10);
}

function flush(day: string): Promise<string> {
  return system.enqueue("feed.flush", { day });
}

function wholeNumber(option: "events" | "seed" | "width", least: number, most: number): number {
  const value = Number(options[option]);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  printError(
    `--${option} must be a whole number from ${least} to ${most}, got ${options[option]}`,
  );
  return Deno.exit(1);
}

async function requireRunning(): Promise<Meter> {
  try {
    if (options.database === "") throw new TypeError("no database");
    await system.readClock();
    return await system.meter();
  } catch {
    printError(
      `Nothing answers at ${app} and ${redis}, or there is no database.\n` +
        "Start `deno task dev` in another terminal of this folder; for one of another folder, add\n" +
        "--app, --redis and --database with the addresses of its table.",
    );
    return Deno.exit(1);
  }
}
