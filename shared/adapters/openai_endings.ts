/**
 * Why an answer ended, in the words of the servers that speak OpenAI's chat completions.
 *
 * An answer is whole only for a reason that says so; one that nobody knows is none.
 *
 * @module
 */
import {
  type AppError,
  LlmIncompleteError,
  LlmRejectedError,
  LlmUnavailableError,
} from "../errors.ts";

const WHOLE = words(
  "stop eos eos_token stop_token stop_sequence end_turn end complete completed finished finish",
);
const CUT = words("length max_tokens max_output_tokens max_length model_length context_length");
const WITHHELD = words(
  "content_filter content_filtered content_policy content_policy_violation data_inspection_failed error_toxic " +
    "guardrail_intervened refusal safety image_safety recitation blocklist prohibited_content spii " +
    "model_armor responsibleaipolicyviolation sensitive",
);
const BROKEN = words(
  "error abort aborted cancelled canceled network_error insufficient_system_resource " +
    "resource_exhausted server_error timeout unavailable overloaded",
);
const TOOL = words("tool_calls tool_call tool_use function_call malformed_function_call");

/** What a choice says in `finish_reason`; undefined where that is not the end. */
export function readReason(given: unknown): string | undefined {
  if (typeof given !== "string") return undefined;
  const reason = given.trim().toLowerCase().replace(/[\s-]+/g, "_");
  // Some servers send text where null is meant.
  return /^(|null|none|finish_reason_unspecified)$/.test(reason) ? undefined : reason;
}

/** The error to throw for an answer that ended so; undefined where it is whole. */
export function failureOfEnding(reason: string): AppError | undefined {
  if (WHOLE.has(reason)) return undefined;
  const named = /^[a-z0-9_]{1,64}$/.test(reason) ? reason : "unknown";
  if (CUT.has(reason)) return new LlmIncompleteError("cut", named);
  if (isWithheld(reason)) return new LlmIncompleteError("withheld", named);
  if (BROKEN.has(reason)) {
    return new LlmUnavailableError(
      `Cannot read the answer: the model's provider broke it off (${named})`,
    );
  }
  const because = TOOL.has(reason)
    ? `the model asked for a tool that it was not offered (${named})`
    : `it ended for a reason that is not known (${named})`;
  return new LlmRejectedError(`Cannot finish the answer: ${because}`);
}

/** Whether a provider's name for a reason, or an error, means that it withholds the answer. */
export function isWithheld(name: string): boolean {
  return WITHHELD.has(name.toLowerCase());
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
