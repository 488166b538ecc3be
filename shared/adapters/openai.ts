/**
 * A language model that speaks OpenAI's chat completions, at any base URL.
 *
 * One request for each answer and no retry of its own: who asks knows when to come again. Time is
 * kept by the platform's timers, and only while somebody waits for the next piece.
 *
 * @module
 */
import { AppError, LlmRejectedError, LlmUnavailableError } from "../errors.ts";
import type { Clock, Llm, LlmRequest } from "../ports.ts";
import { readerUntil } from "./body_reader.ts";
import { readAnswer } from "./openai_answer.ts";
import { failureOf } from "./openai_errors.ts";
import { systemClock } from "./system.ts";

export interface OpenAiOptions {
  apiKey: string;
  /** With its version, without a trailing slash: `https://api.openai.com/v1`. */
  baseUrl: string;
  model: string;
  /** How long the first piece may take from when it was asked for, in ms. Default: 20,000. */
  firstTokenMs?: number;
  /** How long each further piece may take, in ms. Default: 15,000. */
  betweenTokensMs?: number;
  /** What a `Retry-After` that is a date is compared with. Default: the system's. */
  clock?: Clock;
}

/** How long the body may stay open once all is said; then it is cut, so that nobody waits for it. */
const AFTER_END_MS = 1_000;
const AFTER_DONE_MS = 50;

/** Makes the model; one for each isolate. */
export function createOpenAi(options: OpenAiOptions): Llm {
  return {
    stream: (request, { signal }) => textOf(answer(options, request, signal)),
    async complete(request, { signal }) {
      let whole = "";
      for await (const { text, endedBy } of answer(options, request, signal)) {
        if (endedBy === "length") {
          throw new LlmRejectedError("Cannot use the answer: it does not fit into maxTokens");
        }
        if (endedBy === "content_filter") {
          throw new LlmRejectedError("Cannot use the answer: the provider withholds it");
        }
        whole += text;
      }
      signal.throwIfAborted();
      return whole;
    },
  };
}

async function* textOf(pieces: AsyncIterable<Piece>): AsyncGenerator<string> {
  for await (const { text } of pieces) {
    if (text !== "") yield text;
  }
}

interface Piece {
  text: string;
  /** The provider's reason, with the last piece. */
  endedBy?: string;
}

async function* answer(
  options: OpenAiOptions,
  request: LlmRequest,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const { firstTokenMs = 20_000, betweenTokensMs = 15_000, clock = systemClock } = options;
  if (signal.aborted) return;
  const call = new AbortController();
  // At once, even where nobody asks for the next piece just then.
  const stop = () => call.abort();
  signal.addEventListener("abort", stop, { once: true });
  const patience = new Patience(stop);
  const asked = requestFor(options, request, call.signal);
  let isEnded = false;
  let isRefused = false;
  try {
    patience.start(firstTokenMs);
    const response = await fetch(asked);
    isRefused = !response.ok;
    if (isRefused) throw await failureOf(response, { now: clock.now(), signal: call.signal });
    const body = response.body ?? new Blob([]).stream();
    for await (const part of readAnswer(readerUntil(call.signal, body))) {
      if (part.kind === "alive") patience.start(betweenTokensMs);
      else if (part.kind === "closed") patience.start(AFTER_DONE_MS);
      else {
        patience.end();
        isEnded = part.kind === "end";
        yield part.kind === "text" ? part : { text: "", endedBy: part.reason };
        // Whoever stopped it meanwhile is not told what came before.
        if (signal.aborted) return;
        patience.start(isEnded ? AFTER_END_MS : betweenTokensMs);
      }
    }
  } catch (cause) {
    if (signal.aborted || isEnded) return;
    // A body that was left ends as one that broke off does; a refusal is told by its status alone.
    const isLate = patience.isOver && !isRefused;
    throw cause instanceof AppError && !isLate ? cause : noAnswer(cause, isLate);
  } finally {
    patience.end();
    signal.removeEventListener("abort", stop);
  }
}

function requestFor(options: OpenAiOptions, request: LlmRequest, signal: AbortSignal): Request {
  const { model, messages, maxTokens, user, json } = request;
  return new Request(`${options.baseUrl}/chat/completions`, {
    method: "POST",
    headers: {
      "accept": "text/event-stream",
      "authorization": `Bearer ${options.apiKey}`,
      "content-type": "application/json",
      "user-agent": "zeropoll",
    },
    body: JSON.stringify({
      model: model ?? options.model,
      messages,
      stream: true,
      // The older `max_tokens` is refused by models that reason first.
      max_completion_tokens: maxTokens,
      user,
      response_format: json ? { type: "json_object" } : undefined,
    }),
    redirect: "manual",
    signal,
  });
}

/** Ends a wait that takes too long. */
class Patience {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(private readonly giveUp: () => void) {}

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Begins to wait, anew where it waits already. */
  start(ms: number): void {
    this.end();
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.giveUp();
    }, ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function noAnswer(cause: unknown, isLate: boolean): LlmUnavailableError {
  const because = isLate ? "it did not go on in time" : "the connection to its provider failed";
  return new LlmUnavailableError(`Cannot ask the model: ${because}`, { cause });
}
