/**
 * What is answered to a question, token by token: the same for the same question.
 *
 * Some 200 tokens of English that begin with the question's first words. A question may begin with
 * directives: `/tokens 50` for that many, `/pace 10` for so many in a second, `/say` for the text
 * that follows it. A later paragraph that begins with one is the question: apps join what a person
 * said twice in a row, for models that want user and assistant to take turns.
 *
 * @module
 */
import { seededRandom, seedOf } from "../random.ts";
import { type CompletionRequest, questionIn } from "./completion_input.ts";
import { prose } from "./prose.ts";
import { structuredAnswer } from "./structured.ts";

/** An answer that is to be said. */
export interface Script {
  tokens: readonly string[];
  finishReason: "stop" | "length";
  /** Absent for the server's own pace. */
  tokensPerSecond?: number;
}

const DIRECTIVE = /^\s*\/(tokens|pace) +(\d{1,6})(?=\s|$)/;
const LATER_QUESTION = /\n\n(?=\/(?:tokens|pace|say) )/;
const SAY = /^\s*\/say (.*)$/s;
const MOST_PIECE = 12;

/** Makes the whole answer. */
export function scriptFor(request: CompletionRequest): Script {
  const question = questionIn(request).split(LATER_QUESTION).at(-1)!;
  const { rest, count, tokensPerSecond } = readDirectives(question);
  const format = request.response_format;
  const said = SAY.exec(rest)?.[1];
  let tokens: string[];
  if (said !== undefined) tokens = tokensOf(said);
  else if (format && format.type !== "text") tokens = tokensOf(structuredAnswer(format, rest));
  else tokens = answerTokens(rest, count);
  const most = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
  return {
    tokens: tokens.slice(0, most),
    finishReason: tokens.length > most ? "length" : "stop",
    tokensPerSecond,
  };
}

/** Pieces that joined are the text: words with the space before them, long ones in parts. */
export function tokensOf(text: string): string[] {
  return (text.match(/\s*\S+|\s+$/g) ?? []).flatMap((word) => {
    // By characters, not by UTF-16: a piece must be sound text of its own.
    const characters = [...word];
    const pieces: string[] = [];
    for (let at = 0; at < characters.length; at += MOST_PIECE) {
      pieces.push(characters.slice(at, at + MOST_PIECE).join(""));
    }
    return pieces;
  });
}

function readDirectives(question: string) {
  let rest = question;
  let count: number | undefined;
  let tokensPerSecond: number | undefined;
  for (let found = DIRECTIVE.exec(rest); found; found = DIRECTIVE.exec(rest)) {
    const value = Number(found[2]);
    if (found[1] === "tokens") count = value;
    else tokensPerSecond = Math.max(1, value);
    rest = rest.slice(found[0].length);
  }
  return { rest: rest.trimStart(), count, tokensPerSecond };
}

function answerTokens(question: string, count: number | undefined): string[] {
  const seed = seedOf(question);
  const length = count ?? 180 + Math.floor(seededRandom(seed)() * 40);
  const asked = question.trim().split(/\s+/).slice(0, 6).join(" ");
  const opening = asked === "" ? "" : `You wrote “${asked}”. `;
  const tokens = tokensOf(opening + prose(seed, length));
  if (count !== undefined) return tokens.slice(0, count);
  // Nobody stops in the middle of a sentence.
  const end = tokens.findIndex((token, index) => index + 1 >= length && token.endsWith("."));
  return end === -1 ? tokens : tokens.slice(0, end + 1);
}
