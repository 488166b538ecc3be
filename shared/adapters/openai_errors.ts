/**
 * What a provider's answers mean, as one of the port's errors.
 *
 * Of its own words only the status and its name for the error are passed on: its texts may hold the
 * key, or what was asked.
 *
 * @module
 */
import { type AppError, LlmRejectedError, LlmUnavailableError } from "../errors.ts";
import { readRetryAfter, SHORTEST_WAIT_MS } from "./retry_after.ts";
import { textWithin } from "./text_within.ts";

const MOST_BYTES = 64 * 1024;
/** How soon settings, or an account, may have been mended. */
const SETTINGS_WAIT_MS = 60_000;
const LONGEST_RESET_MS = 10 * 60_000;

/**
 * The error to throw for an answer that is no success; reads its body. `now` is in epoch ms, `signal`
 * the request's.
 */
export async function failureOf(
  response: Response,
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<AppError> {
  const { status, headers } = response;
  const names = faultNames(await readJson(response, signal));
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

/** The error to throw for `error` in the midst of a stream. */
export function failureInStream(error: unknown): AppError {
  const names = faultNames({ error });
  const text = `Cannot read the answer: the model's provider broke it off${
    names.length > 0 ? ` (${names[0]})` : ""
  }`;
  return names.includes("invalid_request_error")
    ? new LlmRejectedError(text)
    : new LlmUnavailableError(text);
}

/** What to look at where nothing would be answered. */
function settingAtFault(status: number, names: readonly string[]): string | undefined {
  if (status < 400 || status === 405) return "OPENAI_BASE_URL";
  if (status === 404) return "OPENAI_BASE_URL and OPENAI_MODEL";
  if (status === 401 || status === 403) return "OPENAI_API_KEY";
  const isUnpaid = status === 402 || names.includes("insufficient_quota");
  return isUnpaid ? "the plan and the billing of the provider's account" : undefined;
}

/** Its code, then its type. */
function faultNames(body: unknown): string[] {
  const { code, type } = ((body as { error?: unknown } | null)?.error ?? {}) as Record<
    string,
    unknown
  >;
  return [code, type].filter((name): name is string =>
    typeof name === "string" && /^[a-z0-9_]{1,64}$/.test(name)
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

async function readJson(response: Response, signal: AbortSignal): Promise<unknown> {
  try {
    return JSON.parse(await textWithin(response, { mostBytes: MOST_BYTES, signal }) ?? "");
  } catch {
    // A proxy's page, or a connection that broke: the status says enough.
    return undefined;
  }
}
