/**
 * What the model is told of a conversation.
 *
 * Templates of many models want user and assistant to take turns, the user first: a question without an
 * answer, as after one that failed, is told together with the next.
 *
 * @module
 */
import type { Config, LlmMessage } from "../../../shared/mod.ts";

export type ContextBudget = Config["chat"]["context"];

/**
 * The last turns that the budget has room for, behind the instructions. The question itself, which is
 * the last of them, is told in any case.
 */
export function contextOf(
  said: readonly LlmMessage[],
  { instructions, budget }: { instructions: string; budget: ContextBudget },
): LlmMessage[] {
  const turns = taken(said.slice(-budget.messages), budget.characters);
  const begins = turns.findIndex(({ role }) => role === "user");
  return [
    ...(instructions.trim() === "" ? [] : [{ role: "system" as const, content: instructions }]),
    ...inTurns(turns.slice(Math.max(0, begins))),
  ];
}

/** From the last one back, while there is room. */
function taken(said: readonly LlmMessage[], characters: number): LlmMessage[] {
  let left = characters;
  const turns: LlmMessage[] = [];
  for (const message of said.toReversed()) {
    left -= message.content.length;
    if (turns.length > 0 && left < 0) break;
    turns.unshift(message);
  }
  return turns;
}

function inTurns(turns: readonly LlmMessage[]): LlmMessage[] {
  const told: LlmMessage[] = [];
  for (const { role, content } of turns) {
    const last = told.at(-1);
    if (last?.role === role) last.content = `${last.content}\n\n${content}`;
    else if (content !== "") told.push({ role, content });
  }
  return told;
}
