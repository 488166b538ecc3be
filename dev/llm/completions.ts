/**
 * `POST /v1/chat/completions`: faults, validation, and the answer, streamed or whole.
 *
 * @module
 */
import { brokenConnection } from "../broken_connection.ts";
import { refusals } from "./api_error.ts";
import {
  type CompletionRequest,
  questionIn,
  readCompletionRequest,
  takesTurns,
} from "./completion_input.ts";
import type { LlmFaultKind, LlmFaults, SignOfLife } from "./faults.ts";
import type { RequestLimit } from "./request_limit.ts";
import { type Script, scriptFor, tokensOf } from "./script.ts";
import { type Ending, speak, type SpeakParts } from "./speak.ts";

/** What a request for an answer acts on. */
export interface CompletionParts extends SpeakParts {
  faults: LlmFaults;
  limit: RequestLimit;
  newId: () => string;
  tally: Tally;
  /** Aborts when this server ends. */
  closing: AbortSignal;
}

/** What became of the answers. */
export interface Tally {
  /** Tokens that were said, to whoever listened. */
  tokens: number;
  /** Answers that are being said now. */
  running: number;
  /** Answers that were said to their end. */
  finished: number;
  /** Answers whose listener went away before the end. */
  aborted: number;
}

const signsOfLife: Record<Exclude<SignOfLife, "comment">, Record<string, unknown>> = {
  role: { role: "assistant", content: "" },
  empty: { content: "" },
  tool: { tool_calls: [{ index: 0, function: { arguments: "1" } }] },
  reasoning: { reasoning_content: "Hm" },
};

/** @throws {LlmApiError} */
export async function complete(request: Request, parts: CompletionParts): Promise<Response> {
  const { faults, closing } = parts;
  const asked = readCompletionRequest(await request.json().catch(() => undefined));
  const struck = faults.strike({
    model: asked.model,
    question: questionIn(asked),
    isStream: asked.stream === true,
    parameters: asked.parameters ?? [],
    takesTurns: takesTurns(asked),
  });
  const refusal = refuse(struck, asked, parts);
  if (refusal) return refusal;
  if (struck.some(({ kind }) => kind === "hang")) {
    await new Promise((resolve) => closing.addEventListener("abort", resolve));
    return brokenConnection("llm");
  }
  const completion = {
    asked,
    struck,
    script: scriptFor(asked),
    id: `chatcmpl-${parts.newId()}`,
    created: Math.floor(parts.clock.now() / 1_000),
  };
  if (asked.stream) return streamed(completion, parts);
  if (struck.some(({ kind }) => kind === "fail")) throw refusals.unavailable(500, {});
  return whole(completion, parts);
}

interface Completion {
  asked: CompletionRequest;
  struck: readonly LlmFaultKind[];
  script: Script;
  id: string;
  created: number;
}

/** The answer of the first fault that says nothing. @throws {LlmApiError} */
function refuse(
  struck: readonly LlmFaultKind[],
  { model }: CompletionRequest,
  { limit }: CompletionParts,
): Response | undefined {
  for (const fault of struck) {
    switch (fault.kind) {
      case "limit":
        throw refusals.tooManyRequests(limit.perMinute, { "retry-after": fault.retryAfter ?? "1" });
      case "quota":
        throw refusals.quota();
      case "refuse":
        throw refusals.unavailable(
          fault.status ?? 503,
          fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter },
        );
      case "forbid":
        throw refusals.wrongKey();
      case "noModel":
        throw refusals.noModel(model);
      case "tooLong":
        throw refusals.tooLong();
      case "unsupported":
        throw refusals.invalid(
          `Unsupported parameter: '${fault.parameter}' is not supported with this model.`,
          fault.parameter,
          "unsupported_parameter",
        );
      case "alternate":
        throw refusals.invalid(
          "Conversation roles must alternate user/assistant/user/…",
          "messages",
        );
      case "disconnect":
        return brokenConnection("llm");
    }
  }
  return undefined;
}

function streamed(completion: Completion, parts: CompletionParts): Response {
  const { asked, script, id, created } = completion;
  const left = new AbortController();
  const isUsageWanted = asked.stream_options?.include_usage === true;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => controller.enqueue(encoder.encode(text));
      const line = (data: string) => write(`data: ${data}\n\n`);
      const chunk = (choices: unknown[], usage: unknown = null) =>
        line(JSON.stringify({
          id,
          object: "chat.completion.chunk",
          created,
          model: asked.model,
          service_tier: "default",
          system_fingerprint: "fp_zeropoll",
          choices,
          ...(isUsageWanted && { usage }),
        }));
      const delta = (delta: Record<string, unknown>, finish_reason: string | null = null) =>
        chunk([{ index: 0, delta, logprobs: null, finish_reason }]);
      const live = (sign: SignOfLife) =>
        sign === "comment" ? write(": PROCESSING\n\n") : delta(signsOfLife[sign]);
      const finish = (ending: Ending) => {
        // Who left takes nothing more, not even how it ends.
        if (left.signal.aborted) return;
        if (typeof ending === "object") {
          if (ending.kind === "raw") write(ending.text);
          else if (ending.reason !== null) delta({}, ending.reason);
          if (ending.kind === "end") line("[DONE]");
          return controller.close();
        }
        switch (ending) {
          case "said":
            delta({}, script.finishReason);
            if (isUsageWanted) chunk([], usageOf(completion));
            line("[DONE]");
            return controller.close();
          case "garble":
            line('{"id":"chatcmpl-');
            return controller.close();
          case "fail":
            line(JSON.stringify({ error: refusals.unavailable(500, {}).fault }));
            return controller.close();
          case "unfinished":
            return controller.close();
          case "break":
            return controller.error("llm: connection closed by a fault");
          case "aborted":
            controller.error("llm: the server ends");
        }
      };
      delta({ role: "assistant", content: "", refusal: null });
      void run(completion, parts, {
        gone: left.signal,
        say: (content) => delta({ content }),
        live,
      }).then(finish);
    },
    cancel: () => left.abort(),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
}

/** The head goes out at once, because only a body tells that its reader went away. */
function whole(completion: Completion, parts: CompletionParts): Response {
  const left = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      // Not awaited: a start that has not ended holds back what cancels it.
      const silent = { gone: left.signal, say: () => {}, live: () => {} };
      void run(completion, parts, silent).then((ending) => {
        if (left.signal.aborted) return;
        if (ending === "break" || ending === "aborted") {
          return controller.error("llm: connection closed by a fault");
        }
        const text = typeof ending === "object" && ending.kind === "raw"
          ? ending.text
          : ending === "garble"
          ? "<html>200</html>"
          : wholeText(completion, ending);
        controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      });
    },
    cancel: () => left.abort(),
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}

function wholeText(completion: Completion, ending: Ending): string {
  const { asked, script, id, created } = completion;
  const content = script.tokens.join("");
  return JSON.stringify({
    id,
    object: "chat.completion",
    created,
    model: asked.model,
    choices: [{
      index: 0,
      message: { role: "assistant", content, refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: typeof ending === "object" && ending.kind === "end"
        ? ending.reason
        : ending === "said"
        ? script.finishReason
        : null,
    }],
    usage: usageOf(completion),
    service_tier: "default",
    system_fingerprint: "fp_zeropoll",
  });
}

/** Says it all, and counts. */
async function run(
  { script, struck }: Completion,
  parts: CompletionParts,
  { gone, say, live }: {
    gone: AbortSignal;
    say: (token: string) => void;
    live: (sign: SignOfLife) => void;
  },
): Promise<Ending> {
  const { tally, closing } = parts;
  tally.running++;
  const ending = await speak(script, struck, parts, {
    signal: AbortSignal.any([gone, closing]),
    say: (token) => {
      tally.tokens++;
      say(token);
    },
    live,
  });
  tally.running--;
  if (ending === "said") tally.finished++;
  if (ending === "aborted" && gone.aborted) tally.aborted++;
  return ending;
}

function usageOf({ asked, script }: Completion) {
  const prompt = asked.messages.reduce((total, { content }) => total + tokensOf(content).length, 0);
  const completion = script.tokens.length;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  };
}
