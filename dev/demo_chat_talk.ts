/**
 * Has every conversation of the plan held at once, with two tabs at each reply.
 *
 * @module
 */
import { scriptFor } from "./llm/script.ts";
import type { Conversation, Exchange, Plan } from "./demo_chat_plan.ts";
import type { System } from "./demo_chat_system.ts";
import { Viewer } from "./demo_chat_viewer.ts";

/** A question that was asked, and what became of it. */
export interface Talked {
  conversation: Conversation;
  exchange: Exchange;
  reply: string;
  /** What the model says to it. */
  expected: string;
  viewers: Viewer[];
  /** How often a tab came back, and had not been told the end. */
  returns: number;
  /** From the question to the end of its reply, in ms. */
  ms: number;
}

/** What the tabs do, for whoever shows it. */
export interface Watch {
  tab(viewer: Viewer): void;
  ended(): void;
}

/** An early question comes when the asking tab holds so much of the reply before. */
const EARLY_AT = 0.4;

/** Resolves to every exchange, once all replies have ended for all tabs. */
export async function talk(system: System, plan: Plan, watch: Watch): Promise<Talked[]> {
  const all = await Promise.all(
    plan.conversations.map((conversation) => hold(system, conversation, watch)),
  );
  return all.flat();
}

async function hold(
  system: System,
  conversation: Conversation,
  watch: Watch,
): Promise<Talked[]> {
  const running: Promise<Talked>[] = [];
  await new Promise((resolve) => setTimeout(resolve, conversation.startsAfterMs));
  for (const [index, exchange] of conversation.exchanges.entries()) {
    const asking = new Viewer();
    watch.tab(asking);
    const work = look(system, { conversation, exchange, asking, watch });
    running.push(work);
    const next = conversation.exchanges[index + 1];
    if (next?.isEarly) await asking.holds(EARLY_AT * textOf(exchange).length);
    else await work;
  }
  return await Promise.all(running);
}

/** What the model says to a question. */
function textOf({ question }: Exchange): string {
  return scriptFor({ model: "any", messages: [{ role: "user", content: question }] })
    .tokens.join("");
}

interface Looking {
  conversation: Conversation;
  exchange: Exchange;
  asking: Viewer;
  watch: Watch;
}

/** One question, until both tabs know the end of its reply. */
async function look(
  system: System,
  { conversation, exchange, asking, watch }: Looking,
): Promise<Talked> {
  const { user, mode, id } = conversation;
  const startedAt = performance.now();
  const expected = textOf(exchange);
  // Sent again, it is the same message.
  const clientId = crypto.randomUUID();
  const ask = asking.read(({ signal }) =>
    system.call(user, `/api/chat/conversations/${id}/messages`, {
      method: "POST",
      headers: { accept: "text/event-stream" },
      body: JSON.stringify({ text: exchange.question, mode, clientId }),
      signal,
    })
  );
  const { reply } = await asking.accepted.promise;
  const follow = (viewer: Viewer) =>
    viewer.read(({ lastEventId, signal }) =>
      system.call(user, reply.stream, {
        headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
        signal,
      })
    );
  const other = new Viewer();
  watch.tab(other);
  const watched = asking.holds(exchange.otherJoinsAt * expected.length).then(() => follow(other));
  let returns = 0;
  async function dropping(viewer: Viewer, reading: Promise<void>): Promise<void> {
    let current = reading;
    for (const share of exchange.dropsAt) {
      await viewer.holds(share * expected.length);
      if (viewer.state !== undefined) break;
      viewer.leave();
      await current;
      if (viewer.state !== undefined) break;
      await new Promise((resolve) => setTimeout(resolve, exchange.awayMs));
      returns++;
      current = follow(viewer);
    }
    await current;
  }
  await Promise.all(
    exchange.dropper === "asking"
      ? [dropping(asking, ask), watched]
      : [ask, dropping(other, watched)],
  );
  watch.ended();
  const ms = performance.now() - startedAt;
  const viewers = [asking, other];
  return { conversation, exchange, reply: reply.id, expected, viewers, returns, ms };
}
