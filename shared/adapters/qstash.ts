/**
 * The queue port over the vendor's QStash client.
 *
 * The client has no timeout, so each call is given one; a call that got no answer is made once
 * more. That is harmless: every publish carries a deduplication id, all else is absolute.
 *
 * @module
 */
import { startOf } from "../contracts/text.ts";
import { Client, type PublishRequest } from "@upstash/qstash";
import type { Clock, Delivery, Publication, Published, Queue, QueueSchedule } from "../ports.ts";
import { QueueRejectedError } from "../errors.ts";
import { queueFailure, statusOf } from "./qstash_errors.ts";
import { readDeadLetter, readEvent, readSchedule, TIMEOUT_HEADER } from "./qstash_records.ts";

export interface QstashOptions {
  url: string;
  token: string;
  clock: Clock;
  /** How long one call may take, in ms. Default: 5 s. */
  timeoutMs?: number;
}

const RETRY_AFTER_MS = 100;
const PAGE = 100;
const MOST_PAGES = 10;
/** What a label may be: a comma would make it two, and an empty one would match every message. */
const LABEL = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Makes the queue; one for each isolate. */
export function createQstash(options: QstashOptions): Queue {
  const { url, token, clock, timeoutMs = 5_000 } = options;
  const client = new Client({
    baseUrl: url,
    token,
    // Never the environment's word: dev mode swaps in public credentials.
    devMode: false,
    enableTelemetry: false,
    // It would repeat a request whose connection failed, but not one whose answer broke off.
    retry: false,
  });

  async function call<T>(act: string, work: () => Promise<T>): Promise<T> {
    let late = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late = true;
        reject(new DOMException("late", "TimeoutError"));
      }, timeoutMs);
    });
    async function twice(): Promise<T> {
      try {
        return await work();
      } catch (error) {
        if (statusOf(error) !== undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
        if (late) throw error;
        return await work();
      }
    }
    try {
      return await Promise.race([twice(), timeout]);
    } catch (error) {
      throw queueFailure(act, error, clock.now());
    } finally {
      clearTimeout(timer);
    }
  }

  /** What the plan allows, where it has refused more. */
  let mostRetries = Infinity;

  /** Publishes with as many retries as the plan allows: to be refused for one too many helps nobody. */
  async function withinPlan<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const allowed = retriesAllowed(error, mostRetries);
        if (allowed === undefined || allowed >= mostRetries) throw error;
        mostRetries = allowed;
      }
    }
  }

  function request(publication: Publication): PublishRequest<string> {
    const waitMs = (publication.notBefore ?? 0) - clock.now();
    return {
      ...deliverySettings(publication, mostRetries),
      url: publication.url,
      headers: { "content-type": "application/json", ...callbackHeaders(publication, mostRetries) },
      deduplicationId: publication.deduplicationId,
      // As a wait, not as a moment: QStash's clock may not be ours, and its limit is on waits.
      ...(waitMs > 0 && { delay: Math.ceil(waitMs / 1_000) }),
    };
  }

  return {
    async publish(publication) {
      return await withinPlan(async () => {
        const sent = request(publication);
        return published(await call("publish", () => client.publish(sent)) as BatchAnswer);
      });
    },

    async publishMany(publications) {
      if (publications.length === 0) return [];
      return await withinPlan(async () => {
        const sent = publications.map(request);
        const answers = await call("publish", () => client.batch(sent));
        return (answers as BatchAnswer[]).map(published);
      });
    },

    async cancel(label) {
      assertLabel(label);
      const { cancelled } = await call("cancel", async () => {
        return await client.messages.cancel({ filter: { label } }) as { cancelled: number };
      });
      return cancelled;
    },

    async history(label, { pages = MOST_PAGES } = {}) {
      assertLabel(label);
      const events = [];
      let cursor: string | undefined;
      for (let page = 0; page < pages; page++) {
        const answer = await call(
          "read the log",
          () => client.logs({ filter: { label }, count: PAGE, cursor }),
        );
        for (const entry of answer.logs) {
          // Should a server not know the filter, another job's events must not pass for this one's.
          if (entry.label === label || entry.labels?.includes(label)) {
            const event = readEvent(entry);
            if (event) events.push(event);
          }
        }
        cursor = answer.cursor || undefined;
        if (!cursor) break;
      }
      return events.sort((one, other) => other.at - one.at);
    },

    async created(cursor) {
      const answer = await call(
        "read the log",
        () => client.logs({ filter: { state: "CREATED" }, count: PAGE, cursor }),
      );
      const events = answer.logs.map(readEvent)
        // Should a server not know the filter, each message is still looked at once.
        .filter((event) => event?.state === "CREATED")
        .flatMap((event) => event ?? []);
      return { events, ...(answer.cursor && { cursor: answer.cursor }) };
    },

    async deadLetters(cursor) {
      const answer = await call(
        "list dead letters",
        () => client.dlq.listMessages({ count: PAGE, cursor }),
      );
      return {
        letters: answer.messages.map(readDeadLetter),
        ...(answer.cursor && { cursor: answer.cursor }),
      };
    },

    async removeDeadLetter(id) {
      await call("remove a dead letter", () => client.dlq.delete(id).catch(ignoreMissing));
    },

    async removeDeadLetters(ids) {
      // An empty list would be a filter that every letter matches.
      if (ids.length === 0) return;
      await call(
        "remove dead letters",
        () => client.dlq.delete([...ids]).then(() => {}, ignoreMissing),
      );
    },

    async schedules() {
      return (await call("list schedules", () => client.schedules.list())).map(readSchedule);
    },

    async putSchedule(schedule: QueueSchedule) {
      await withinPlan(() =>
        call("put a schedule", () =>
          client.schedules.create({
            ...deliverySettings(schedule, mostRetries),
            destination: schedule.url,
            scheduleId: schedule.id,
            cron: schedule.cron,
            headers: {
              "content-type": "application/json",
              // A schedule's timeout cannot be read back, so it rides along where it can.
              [TIMEOUT_HEADER]: String(schedule.timeoutMs),
              ...callbackHeaders(schedule, mostRetries),
            },
          }))
      );
    },

    async removeSchedule(id) {
      await call("remove a schedule", () => client.schedules.delete(id).catch(ignoreMissing));
    },
  };
}

/** The failure callback is told as patiently as its message was; the client has no names for this. */
function callbackHeaders(delivery: Delivery, mostRetries: number): Record<string, string> {
  if (delivery.failureCallbackUrl === undefined) return {};
  return {
    "Upstash-Failure-Callback-Retries": String(Math.min(delivery.retries, mostRetries)),
    ...(delivery.retryDelay && { "Upstash-Failure-Callback-Retry-Delay": delivery.retryDelay }),
  };
}

/** Retries that QStash would take, where it refused `most` of them; undefined where that was not it. */
function retriesAllowed(error: unknown, most: number): number | undefined {
  if (!(error instanceof QueueRejectedError)) return undefined;
  const refused = /max ?retries exceeded(?:\D*(\d+))?/i.exec(error.message);
  if (!refused) return undefined;
  // Not every plan says how many: 5 are what the free plan takes today, 3 what a message has by default.
  return refused[1] ? Number(refused[1]) : [5, 3].find((fewer) => fewer < most);
}

function deliverySettings(delivery: Delivery, mostRetries: number) {
  const { body, label, retries, retryDelay, timeoutMs, flowControl, failureCallbackUrl } = delivery;
  assertLabel(label);
  return {
    body,
    label,
    retries: Math.min(retries, mostRetries),
    retryDelay,
    timeout: Math.ceil(timeoutMs / 1_000),
    failureCallback: failureCallbackUrl,
    ...(flowControl && {
      flowControl: {
        key: flowControl.key,
        rate: flowControl.rate,
        period: flowControl.periodSeconds,
        parallelism: flowControl.parallelism,
      } as PublishRequest["flowControl"],
    }),
  };
}

interface BatchAnswer {
  messageId?: string;
  deduplicated?: boolean;
  error?: string;
}

function published({ messageId, deduplicated, error }: BatchAnswer): Published {
  if (messageId === undefined) {
    throw new QueueRejectedError(`Cannot publish: ${startOf(error ?? "no message id", 200)}`);
  }
  return { messageId, deduplicated: deduplicated ?? false };
}

/** The vendor's client drops an undefined filter, and then every message would match. */
function assertLabel(label: unknown): asserts label is string {
  if (typeof label !== "string" || !LABEL.test(label)) {
    throw new TypeError("Cannot use this label: it must be 1 to 128 of A-Z, a-z, 0-9, _ . : -");
  }
}

function ignoreMissing(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}
