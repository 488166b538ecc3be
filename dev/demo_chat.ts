/**
 * `deno task demo:chat`: 50 conversations at once, half of them in the request and half by a job, two
 * tabs at each reply, one of which leaves and comes back. Proves that every tab holds what is stored,
 * and holds what it cost against the price list, and against the designs before.
 *
 * It brings its own system, in this process. Ends with 1 when anything does not add up.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { print, printError } from "../shared/adapters/terminal.ts";
import { billDifferences, billMessages, billModes, billRows } from "./demo_chat_bill.ts";
import { planChat } from "./demo_chat_plan.ts";
import {
  createStatus,
  printIdle,
  printMessages,
  printModes,
  printRows,
} from "./demo_chat_print.ts";
import { findingsOf } from "./demo_chat_proof.ts";
import { idleHour } from "./demo_chat_idle.ts";
import { startSystem, type System } from "./demo_chat_system.ts";
import { talk } from "./demo_chat_talk.ts";
import { printFindings } from "./demo_notifications_print.ts";

/** Watchdogs come 35 s after their reply, what was put off 30 s later. */
const UNTIL_ALL_CAME_MS = 90_000;

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    conversations: { type: "string", default: "50" },
    exchanges: { type: "string", default: "3" },
    tokens: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
  },
});
const conversations = wholeNumber("conversations", options.conversations, 2, 200);
const exchanges = wholeNumber("exchanges", options.exchanges, 1, 10);
const tokens = wholeNumber("tokens", options.tokens, 20, 2_000);
const seed = wholeNumber("seed", options.seed, 0, 1_000_000);

const startedAt = performance.now();
const addsUp = await run().catch((error) => {
  // As when the machine is too slow for Postgres: said, not thrown.
  printError(`\nThe demo broke off: ${error instanceof Error ? error.message : error}`);
  return false;
});
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
print(`\n${addsUp ? "Everything adds up" : "Something does not add up"}, in ${seconds} s`);
Deno.exit(addsUp ? 0 : 1);

async function run(): Promise<boolean> {
  await using system = await startSystem();
  const plan = planChat({ conversations, exchanges, tokens, seed });
  const replies = conversations * exchanges;
  print(
    `\n${conversations} conversations with ${exchanges} questions each, half direct and half queued;\n` +
      `replies of ${tokens} tokens at 50 a second, two tabs at each, one of which leaves and returns`,
  );
  const status = createStatus(system, replies);
  const talked = await talk(system, plan, status);
  status.end();
  await settled(system);
  const metered = system.metered();
  const isProven = printFindings(await findingsOf(system, talked));
  const areCheap = printModes(billModes(system, talked));
  const isBilled = printRows(
    billRows(system, talked, metered),
    metered,
    billDifferences(system, metered),
  );
  const areFew = printMessages(billMessages(talked, metered));
  const isIdle = printIdle(await idleHour(system, talked));
  return isProven && areCheap && isBilled && areFew && isIdle;
}

/** Moves on until every watchdog has come and every request has ended. */
async function settled(system: System): Promise<void> {
  await system.pass(UNTIL_ALL_CAME_MS);
  if (!await system.atRest()) print(`  ${system.open()} requests have not ended`);
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  printError(`--${option} must be a whole number from ${least} to ${most}, got ${text}`);
  return Deno.exit(1);
}
