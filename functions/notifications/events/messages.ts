/**
 * Messages between people.
 *
 * @module
 */
import * as z from "zod";
import { type Block, defineEvent, type NotificationEvent } from "../event.ts";
import { button, quote, text } from "./blocks.ts";
import { line, link, words } from "./fields.ts";
import type { EventName } from "./names.ts";
import { counted } from "./wording.ts";

const MINUTE_MS = 60_000;
/** How many messages one mail quotes; what came before them is counted. */
const QUOTED = 20;

export const messageEvents = {
  "message.new": defineEvent({
    description: "To the recipient of a message; several within ten minutes become one mail.",
    data: z.object({ from: line, text: words, url: link }),
    urgency: "bulk",
    group: "messages",
    waits: true,
    collapse: {
      withinMs: 10 * MINUTE_MS,
      mail: (all) => all.length === 1 ? one(all[0]) : many(all),
    },
    mail: one,
    sample: {
      from: "Ben",
      text: "Is the loft free on Saturday? We would be twelve people, from six to about ten.",
      url: "https://market.example/messages/7",
    },
  }),
} satisfies Partial<Record<EventName, NotificationEvent>>;

interface Message {
  from: string;
  text: string;
  url: string;
}

function one({ from, text: said, url }: Message) {
  return {
    subject: `New message from ${from}`,
    preview: said,
    blocks: [text(`${from} has written to you:`), quote(said), button(`Answer ${from}`, url)],
  };
}

function many(all: readonly Message[]) {
  const senders = [...new Set(all.map(({ from }) => from))];
  const last = all[all.length - 1];
  const quoted = all.slice(-QUOTED);
  const earlier = all.length - quoted.length;
  const blocks: Block[] = quoted.map(({ from, text }) => quote(text, from));
  if (earlier > 0) blocks.unshift(text(`${counted(earlier, "earlier message")}, and then:`));
  // One person's messages are one conversation; of several, each has a button of its own.
  const conversations = new Map(all.map(({ from, url }) => [url, from]));
  const links = [...conversations].slice(-QUOTED);
  return {
    subject: `${counted(all.length, "new message")} from ${namesText(senders)}`,
    preview: last.text,
    blocks: [
      ...blocks,
      links.length === 1 ? button("Answer", last.url) : {
        kind: "links" as const,
        items: links.map(([url, from]) => ({ label: `Answer ${from}`, url })),
      },
    ],
  };
}

function namesText(names: readonly string[]): string {
  if (names.length > 3) return `${names.length} people`;
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
