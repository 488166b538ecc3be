/**
 * A language model that speaks OpenAI's chat completions, at any base URL.
 *
 * One request for each answer, and one more for each parameter that the server refuses, once; no retry
 * of its own: who asks knows when to come again. Time is kept by the platform's timers, and only while
 * somebody waits for the next piece.
 *
 * @module
 */
import { AppError, LlmIncompleteError, LlmUnavailableError } from "../errors.ts";
import type { Clock, Llm, LlmRequest } from "../ports.ts";
import { readerUntil } from "./body_reader.ts";
import type { BodyReader } from "./event_stream.ts";
import { type AnswerPart, readAnswer, readWholeAnswer } from "./openai_answer.ts";
import { failureOfEnding } from "./openai_endings.ts";
import { failureOf, readRefusal } from "./openai_errors.ts";
import { bodyOf, Refusals } from "./openai_request.ts";
import { systemClock } from "./system.ts";

export interface OpenAiOptions {
  apiKey: string;
  /** With its version, without a trailing slash: `https://api.openai.com/v1`. */
  baseUrl: string;
  model: string;
  /** How long the first sign of life may take from when it was asked for, in ms. Default: 60,000. */
  firstTokenMs?: number;
  /** How long each further sign may take, in ms: text, a comment, thoughts, anything. Default: 60,000. */
  betweenTokensMs?: number;
  /** How long the whole answer may take, in ms; then it is cut. Default: 270,000. */
  answerMs?: number;
  /** What a `Retry-After` that is a date is compared with. Default: the system's. */
  clock?: Clock;
}

/** How long the body may stay open once all is said; then it is cut, so that nobody waits for it. */
const AFTER_END_MS = 1_000;
const AFTER_DONE_MS = 50;
/** Of parameters that one server may refuse, one after another. */
const MOST_REFUSALS = 4;
const MOST_WHOLE_CHARACTERS = 4_000_000;
const OPENING_BRACE = 0x7b;

interface Parts extends OpenAiOptions {
  refusals: Refusals;
}

/** Makes the model; one for each isolate. */
export function createOpenAi(options: OpenAiOptions): Llm {
  const parts = { ...options, refusals: new Refusals() };
  return {
    stream: (request, options) => answer(parts, request, options),
    async complete(request, { signal }) {
      let whole = "";
      for await (const text of answer(parts, request, { signal })) whole += text;
      signal.throwIfAborted();
      return whole;
    },
  };
}

async function* answer(
  parts: Parts,
  request: LlmRequest,
  { signal, onSign }: { signal: AbortSignal; onSign?: () => void },
): AsyncGenerator<string> {
  const { firstTokenMs = 60_000, betweenTokensMs = 60_000, answerMs = 270_000 } = parts;
  if (signal.aborted) return;
  const call = new AbortController();
  // At once, even where nobody asks for the next piece just then.
  const stop = () => call.abort();
  signal.addEventListener("abort", stop, { once: true });
  const patience = new Patience(stop);
  const whole = new Patience(stop);
  whole.start(answerMs);
  // Made here, since a key that no header can hold is a mistake of the caller's.
  const ask = askerOf(parts, request, call.signal);
  let reason: string | undefined;
  let hasSaid = false;
  let isEnded = false;
  try {
    patience.start(firstTokenMs);
    const response = await ask();
    const onRead = () => {
      if (isEnded) return;
      patience.start(betweenTokensMs);
      onSign?.();
    };
    for await (const part of partsOf(response, { signal: call.signal, onRead })) {
      if (part.kind === "closed") {
        patience.start(AFTER_DONE_MS);
        continue;
      }
      patience.end();
      if (part.kind === "end") {
        reason = part.reason;
        isEnded = true;
        whole.end();
        patience.start(AFTER_END_MS);
        continue;
      }
      hasSaid = true;
      yield part.text;
      // Whoever stopped it meanwhile is not told what came before.
      if (signal.aborted) return;
      patience.start(betweenTokensMs);
    }
  } catch (cause) {
    if (signal.aborted) return;
    if (!isEnded) throw failureFor(cause, { whole, patience, hasSaid });
  } finally {
    patience.end();
    whole.end();
    signal.removeEventListener("abort", stop);
  }
  if (signal.aborted) return;
  const failure = reason === undefined ? undefined : failureOfEnding(reason);
  if (failure) throw failure;
}

/** Asks, and asks again without what the server refuses. */
function askerOf(parts: Parts, request: LlmRequest, signal: AbortSignal): () => Promise<Response> {
  const { apiKey, baseUrl, clock = systemClock, refusals } = parts;
  const model = request.model ?? parts.model;
  const headers = new Headers({
    "accept": "text/event-stream",
    "authorization": `Bearer ${apiKey}`,
    "content-type": "application/json",
    "user-agent": "zeropoll",
  });
  return async () => {
    for (let left = MOST_REFUSALS;; left--) {
      const body = bodyOf(request, { model, refused: refusals.of(model) });
      const response = await fetch(`${baseUrl}/chat/completions`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
        redirect: "manual",
        signal,
      });
      if (response.ok) return response;
      const refusal = await readRefusal(response, signal);
      if (left === 0 || !refusals.learn(body, refusal)) throw failureOf(refusal, clock.now());
    }
  };
}

/** What the answer says; `onRead` hears of every sign of life. */
async function* partsOf(
  response: Response,
  { signal, onRead }: { signal: AbortSignal; onRead(): void },
): AsyncGenerator<AnswerPart> {
  const reader = readerUntil(signal, response.body ?? new Blob([]).stream());
  const read = async () => {
    const part = await reader.read();
    // Cancelled, a body ends like a whole one.
    if (part.done) signal.throwIfAborted();
    onRead();
    return part;
  };
  let first: Awaited<ReturnType<typeof read>> | undefined = await read();
  const body = {
    cancel: () => reader.cancel(),
    read: () => {
      const part = first;
      first = undefined;
      return part === undefined ? read() : Promise.resolve(part);
    },
  };
  // A server that does not stream, whatever it says of its content: no event begins so.
  if (first.value?.[0] === OPENING_BRACE) yield* readWholeAnswer(await textOf(body));
  else yield* readAnswer(body);
}

/** All of a body that is no larger than a whole answer may be. */
async function textOf(body: BodyReader): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (let part = await body.read(); !part.done; part = await body.read()) {
    text += decoder.decode(part.value, { stream: true });
    if (text.length > MOST_WHOLE_CHARACTERS) {
      body.cancel().catch(() => {});
      throw new RangeError("Cannot read an answer: it is too long");
    }
  }
  return text + decoder.decode();
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

function failureFor(
  cause: unknown,
  { whole, patience, hasSaid }: { whole: Patience; patience: Patience; hasSaid: boolean },
): AppError {
  if (cause instanceof AppError) return cause;
  // More of it would take as long another time.
  if (whole.isOver && hasSaid) return new LlmIncompleteError("cut", "time_limit");
  const because = whole.isOver || patience.isOver
    ? "it did not go on in time"
    : "the connection to its provider failed";
  return new LlmUnavailableError(`Cannot ask the model: ${because}`, { cause });
}
