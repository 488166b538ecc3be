/**
 * Events that go to QStash while Redis is away: one message each, and one for each isolate and
 * second under load.
 *
 * One of a second's requests gathers the events of the others and publishes them. They answer only
 * once that has succeeded, and publish by themselves where it has not: an event that is published
 * twice counts once. What is shared is plain data: workerd lets no request wait for another's promise.
 *
 * @module
 */
import { AppError } from "../../../shared/mod.ts";
import type { Deps } from "../../deps.ts";
import { type FeedEvent, MOST_SPOOLED } from "./events.ts";

const SECOND_MS = 1_000;
/** How many requests of a second publish at once before the rest is gathered. */
const ALONE = 5;
/** QStash's free plan takes 1 MB; the envelope, and what JSON escapes, need room. */
const MOST_BYTES = 500_000;
const POLL_MS = 25;
/** A second to gather, the 5 that a publish may take, and one more. */
const PATIENCE_MS = 7_000;

interface Batch {
  readonly events: FeedEvent[];
  bytes: number;
  readonly second: number;
  state: "open" | "sealed" | "published" | "failed";
}

/** What one isolate's requests share. */
export class Spool {
  #second = 0;
  /** Requests of this second. */
  #count = 0;
  #alone = ALONE;
  #open?: Batch;

  /** The batch that the event was put into, with whether its request is to publish it; undefined: alone. */
  put(event: FeedEvent, now: number): { batch: Batch; leads: boolean } | undefined {
    const second = Math.floor(now / SECOND_MS);
    if (second !== this.#second) {
      const isLoaded = second === this.#second + 1 && this.#count > ALONE;
      this.#alone = isLoaded ? 0 : ALONE;
      this.#second = second;
      this.#count = 0;
    }
    if (++this.#count <= this.#alone) return undefined;
    const bytes = new TextEncoder().encode(JSON.stringify(event)).length;
    const open = this.#open;
    // One of an earlier second is left alone: whoever leads it is late, or was stopped.
    if (
      open?.state === "open" && open.second === second &&
      open.events.length < MOST_SPOOLED && open.bytes + bytes <= MOST_BYTES
    ) {
      open.events.push(event);
      open.bytes += bytes;
      return { batch: open, leads: false };
    }
    this.#open = { events: [event], bytes, second, state: "open" };
    return { batch: this.#open, leads: true };
  }
}

/** Resolves once QStash has the event. @throws {QueueUnavailableError | QueueRejectedError} */
export async function spoolEvent(deps: Deps, event: FeedEvent): Promise<void> {
  const now = deps.clock.now();
  const put = deps.memory.spool.put(event, now);
  if (!put) return await publish(deps, [event]);
  if (put.leads) {
    await deps.sleep(SECOND_MS - now % SECOND_MS);
    return await lead(deps, put.batch);
  }
  if (!await isPublished(deps, put.batch)) await publish(deps, [event]);
}

async function lead(deps: Deps, batch: Batch): Promise<void> {
  batch.state = "sealed";
  try {
    await publish(deps, batch.events);
    batch.state = "published";
  } catch (error) {
    batch.state = "failed";
    throw error;
  }
}

async function isPublished({ sleep }: Deps, batch: Batch): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += POLL_MS) {
    await sleep(POLL_MS);
    if (batch.state === "published") return true;
    if (batch.state === "failed") return false;
  }
  return false;
}

async function publish({ config, jobs, log }: Deps, events: FeedEvent[]): Promise<void> {
  try {
    await jobs.enqueue("feed.record", { events, uniques: config.feed.uniques });
  } catch (error) {
    const because = error instanceof AppError ? error.code : String(error);
    log.error("events.not_spooled", { events: events.length, because });
    throw error;
  }
  log.warn("events.spooled", { events: events.length });
}
