/**
 * What is not as it should be with the feed, in words for the one who has to act.
 *
 * @module
 */
import { formatCount, formatDuration } from "../../pages/formats.ts";
import { type FeedState, sinceEndOf } from "./page_queries.ts";

export interface Warning {
  /** `watch` may be nothing; `wrong` is something. */
  level: "watch" | "wrong";
  title: string;
  text: string;
}

/** A flush is due at the end of its slot, and QStash may be late. */
const LATE_MS = 30 * 60_000;
/** A day is closed 10 minutes after its end; retries may take longer. */
const PROOF_MS = 70 * 60_000;
/** As long as a flush's chain of jobs may take without anybody worrying. */
const FLUSH_MS = 15 * 60_000;

/** All of it, the worst first. */
export function warningsOf(state: FeedState, flushMs: number): Warning[] {
  const { now, flushed, countedTo, unproven, audit, flushes } = state;
  const warnings: Warning[] = [];
  if (flushed && flushed.drift !== 0n) {
    warnings.push({
      level: "wrong",
      title: `The last flush of ${flushed.day} left a drift of ${formatCount(flushed.drift)}`,
      text: "Redis and Postgres do not agree. Audit that day: it names the listings that differ.",
    });
  }
  if (audit && audit.differing > 0n) {
    warnings.push({
      level: "wrong",
      title: `By the last audit, ${
        formatCount(audit.differing)
      } counts of ${audit.day} have drifted`,
      text: "They stand below. Flush that day once more, then audit it again.",
    });
  }
  const overdue = unproven.filter((day) => sinceEndOf(day, now) > PROOF_MS);
  if (overdue.length > 0) {
    warnings.push({
      level: "wrong",
      title: `Not proven to be complete: ${overdue.join(", ")}`,
      text:
        "It is tried again every 6 hours, and Redis forgets a day when 7 more have passed. Audit " +
        "it, and look for feed.close among the dead letters (GET /api/dead-letters).",
    });
  }
  const [newest] = flushes;
  if (newest && newest.endedAt === undefined && now - newest.startedAt > FLUSH_MS) {
    warnings.push({
      level: "wrong",
      title: `A flush that began ${formatDuration(now - newest.startedAt)} ago has not ended`,
      text: "QStash tries it again by itself; when that has failed, it is among the dead letters.",
    });
  }
  if (countedTo !== undefined && now - countedTo > flushMs + LATE_MS) {
    warnings.push({
      level: "watch",
      title: `No flush for ${formatDuration(now - countedTo)}`,
      text: `While there is traffic, one comes every ${formatDuration(flushMs)}. Without traffic ` +
        "that is as it should be; a flush now tells the two apart.",
    });
  }
  return warnings;
}
