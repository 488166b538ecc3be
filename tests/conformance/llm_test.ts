/**
 * The promises of a language model, kept by the adapter for OpenAI against dev/llm.
 *
 * @module
 */
import { WallClock } from "../../dev/clock.ts";
import type { LlmFault } from "../../dev/llm/faults.ts";
import { createLlmServer } from "../../dev/llm/server.ts";
import { listen } from "../../dev/server.ts";
import { createOpenAi } from "../../shared/adapters/openai.ts";
import type { LlmRequest } from "../../shared/mod.ts";
import { type LlmTrouble, testLlm } from "./llm_suite.ts";

testLlm({
  name: "OpenAI",
  start: () => {
    const server = createLlmServer({ clock: new WallClock(), tokensPerSecond: 200 });
    const listening = listen((request) => server.fetch(request));
    return {
      secret: server.token,
      llm: createOpenAi({
        apiKey: server.token,
        baseUrl: `${listening.url}/v1`,
        model: "gpt-5-mini",
        firstTokenMs: 300,
        betweenTokensMs: 300,
      }),
      meet: (trouble) => void server.faults.add(faultOf(trouble)),
      counts: () => {
        const { requests, tokens, running, finished, aborted } = server.counts();
        return { requests, tokens, running, finished, aborted };
      },
      say: (text) => ask(`/say ${text}`),
      speak: (tokens, tokensPerSecond) => ask(`/tokens ${tokens} /pace ${tokensPerSecond} Hello`),
      [Symbol.asyncDispose]: async () => {
        await server.close();
        await listening.close();
      },
    };
  },
});

function ask(content: string): LlmRequest {
  return { messages: [{ role: "system", content: "Be brief" }, { role: "user", content }] };
}

function faultOf(trouble: LlmTrouble): LlmFault {
  switch (trouble.kind) {
    case "limited":
      return { kind: "limit", retryAfter: trouble.retryAfter };
    case "quota":
      return { kind: "quota", times: 1 };
    case "down":
      return { kind: "refuse", retryAfter: trouble.retryAfter };
    case "wrong settings":
      return { kind: "forbid" };
    case "unknown model":
      return { kind: "noModel" };
    case "too long":
      return { kind: "tooLong" };
    case "disconnected":
      return { kind: "disconnect" };
    case "silent":
      return { kind: "hang" };
    case "silent after":
      return { kind: "stall", afterTokens: trouble.tokens };
    case "broken off after":
      return { kind: "break", afterTokens: trouble.tokens };
    case "garbled after":
      return { kind: "garble", afterTokens: trouble.tokens };
    case "failed after":
      return { kind: "fail", afterTokens: trouble.tokens };
    case "ended without a reason after":
      return { kind: "unfinished", afterTokens: trouble.tokens };
  }
}
