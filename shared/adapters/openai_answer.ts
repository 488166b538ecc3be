/**
 * An answer in chunks of chat completions, as what it says.
 *
 * @module
 */
import * as z from "zod";
import { LlmUnavailableError } from "../errors.ts";
import { eventData } from "./event_stream.ts";
import { failureInStream } from "./openai_errors.ts";

/** `alive` is that the model is at work but has nothing to say yet. */
export type AnswerPart =
  | { kind: "text"; text: string }
  | { kind: "alive" }
  /** Said to its end, for this reason; absent where the provider names none. */
  | { kind: "end"; reason?: string }
  /** After this nothing is to come. */
  | { kind: "closed" };

const text = z.string().nullish();

const Chunk = z.object({
  choices: z.array(z.object({
    delta: z.object({
      content: text,
      refusal: text,
      // What it thinks to itself, as servers other than OpenAI's stream it.
      reasoning_content: text,
      reasoning: text,
    }).nullish(),
    finish_reason: text,
  })).nullish(),
  error: z.unknown().optional(),
});

const MOST_EVENT_CHARACTERS = 1_000_000;
const LAST_HALF_OF_NONE = /[\ud800-\udbff]$/;

/**
 * Yields what comes, down to the end of the body.
 *
 * @throws {LlmUnavailableError} where it cannot be read, or ends before it was said to its end
 */
export async function* readAnswer(
  body: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<AnswerPart> {
  // Some servers cut between tokens inside a character: each piece must be sound text of its own.
  let half = "";
  let isEnded = false;
  for await (const data of eventData(body, MOST_EVENT_CHARACTERS)) {
    if (data.trim() === "[DONE]") {
      if (!isEnded) yield { kind: "end" };
      yield { kind: "closed" };
      isEnded = true;
      continue;
    }
    // Usage and the like.
    if (isEnded) continue;
    const { choices, error } = readChunk(data);
    if (error) throw failureInStream(error);
    const [choice] = choices ?? [];
    if (!choice) continue;
    const { content, refusal, reasoning_content, reasoning } = choice.delta ?? {};
    const said = half + (content || refusal || "");
    half = LAST_HALF_OF_NONE.exec(said)?.[0] ?? "";
    const whole = said.slice(0, said.length - half.length);
    if (whole !== "") yield { kind: "text", text: whole };
    else if (reasoning_content || reasoning) yield { kind: "alive" };
    if (choice.finish_reason) {
      isEnded = true;
      yield { kind: "end", reason: choice.finish_reason };
    }
  }
  if (!isEnded) {
    throw new LlmUnavailableError("Cannot read the answer: it ended before it was finished");
  }
}

function readChunk(data: string): z.infer<typeof Chunk> {
  try {
    return Chunk.parse(JSON.parse(data));
  } catch {
    // Without the cause: it may quote what was said.
    throw new LlmUnavailableError("Cannot read the answer: a part of it is not as agreed");
  }
}
