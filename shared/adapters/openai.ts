/**
 * A language model that speaks OpenAI's chat completions, at any base URL.
 *
 * @module
 */
import { LlmUnavailableError } from "../errors.ts";
import type { Llm } from "../ports.ts";

export interface OpenAiOptions {
  apiKey: string;
  /** With its version, without a trailing slash: `https://api.openai.com/v1`. */
  baseUrl: string;
  model: string;
}

/** Makes the model; one for each isolate. */
export function createOpenAi(_options: OpenAiOptions): Llm {
  return {
    // deno-lint-ignore require-yield -- its first version: it never answers
    async *stream() {
      throw await Promise.resolve(new LlmUnavailableError("Cannot ask the model: not built yet"));
    },
  };
}
