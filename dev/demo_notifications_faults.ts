/**
 * What goes wrong in the second round of `deno task demo:notifications`.
 *
 * @module
 */
import { createRandom } from "./demo_feed_plan.ts";
import type { System } from "./demo_notifications_system.ts";

/** In real time: what the provider never answers costs this much. */
const MAIL_TIMEOUT_MS = 400;
const OUTAGE_AFTER_MS = 20_000;
const OUTAGE_MS = 50_000;

/** Arms every fault. Returns the undo of those that strike callers, and of all. */
export function armFaults(system: System, seed: number): () => void {
  const { cloud } = system;
  const random = createRandom(seed);
  const { faults } = cloud.mail;
  faults.add({ kind: "limit", retryAfter: "3", probability: 0.04 });
  faults.add({ kind: "refuse", status: 500, probability: 0.03 });
  faults.add({ kind: "refuse", status: 503, retryAfter: "20", probability: 0.03 });
  faults.add({ kind: "disconnect", probability: 0.03 });
  // Accepted, but nobody hears of it.
  faults.add({ kind: "dropReply", probability: 0.03 });
  faults.add({ kind: "garble", probability: 0.03 });
  faults.add({ kind: "hang", times: 2 });
  faults.add({ kind: "quota", retryAfter: "90", times: 1 });
  const strikes = (probability: number, job = "") => ({
    times: 1e9,
    matches: ({ url }: { url: string }) => url.endsWith(job) && random() < probability,
  });
  const queue = cloud.qstash.faults;
  queue.add({ kind: "duplicate", ...strikes(0.06) });
  queue.add({ kind: "late", ms: 4_000, ...strikes(0.04) });
  queue.add({ kind: "reordered", count: 3, ...strikes(0.04) });
  // Not of mail that may wait for the morning: each answer lost there is one more try.
  queue.add({ kind: "lost", ...strikes(0.06, "urgent") });
  const undo = [
    queue.add({ kind: "publishRefused", ...strikes(0.03) }),
    queue.add({ kind: "publishDisconnected", ...strikes(0.03) }),
    queue.add({ kind: "publishReplyLost", ...strikes(0.03) }),
  ];
  cloud.clock.schedule(system.now() + 1, () => undo.forEach((disarm) => disarm()));
  cloud.clock.schedule(system.now() + OUTAGE_AFTER_MS, () => {
    system.isPostgresAway = true;
  });
  cloud.clock.schedule(system.now() + OUTAGE_AFTER_MS + OUTAGE_MS, () => {
    system.isPostgresAway = false;
  });
  system.deploy({ mailTimeoutMs: MAIL_TIMEOUT_MS });
  return () => {
    faults.clear();
    queue.clear();
  };
}
