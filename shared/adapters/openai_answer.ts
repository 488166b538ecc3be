/**
 * An answer in chunks of chat completions, as what it says.
 *
 * Servers tell of their failures in many ways, with a status of 200 and even with [DONE] behind: what
 * is no chunk and looks like an error is one, and what is not known keeps an answer from being whole.
 *
 * @module
 */
import { LlmUnavailableError } from "../errors.ts";
import { type BodyReader, streamedEvents } from "./event_stream.ts";
import { readReason } from "./openai_endings.ts";
import { failureInStream, looksLikeError } from "./openai_errors.ts";

export type AnswerPart =
  | { kind: "text"; text: string }
  /** Said to its end, for this reason; absent where the provider names none. */
  | { kind: "end"; reason?: string }
  /** After this nothing is to come. */
  | { kind: "closed" };

// deno-lint-ignore no-explicit-any -- a chunk is what any server makes of it
type Chunk = any;

const MOST_EVENT_CHARACTERS = 1_000_000;
const LAST_HALF_OF_NONE = /[\ud800-\udbff]$/;

/**
 * Yields what comes, down to the end of the body.
 *
 * @throws {LlmUnavailableError | LlmRejectedError} where it cannot be read, or ends before it was
 * said to its end
 */
export async function* readAnswer(body: BodyReader): AsyncGenerator<AnswerPart> {
  // Some servers cut between tokens inside a character: each piece must be sound text of its own.
  let half = "";
  let isEnded = false;
  // Nothing was said yet, or what came last may have been an error that nobody knows.
  let isDoubtful = true;
  for await (const { event, data } of streamedEvents(body, MOST_EVENT_CHARACTERS)) {
    if (data.trim() === "[DONE]") {
      if (!isEnded && isDoubtful) break;
      if (!isEnded) yield { kind: "end" };
      yield { kind: "closed" };
      isEnded = true;
      continue;
    }
    // Usage and the like.
    if (isEnded) continue;
    const chunk = readChunk(data);
    if (/error/i.test(event) || looksLikeError(chunk)) throw failureInStream(chunk);
    const choice = choiceIn(chunk);
    if (choice === undefined) {
      if (!isHarmless(chunk, event)) isDoubtful = true;
      continue;
    }
    isDoubtful = false;
    const said = half + textIn(choice.delta ?? choice.message ?? choice);
    half = LAST_HALF_OF_NONE.exec(said)?.[0] ?? "";
    const whole = said.slice(0, said.length - half.length);
    if (whole !== "") yield { kind: "text", text: whole };
    const reason = readReason(choice.finish_reason);
    if (reason !== undefined) {
      isEnded = true;
      yield { kind: "end", reason };
    }
  }
  if (!isEnded) throw unfinished();
}

/** An answer that came as one piece of JSON, from a server that does not stream. */
export function* readWholeAnswer(text: string): Generator<AnswerPart> {
  const answer = readChunk(text);
  if (looksLikeError(answer)) throw failureInStream(answer);
  const choice = choiceIn(answer);
  if (choice === undefined) throw unfinished();
  const said = textIn(choice.message ?? choice.delta ?? choice);
  if (said !== "") yield { kind: "text", text: said };
  yield { kind: "end", reason: readReason(choice.finish_reason) };
  yield { kind: "closed" };
}

function choiceIn(chunk: Chunk): Chunk | undefined {
  const choices = chunk?.choices ?? [];
  if (!Array.isArray(choices)) throw notAsAgreed();
  const [choice] = choices;
  if (choice?.error) throw failureInStream(choice);
  return choice ?? undefined;
}

/** Content, or the refusal in its place, as text or in parts; what is thought aloud is none of it. */
function textIn(message: Chunk): string {
  return textOf(message?.content) || textOf(message?.refusal) || textOf(message?.text);
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: Chunk) => {
    if (typeof part === "string") return part;
    const isText = part?.type === undefined || /^(output_)?text$/.test(part.type);
    const text = isText ? part?.text?.value ?? part?.text : undefined;
    return typeof text === "string" ? text : "";
  }).join("");
}

/** What servers send besides: filters' findings, usage, signs of life. */
function isHarmless(chunk: Chunk, event: string): boolean {
  return Array.isArray(chunk?.choices) || chunk?.usage !== undefined ||
    /^(ping|keep-?alive|heartbeat)$/.test(`${chunk?.type ?? event}`) ||
    chunk?.object === "chat.completion.chunk" ||
    (typeof chunk === "object" && chunk !== null && Object.keys(chunk).length === 0);
}

function readChunk(data: string): Chunk {
  try {
    return JSON.parse(data);
  } catch {
    // Without the cause: it may quote what was said.
    throw notAsAgreed();
  }
}

function notAsAgreed(): LlmUnavailableError {
  return new LlmUnavailableError("Cannot read the answer: a part of it is not as agreed");
}

function unfinished(): LlmUnavailableError {
  return new LlmUnavailableError("Cannot read the answer: it ended before it was finished");
}
