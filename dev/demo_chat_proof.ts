/**
 * Holds what the tabs hold and what Postgres has against what the model said.
 *
 * @module
 */
import type { Talked } from "./demo_chat_talk.ts";
import type { System } from "./demo_chat_system.ts";
import type { Finding } from "./demo_feed_proof.ts";

interface Message {
  conversation: string;
  role: string;
  text: string;
  reply: string | null;
}

/** Everything that has to be so, whatever went on. */
export async function findingsOf(system: System, talked: readonly Talked[]): Promise<Finding[]> {
  const replies = await system.sql.query<{ id: string; state: string; text: string }>(
    "SELECT id, state, text FROM chat_replies",
  );
  const stored = new Map(replies.map((reply) => [reply.id, reply]));
  const messages = await system.sql.query<Message>(
    `SELECT conversation, role, text, CASE role WHEN 'assistant' THEN substr(id, 7) END AS reply
     FROM chat_messages ORDER BY conversation, position`,
  );
  return [
    compareReplies(talked, stored),
    compareViewers(talked, stored),
    compareMessages(talked, messages),
    compareOrder(talked, messages),
    compareTurns(system, talked),
  ];
}

type Stored = ReadonlyMap<string, { state: string; text: string }>;

function compareReplies(talked: readonly Talked[], stored: Stored): Finding {
  const differences = talked.flatMap(({ reply, expected }) => {
    const { state, text } = stored.get(reply) ?? { state: "missing", text: "" };
    return state === "done" && text === expected
      ? []
      : [`reply ${reply} is ${state} with ${text.length} of ${expected.length} characters`];
  });
  return { what: "replies that are what the model said", compared: talked.length, differences };
}

function compareViewers(talked: readonly Talked[], stored: Stored): Finding {
  const finding: Finding = {
    what: "tabs that hold their reply as stored",
    compared: 0,
    differences: [],
  };
  for (const { reply, viewers } of talked) {
    for (const [seat, { text, state, complaints }] of viewers.entries()) {
      finding.compared++;
      const whole = stored.get(reply)?.text;
      const name = `tab ${seat + 1} of ${reply}`;
      if (text !== whole) finding.differences.push(`${name} holds ${text.length} characters`);
      if (state !== "done") finding.differences.push(`${name} was told ${state ?? "no end"}`);
      finding.differences.push(...complaints.map((complaint) => `${name}: ${complaint}`));
    }
  }
  return finding;
}

function compareMessages(talked: readonly Talked[], messages: readonly Message[]): Finding {
  const count = (role: string, by: (message: Message) => string | null) => {
    const own = messages.filter((message) => message.role === role);
    return Map.groupBy(own, by);
  };
  const questions = count("user", ({ conversation, text }) => `${conversation} ${text}`);
  const answers = count("assistant", ({ reply }) => reply);
  const differences = talked.flatMap(({ conversation, exchange, reply }) => {
    const asked = questions.get(`${conversation.id} ${exchange.question}`)?.length ?? 0;
    const answered = answers.get(reply)?.length ?? 0;
    return asked === 1 && answered === 1
      ? []
      : [`${reply}: its question is stored ${asked} times, its answer ${answered} times`];
  });
  if (messages.length !== 2 * talked.length) differences.push(`${messages.length} are stored`);
  return { what: "messages, each stored once", compared: messages.length, differences };
}

/** Answers come in the order of their questions, and each behind its own. */
function compareOrder(talked: readonly Talked[], messages: readonly Message[]): Finding {
  const differences: string[] = [];
  const byConversation = Map.groupBy(messages, ({ conversation }) => conversation);
  for (const [id, own] of byConversation) {
    const wanted = talked.filter(({ conversation }) => conversation.id === id);
    const answers = own.filter(({ role }) => role === "assistant").map(({ reply }) => reply);
    const isInOrder = wanted.every(({ reply, exchange }, index) =>
      answers[index] === reply &&
      own.findIndex(({ text }) => text === exchange.question) <
        own.findIndex((message) => message.reply === reply)
    );
    if (!isInOrder) differences.push(`the answers in ${id} are out of order`);
  }
  return { what: "conversations in order", compared: byConversation.size, differences };
}

/** The model is asked once for each, and never for two replies of a conversation at once. */
function compareTurns({ spoken }: System, talked: readonly Talked[]): Finding {
  const differences: string[] = [];
  const owner = new Map(
    talked.map(({ exchange, conversation }) => [exchange.question, conversation.id]),
  );
  const byConversation = Map.groupBy(spoken, ({ question }) => owner.get(question) ?? "nobody");
  for (const [id, own] of byConversation) {
    const sorted = own.toSorted((one, other) => one.startedAt - other.startedAt);
    sorted.forEach(({ startedAt }, index) => {
      const before = sorted[index - 1];
      if (before && startedAt < (before.endedAt ?? Infinity)) {
        differences.push(`two replies were made at once in ${id}`);
      }
    });
  }
  if (spoken.length !== talked.length) {
    differences.push(`${spoken.length} answers for ${talked.length} questions`);
  }
  return { what: "replies, one at a time", compared: spoken.length, differences };
}
