/**
 * A request for chat completions, as far as this server looks at it.
 *
 * @module
 */
import * as z from "zod";
import { refusals } from "./api_error.ts";

const Part = z.object({ type: z.literal("text"), text: z.string() });
const Content = z.union([
  z.string(),
  z.array(Part).transform((parts) => parts.map(({ text }) => text).join("")),
]);
const mostTokens = z.int().positive().nullish();

const CompletionRequest = z.object({
  model: z.string().min(1),
  messages: z.array(z.object({
    role: z.enum(["system", "developer", "user", "assistant"]),
    content: Content,
  })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: mostTokens,
  max_completion_tokens: mostTokens,
  response_format: z.discriminatedUnion("type", [
    z.object({ type: z.literal("text") }),
    z.object({ type: z.literal("json_object") }),
    z.object({
      type: z.literal("json_schema"),
      json_schema: z.object({ name: z.string().min(1), schema: z.record(z.string(), z.unknown()) }),
    }),
  ]).nullish(),
  user: z.string().nullish(),
});
export type CompletionRequest = z.infer<typeof CompletionRequest> & {
  /** The names of what was given, known here or not. */
  parameters?: readonly string[];
};

/** @throws {LlmApiError} naming the first thing that is wrong */
export function readCompletionRequest(body: unknown): CompletionRequest {
  if (typeof body !== "object" || body === null) {
    throw refusals.invalid("We could not parse the JSON body of your request.", null);
  }
  const parsed = CompletionRequest.safeParse(body);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    const param = path.reduce<string>(
      (name, part) =>
        typeof part === "number"
          ? `${name}[${part}]`
          : name
          ? `${name}.${String(part)}`
          : `${String(part)}`,
      "",
    );
    const isMissing = path.length === 1 && !(path[0] in body);
    throw isMissing
      ? refusals.invalid(
        `Missing required parameter: '${param}'.`,
        param,
        "missing_required_parameter",
      )
      : refusals.invalid(`Invalid value for '${param}': ${message}.`, param, "invalid_value");
  }
  const request = { ...parsed.data, parameters: Object.keys(body) };
  assertSupported(request);
  return request;
}

/** The last message of the user. */
export function questionIn({ messages }: CompletionRequest): string {
  return messages.findLast(({ role }) => role === "user")?.content ?? "";
}

/** Whether user and assistant take turns, the user first. */
export function takesTurns({ messages }: CompletionRequest): boolean {
  return messages.filter(({ role }) => role === "user" || role === "assistant")
    .every(({ role }, index) => (role === "user") === (index % 2 === 0));
}

function assertSupported(request: CompletionRequest): void {
  const { model, messages, response_format: format } = request;
  if (request.stream_options && !request.stream) {
    throw refusals.invalid(
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      "stream_options",
    );
  }
  // The models that reason first take the newer name alone.
  if (request.max_tokens && /^(o\d|gpt-5)/.test(model)) {
    throw refusals.invalid(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      "max_tokens",
      "unsupported_parameter",
    );
  }
  if (format?.type === "json_object" && !messages.some(({ content }) => /json/i.test(content))) {
    throw refusals.invalid(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      "messages",
    );
  }
}
