/**
 * Counts what QStash would bill: each attempt to deliver to one endpoint is one message.
 *
 * @module
 */
import type { Message } from "./model.ts";

/** What was counted since the start or the last reset. */
export interface MeterSnapshot {
  /** Billed messages: first attempts, retries, callbacks, members of groups, ticks. */
  messages: number;
  /** Of these, attempts after the first. */
  retries: number;
  /** Of these, attempts of callbacks and failure callbacks. */
  callbacks: number;
  /** Accepted messages; free, and duplicates are not among them. */
  publishes: number;
  /** Calls that a fault added; not billed. */
  extraCalls: number;
  /** Billed messages by destination. */
  byDestination: Record<string, number>;
}

export class QstashMeter {
  #counted: MeterSnapshot = empty();

  countPublish(): void {
    this.#counted.publishes++;
  }

  countAttempt(message: Message): void {
    const counted = this.#counted;
    counted.messages++;
    if (message.retried > 0) counted.retries++;
    if (message.kind !== "message") counted.callbacks++;
    const { url } = message.endpoint;
    counted.byDestination[url] = (counted.byDestination[url] ?? 0) + 1;
  }

  countExtraCall(): void {
    this.#counted.extraCalls++;
  }

  snapshot(): MeterSnapshot {
    return { ...this.#counted, byDestination: { ...this.#counted.byDestination } };
  }

  reset(): void {
    this.#counted = empty();
  }
}

function empty(): MeterSnapshot {
  return {
    messages: 0,
    retries: 0,
    callbacks: 0,
    publishes: 0,
    extraCalls: 0,
    byDestination: {},
  };
}
