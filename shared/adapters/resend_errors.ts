/**
 * What Resend's answers mean, as one of the port's errors.
 *
 * Of the provider's own words only the status and its name for the error are passed on: its texts
 * may hold addresses.
 *
 * @module
 */
import {
  type AppError,
  MailRefusedError,
  MailRejectedError,
  MailUnavailableError,
} from "../errors.ts";
import { readRetryAfter, SHORTEST_WAIT_MS } from "./retry_after.ts";
import { textWithin } from "./text_within.ts";

const MOST_BYTES = 64 * 1024;
/** How long a quota is taken to last when nothing says so. */
const QUOTA_WAIT_MS = 3_600_000;
/** How soon settings may have been mended. */
const SETTINGS_WAIT_MS = 5 * 60_000;

interface Fault {
  name?: string;
  message?: string;
}

/** A body that was read as JSON; undefined where it cannot be. `signal` is the request's. */
export async function readJson(response: Response, signal: AbortSignal): Promise<unknown> {
  try {
    return JSON.parse(await textWithin(response, { mostBytes: MOST_BYTES, signal }) ?? "");
  } catch {
    // A proxy's page, or a connection that broke: the caller says what that means.
    return undefined;
  }
}

/** The error to throw for a call without an answer. */
export function noAnswer(cause: unknown): MailUnavailableError {
  const isLate = cause instanceof DOMException && cause.name === "TimeoutError";
  const because = isLate ? "Resend did not answer in time" : "the connection to Resend failed";
  return new MailUnavailableError(`Cannot send mail: ${because}`, { cause });
}

/**
 * The error to throw for an answer that is no success; `now` is in epoch ms. Undefined where the
 * key stood for other content before: that mail was accepted.
 */
export function failureOf(
  response: Response,
  body: unknown,
  now: number,
): AppError | undefined {
  const { status } = response;
  const { name, message } = faultIn(body);
  const text = `Cannot send mail: Resend answered ${status}${name ? ` (${name})` : ""}`;
  const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), now);
  if (status === 429) {
    const usualMs = /quota/.test(name ?? "") ? QUOTA_WAIT_MS : SHORTEST_WAIT_MS;
    return new MailUnavailableError(text, {
      isLimited: true,
      retryAfterMs: retryAfterMs ?? usualMs,
    });
  }
  if (status === 409 && name === "invalid_idempotent_request") return undefined;
  if (status === 409) {
    return new MailUnavailableError(text, { retryAfterMs: retryAfterMs ?? SHORTEST_WAIT_MS });
  }
  const setting = settingAtFault(status, name, message);
  if (setting) {
    return new MailUnavailableError(`${text}; check ${setting}`, {
      retryAfterMs: SETTINGS_WAIT_MS,
    });
  }
  if (status >= 500 || status === 408) return new MailUnavailableError(text, { retryAfterMs });
  if ((status === 422 || status === 400) && isAboutRecipient(name, message)) {
    return new MailRefusedError(`${text}: it does not take the address`);
  }
  return new MailRejectedError(text);
}

/** What to look at where no mail would be taken: it is held back until that is mended. */
function settingAtFault(
  status: number,
  name: string | undefined,
  message: string | undefined,
): string | undefined {
  if (status === 401 || status === 403) {
    return "RESEND_API_KEY, and that the domain of MAIL_FROM is verified";
  }
  if (status < 400 || status === 404 || status === 405) return "RESEND_BASE_URL";
  const isFrom = name === "invalid_from_address" ||
    /\binvalid [`'"]?from[`'"]?( field|\b)/i.test(message ?? "");
  return (status === 422 || status === 400) && isFrom ? "MAIL_FROM" : undefined;
}

function faultIn(body: unknown): Fault {
  const { name, message } = (body ?? {}) as Record<string, unknown>;
  return {
    name: typeof name === "string" && /^[a-z0-9_]{1,64}$/.test(name) ? name : undefined,
    message: typeof message === "string" ? message : undefined,
  };
}

/** The name is the same for every field; which one it is stands in the text alone. */
function isAboutRecipient(name: string | undefined, message: string | undefined): boolean {
  return name === "invalid_to_address" ||
    /\binvalid [`'"]?to[`'"]?( field|\b)/i.test(message ?? "");
}
