/**
 * Asks the language model once for each request, and answers what was said and how it ended.
 *
 * @module
 */
import { createOpenAi } from "../../shared/adapters/openai.ts";

/** What came of one question. */
export interface Outcome {
  text: string;
  error?: { name: string; retryAfterMs?: number };
}

/** `POST /?stopAfter=2` with the question as its body; without `stopAfter` it listens to the end. */
export function createLlmApp(environment: Record<string, string>) {
  const llm = createOpenAi({
    apiKey: environment.OPENAI_API_KEY,
    baseUrl: environment.OPENAI_BASE_URL,
    model: "gpt-5-mini",
    firstTokenMs: 500,
    betweenTokensMs: 500,
  });
  return {
    async fetch(request: Request): Promise<Response> {
      const stopAfter = Number(new URL(request.url).searchParams.get("stopAfter") ?? Infinity);
      const stop = new AbortController();
      const messages = [{ role: "user" as const, content: await request.text() }];
      const outcome: Outcome = { text: "" };
      let pieces = 0;
      try {
        for await (const piece of llm.stream({ messages }, { signal: stop.signal })) {
          outcome.text += piece;
          if (++pieces === stopAfter) stop.abort();
        }
      } catch (error) {
        const { name, retryAfterMs } = error as { name: string; retryAfterMs?: number };
        outcome.error = { name, retryAfterMs };
      }
      return Response.json(outcome);
    },
  };
}
