/**
 * What a provider's answers mean, as one of the port's errors.
 *
 * Of its own words only the status and its name for the error are passed on: its texts may hold the
 * key, or what was asked.
 *
 * @module
 */
import {
  type AppError,
  LlmIncompleteError,
  LlmRejectedError,
  LlmUnavailableError,
} from "../errors.ts";
import { isWithheld } from "./openai_endings.ts";
import { readRetryAfter, SHORTEST_WAIT_MS } from "./retry_after.ts";
import { textWithin } from "./text_within.ts";

const MOST_BYTES = 64 * 1024;
/** How soon settings, or an account, may have been mended. */
const SETTINGS_WAIT_MS = 60_000;
const LONGEST_RESET_MS = 10 * 60_000;

/** An answer that is no success, as far as there is something to learn from it. */
export interface Refusal {
  status: number;
  headers: Headers;
  /** Empty where it could not be read. */
  text: string;
}

/** Reads it; `signal` is the request's. */
export async function readRefusal(response: Response, signal: AbortSignal): Promise<Refusal> {
  const { status, headers } = response;
  try {
    const text = await textWithin(response, { mostBytes: MOST_BYTES, signal }) ?? "";
    return { status, headers, text };
  } catch {
    // A connection that broke: the status says enough.
    return { status, headers, text: "" };
  }
}

/** The error to throw for it. `now` is in epoch ms. */
export function failureOf({ status, headers, text: body }: Refusal, now: number): AppError {
  const names = faultNames(readJson(body));
  const withheld = names.find(isWithheld);
  if (withheld !== undefined && status < 500) {
    return new LlmIncompleteError("withheld", withheld.toLowerCase());
  }
  const text = `Cannot ask the model: the provider answered ${status}${
    names.length > 0 ? ` (${names[0]})` : ""
  }`;
  const setting = settingAtFault(status, names);
  if (setting) {
    return new LlmUnavailableError(`${text}; check ${setting}`, { retryAfterMs: SETTINGS_WAIT_MS });
  }
  const retryAfterMs = readRetryAfter(headers.get("retry-after"), now);
  if (status === 429) {
    const waitMs = retryAfterMs ?? untilReset(headers) ?? SHORTEST_WAIT_MS;
    return new LlmUnavailableError(text, { retryAfterMs: waitMs });
  }
  if (status >= 500 || status === 408 || status === 409) {
    return new LlmUnavailableError(text, { retryAfterMs });
  }
  return new LlmRejectedError(text);
}

/** Whether what came in the midst of a stream, or in the place of an answer, is an error in any dialect. */
export function looksLikeError(body: unknown): boolean {
  if (typeof body !== "object" || body === null) return false;
  const said = body as Record<string, unknown>;
  if (said.error || (Array.isArray(said.errors) && said.errors.length > 0)) return true;
  if (Array.isArray(said.choices)) return false;
  return /error$/i.test(`${said.object ?? ""}`) || /error$/i.test(`${said.type ?? ""}`) ||
    ["error_code", "error_type", "error_msg", "error_message", "detail", "fault"].some((name) =>
      Boolean(said[name])
    ) ||
    typeof said.message === "string" || said.success === false ||
    /^(error|failed|failure)$/i.test(`${said.status ?? ""}`) || numbersIn(said).length > 0;
}

/** The error to throw for what {@link looksLikeError}. */
export function failureInStream(body: unknown): AppError {
  const names = faultNames(body);
  const withheld = names.find(isWithheld);
  if (withheld !== undefined) return new LlmIncompleteError("withheld", withheld.toLowerCase());
  const text = `Cannot read the answer: the model's provider broke it off${
    names.length > 0 ? ` (${names[0]})` : ""
  }`;
  const isRefused = names.some((name) => REFUSED.test(name)) ||
    facesOf(body).some((face) => numbersIn(face).some((status) => isFinal(status)));
  return isRefused ? new LlmRejectedError(text) : new LlmUnavailableError(text);
}

/** The same, asked again, would be refused again. */
const REFUSED = /^(invalid_request(_error)?|context_length_exceeded|BadRequestError|validation)$/i;
const isFinal = (status: number) =>
  status >= 400 && status < 500 && ![401, 402, 403, 404, 408, 409, 425, 429].includes(status);

/** Where servers put what is wrong: under `error`, in a list, or by itself. */
function facesOf(body: unknown): Record<string, unknown>[] {
  const { error, errors } = (body ?? {}) as Record<string, unknown>;
  return [error, ...(Array.isArray(errors) ? errors : []), body].filter((face) =>
    typeof face === "object" && face !== null
  ) as Record<string, unknown>[];
}

/** Statuses of HTTP that mean a failure. */
function numbersIn(face: Record<string, unknown>): number[] {
  return [face.code, face.status, face.status_code, face.http_status_code, face.statusCode]
    .filter((value): value is number => typeof value === "number" && value >= 400 && value < 600);
}

/** What to look at where nothing would be answered. */
function settingAtFault(status: number, names: readonly string[]): string | undefined {
  if (status < 400 || status === 405) return "OPENAI_BASE_URL";
  if (status === 404) return "OPENAI_BASE_URL and OPENAI_MODEL";
  if (status === 401 || status === 403) return "OPENAI_API_KEY";
  const isUnpaid = status === 402 || names.includes("insufficient_quota");
  return isUnpaid ? "the plan and the billing of the provider's account" : undefined;
}

/** Its code, then its type, and so on; an `innererror` says more than the code around it. */
function faultNames(body: unknown): string[] {
  return facesOf(body).flatMap((face) => {
    const inner = face.innererror ?? face.inner_error;
    const { code: innerCode } = (inner ?? {}) as Record<string, unknown>;
    return [face.code, face.type, face.error_type, face.error_code, innerCode];
  }).filter((name): name is string =>
    typeof name === "string" && /^[A-Za-z0-9_]{1,64}$/.test(name) && !/^(error|\d+)$/i.test(name)
  );
}

/** The longer of the two resets, as in `20ms` or `1m12s`: it does not say which limit it was. */
function untilReset(headers: Headers): number | undefined {
  const waits = ["requests", "tokens"].map((what) => {
    if (headers.get(`x-ratelimit-remaining-${what}`) !== "0") return undefined;
    return readDuration(headers.get(`x-ratelimit-reset-${what}`) ?? "");
  }).filter((ms) => ms !== undefined);
  if (waits.length === 0) return undefined;
  return Math.min(LONGEST_RESET_MS, Math.max(SHORTEST_WAIT_MS, ...waits));
}

function readDuration(text: string): number | undefined {
  const parts = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/.exec(text);
  if (text === "" || !parts) return undefined;
  const [hours, minutes, seconds, ms] = parts.slice(1).map((part) => Number(part ?? 0));
  return Math.ceil(((hours * 60 + minutes) * 60 + seconds) * 1_000 + ms);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page.
    return undefined;
  }
}
