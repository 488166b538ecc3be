/**
 * From a job and its envelope to the message that QStash carries.
 *
 * @module
 */
import { BodyInvalidError, type FieldFault, UnsupportedDelayError } from "../../errors.ts";
import type { JobEnvelope } from "../../contracts/job.ts";
import type { Delivery, Publication } from "../../ports.ts";
import { deduplicationId } from "./identity.ts";
import type { EnqueueOptions, Job, Registry } from "./job.ts";

type RegisteredJob = Registry[string];

/** The URL that a job is delivered to; deliveries are signed for exactly this text. */
export function deliveryUrl(publicUrl: string, job: string): string {
  return `${publicUrl}/qstash/jobs/${job}`;
}

/** The URL that QStash tells of a job that failed for good. */
export function failureUrl(publicUrl: string): string {
  return `${publicUrl}/qstash/failures`;
}

/** What deliveries go by besides their job. */
export interface DeliverySettings {
  /** Where QStash reaches this app. */
  publicUrl: string;
  /**
   * How often QStash repeats a delivery that found no app, no lease or no Postgres. Default: 5, which
   * every plan allows and which reaches over 7 h.
   */
  redeliveries?: number;
  /** What tells this app from others; stands in each message. */
  origin?: string;
}

/**
 * QStash's expression for the wait before redelivery `retried + 1`: 5 s, 1 min, 10 min, 1 h, then 6 h
 * each. A sum of steps: `+`, `*`, `min` and `floor` of two values are what its documentation shows.
 */
const REDELIVERY_DELAY = [
  "5000",
  "55000 * min(1, retried)",
  "540000 * min(1, floor(retried * 0.5))",
  "3000000 * min(1, floor(retried * 0.34))",
  "18000000 * min(1, floor(retried * 0.25))",
].join(" + ");

/** How QStash delivers this job. Its `retries` are runs: they are not QStash's to count. */
export function deliveryOf(
  { publicUrl, redeliveries = 5 }: DeliverySettings,
  job: RegisteredJob,
  body: string,
  label: string,
): Delivery {
  return {
    url: deliveryUrl(publicUrl, job.name),
    body,
    label,
    retries: redeliveries,
    retryDelay: REDELIVERY_DELAY,
    timeoutMs: job.timeoutMs,
    flowControl: job.flowControl,
    failureCallbackUrl: failureUrl(publicUrl),
  };
}

/** The message of an envelope that has an id. */
export function publicationOf(
  settings: DeliverySettings,
  job: RegisteredJob,
  envelope: JobEnvelope & { id: string },
  notBefore?: number,
): Publication {
  const { origin } = settings;
  const sent = origin === undefined ? envelope : { origin, ...envelope };
  return {
    ...deliveryOf(settings, job, JSON.stringify(sent), envelope.id),
    deduplicationId: deduplicationId(envelope.id, envelope.generation),
    notBefore,
  };
}

/** How long the job itself waits after its run number `attempt` (from 0) has failed, in ms. */
export function retryWaitMs({ backoff }: Pick<Job, "backoff">, attempt: number): number {
  // As QStash by itself: e^(2.5 n) seconds before retry number n, at most a day.
  if (!backoff) return Math.floor(Math.min(86_400, Math.exp(2.5 * (attempt + 1)))) * 1_000;
  const { first, factor = 2, max = 3_600_000 } = backoff;
  return Math.min(max, first * factor ** attempt);
}

/** QStash holds a message for up to a year, on its free plan for 7 days. */
const MOST_DAYS = 365;

/**
 * The moment that the options ask for, or undefined for now. `path` is where they stand in the body.
 *
 * @throws {UnsupportedDelayError} if it is no moment, a negative wait, or one of more than a year
 */
export function notBeforeOf(
  options: EnqueueOptions,
  now: number,
  path = "",
): number | undefined {
  const mostMs = MOST_DAYS * 86_400_000;
  if (options.notBefore !== undefined) {
    const moment = Number(options.notBefore);
    if (!Number.isFinite(moment)) {
      throw new UnsupportedDelayError(`${path}notBefore`, "it is not a moment");
    }
    if (moment > now + mostMs) {
      const message = `it must be within ${MOST_DAYS} days`;
      throw new UnsupportedDelayError(`${path}notBefore`, message);
    }
    return moment;
  }
  const { delayMs = 0 } = options;
  if (!(delayMs >= 0 && delayMs <= mostMs)) {
    const message = `it must be 0 or more, and at most ${MOST_DAYS} days, got ${delayMs} ms`;
    throw new UnsupportedDelayError(`${path}delay`, message);
  }
  return delayMs === 0 ? undefined : now + delayMs;
}

/** @throws {BodyInvalidError} naming each field, after `path`, that the job would not take */
export function assertInput(job: RegisteredJob, input: unknown, path = "input"): void {
  const parsed = job.input.safeParse(input);
  if (!parsed.success) throw new BodyInvalidError(fieldFaults(parsed.error.issues, path), "input");
}

interface Issue {
  path: PropertyKey[];
  message: string;
}

function fieldFaults(issues: readonly Issue[], start: string): FieldFault[] {
  return issues.map(({ path, message }) => ({
    path: path.reduce<string>(
      (text, part) => typeof part === "number" ? `${text}[${part}]` : `${text}.${String(part)}`,
      start,
    ),
    message,
  }));
}
