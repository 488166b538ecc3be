/**
 * What went wrong with a call to QStash, as one of the port's errors.
 *
 * QStash's own words are passed on, cut short: they name settings and quotas, never a payload.
 *
 * @module
 */
import { startOf } from "../contracts/text.ts";
import { QstashError } from "@upstash/qstash";
import {
  AppError,
  QueueRejectedError,
  QueueUnavailableError,
  RequestError,
  UnsupportedDelayError,
} from "../errors.ts";

/** The HTTP status of a failed call, if QStash answered at all. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof QstashError ? error.status : undefined;
}

/** The error to throw for `error`, which the SDK threw while doing `act`. `now` is in epoch ms. */
export function queueFailure(act: string, error: unknown, now: number): Error {
  if (error instanceof AppError) return error;
  const status = statusOf(error);
  if (status === undefined) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    const because = late ? "QStash did not answer in time" : "the connection to QStash failed";
    return new QueueUnavailableError(`Cannot ${act}: ${because}`, { cause: error });
  }
  if (status === 429) {
    return new QueueUnavailableError(`Cannot ${act}: QStash's limit is reached`, {
      retryAfterMs: untilReset(error, now),
    });
  }
  if (status >= 500) {
    return new QueueUnavailableError(`Cannot ${act}: QStash answered ${status}`);
  }
  const text = errorText(error as QstashError);
  const maxDelay = /max ?delay exceeded(?:.*?(\d+))?/i.exec(text);
  if (maxDelay) {
    const limit = maxDelay[1] ? `${maxDelay[1]} seconds` : "less";
    return new UnsupportedDelayError("delay", `the plan holds a message for at most ${limit}`);
  }
  if (status === 412 && /size/i.test(text)) {
    return new RequestError("body_too_large", `Cannot ${act}: the plan's messages are smaller`);
  }
  return new QueueRejectedError(`Cannot ${act}: QStash answered ${status}: ${text}`);
}

/** Ms until the limit's window ends; the SDK hands on the header, in unix seconds. */
function untilReset(error: unknown, now: number): number | undefined {
  const reset = Number((error as { reset?: string | null }).reset ?? NaN);
  return Number.isFinite(reset) && reset > 0 ? Math.max(1_000, reset * 1_000 - now) : undefined;
}

function errorText({ message }: QstashError): string {
  try {
    return startOf(String((JSON.parse(message) as { error?: unknown }).error ?? ""), 200);
  } catch {
    // Not QStash's own words but a proxy's page: of no use to anyone.
    return "it gave no reason";
  }
}
