/**
 * `deno task demo:notifications`: thousands of mixed notifications at once through the whole system,
 * and a proof that each arrived once, at the provider's rate, urgent ones first, for its price.
 *
 * It brings its own system, in this process, on a clock that it moves: hours take seconds. Ends with
 * 1 when anything does not add up.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { planRound } from "./demo_notifications_plan.ts";
import { compareInbox, compareLog, compareQuietHours } from "./demo_notifications_proof.ts";
import { holdBack, sendRound } from "./demo_notifications_send.ts";
import { startSystem } from "./demo_notifications_system.ts";

const START = Date.parse("2026-11-21T12:45:00Z");
const { values: options } = parseArgs({
  options: {
    count: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    rate: { type: "string", default: "2" },
  },
});
const count = Number(options.count), seed = Number(options.seed), perSecond = Number(options.rate);
const t0 = performance.now();
await using system = await startSystem({ startAt: START, perSecond });
console.log("up", performance.now() - t0);
const round = planRound({ count, seed, run: 1, perSecond, areAllDeduped: false });
await holdBack(system, round);
console.log("held", performance.now() - t0);
const before = system.cloud.mail.counts().accepted;
system.bill();
let n = 0;
const sent = await sendRound(system, round, (standing) => {
  if (n++ % 200 === 0) console.log(standing, Math.round(performance.now() - t0));
});
const mails = system.cloud.mail.mails().slice(before);
const evidence = { system, round, sent, mails };
for (
  const finding of [
    ...compareInbox(evidence),
    await compareLog(evidence),
    compareQuietHours(evidence),
  ]
) {
  console.log(
    finding.what,
    finding.compared,
    finding.differences.length,
    finding.differences.slice(0, 3),
  );
}
console.log(
  system.bill(),
  system.deferrals,
  system.cloud.mail.counts().refused,
  performance.now() - t0,
);
