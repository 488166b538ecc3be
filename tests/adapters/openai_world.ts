/**
 * A provider that answers byte by byte as it is told, and the adapter for OpenAI before it.
 *
 * @module
 */
import { listen } from "../../dev/server.ts";
import { createOpenAi, type OpenAiOptions } from "../../shared/adapters/openai.ts";
import type { LlmRequest } from "../../shared/mod.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
export const request: LlmRequest = {
  messages: [{ role: "system", content: "Be brief" }, {
    role: "user",
    content: "a secret of mine",
  }],
};
export const never = new AbortController().signal;

/** Asks a provider that answers `answer`; what was said, what came of it, and what was asked. */
export async function askOf(
  answer: () => Response,
  asking: Partial<LlmRequest> = {},
  options: Partial<OpenAiOptions> = {},
) {
  const asked: { target: string; headers: Headers; body: unknown }[] = [];
  const listening = listen(async (request) => {
    const target = `${request.method} ${new URL(request.url).pathname}`;
    asked.push({
      target,
      headers: new Headers(request.headers),
      body: await request.json(),
    });
    return answer();
  });
  const llm = createOpenAi({
    apiKey: "sk-secret",
    baseUrl: `${listening.url}/v1`,
    model: "gpt-5-mini",
    clock: { now: () => NOW },
    firstTokenMs: 250,
    betweenTokensMs: 150,
    ...options,
  });
  let text = "";
  let outcome: { name: string; message: string; retryAfterMs?: number } | undefined;
  try {
    for await (const piece of llm.stream({ ...request, ...asking }, { signal: never })) {
      text += piece;
    }
  } catch (error) {
    outcome = error as Error;
  }
  await listening.close();
  return { text, outcome, asked };
}

export const chunk = (delta: unknown, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
export const said = (content: string) => chunk({ content });
export const STOP = chunk({}, "stop");
export const DONE = "data: [DONE]\n\n";

/** A stream of these parts; a number is a pause in ms, `open` leaves it without an end. */
export function stream(...parts: (string | number | Uint8Array)[]) {
  return () => {
    const encoder = new TextEncoder();
    const left = new AbortController();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        void (async () => {
          for (const part of parts) {
            if (left.signal.aborted) return;
            if (typeof part === "number") await new Promise((wake) => setTimeout(wake, part));
            else if (part === "open") return;
            else controller.enqueue(typeof part === "string" ? encoder.encode(part) : part);
          }
          if (!left.signal.aborted) controller.close();
        })();
      },
      cancel: () => left.abort(),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
}
