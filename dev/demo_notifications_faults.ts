/**
 * What goes wrong in the second round of `deno task demo:notifications`.
 *
 * @module
 */
import { createRandom } from "./demo_feed_plan.ts";
import type { System } from "./demo_notifications_system.ts";

/** In real time: what the provider never answers costs this much. */
const MAIL_TIMEOUT_MS = 400;
const LATE_MS = 4_000;
const REORDERED_MS = 1_000;
/** How long a delivery may keep its place under flow control before it is made. */
export const HELD_MS = LATE_MS + REORDERED_MS;
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
  const strikes = (probability: number) => ({
    times: 1e9,
    matches: () => random() < probability,
  });
  const queue = cloud.qstash.faults;
  queue.add({ kind: "duplicate", ...strikes(0.06) });
  queue.add({ kind: "late", ms: LATE_MS, ...strikes(0.04) });
  queue.add({ kind: "reordered", count: 3, withinMs: REORDERED_MS, ...strikes(0.04) });
  // Of first deliveries alone: where QStash does not hear that the last attempt put a job off, it gives
  // the job up, and it waits as a dead letter until somebody replays it.
  const seen = new Set<string | undefined>();
  queue.add({
    kind: "lost",
    times: 1e9,
    matches({ messageId }) {
      const isFirst = !seen.has(messageId);
      seen.add(messageId);
      return isFirst && random() < 0.06;
    },
  });
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
