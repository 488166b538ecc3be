/**
 * An hour in which nobody says anything, with every tab left open.
 *
 * @module
 */
import type { System } from "./demo_chat_system.ts";
import type { Talked } from "./demo_chat_talk.ts";
import { Viewer } from "./demo_chat_viewer.ts";

const HOUR_MS = 3_600_000;
const TABS = 50;
const MOST_HOURS = 30;

/** What the hour added. */
export interface Idle {
  tabs: number;
  commands: number;
  messages: number;
  /** What was not as it should be. */
  complaints: string[];
}

/**
 * A page has a stream open only while a reply is made, so open pages ask for nothing. As many tabs
 * that come back to a finished reply, all through the hour, are told of it from the store.
 */
export async function idleHour(system: System, talked: readonly Talked[]): Promise<Idle> {
  const complaints: string[] = [];
  // What the talk has armed for later, as how people sounded in its hour, is not the tabs'.
  for (let hours = 0; hours < MOST_HOURS && system.unended() > 0; hours++) {
    await system.pass(HOUR_MS, HOUR_MS / 20);
    if (!await system.atRest()) complaints.push("a request has not ended");
  }
  system.metered();
  for (let tab = 0; tab < TABS; tab++) {
    const { conversation, reply, expected } = talked[tab % talked.length];
    const viewer = new Viewer();
    await viewer.read(({ signal }) =>
      system.call(conversation.user, `/api/chat/replies/${reply}/stream`, { signal })
    );
    complaints.push(...viewer.complaints);
    if (viewer.text !== expected) complaints.push(`a tab of ${reply} holds something else`);
    await system.pass(HOUR_MS / TABS);
  }
  const { commands, messages } = system.metered();
  return { tabs: TABS, commands, messages, complaints };
}
