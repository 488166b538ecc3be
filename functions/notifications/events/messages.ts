/**
 * Messages between people.
 *
 * @module
 */
import * as z from "zod";
import { defineEvent } from "../event.ts";

const MINUTE_MS = 60_000;

export const messageEvents = {
  "message.new": defineEvent({
    description: "To the recipient of a message; several within ten minutes become one mail.",
    data: z.object({ from: z.string().max(200), text: z.string().max(10_000), url: z.url() }),
    urgency: "bulk",
    group: "messages",
    waits: true,
    collapse: {
      withinMs: 10 * MINUTE_MS,
      mail: (all) => ({
        subject: `${all.length} new messages`,
        blocks: [
          ...all.map(({ from, text }) => ({ kind: "quote" as const, text, by: from })),
          { kind: "button", label: "Answer", url: all[all.length - 1].url },
        ],
      }),
    },
    mail: ({ from, text, url }) => ({
      subject: `New message from ${from}`,
      blocks: [
        { kind: "quote", text, by: from },
        { kind: "button", label: "Answer", url },
      ],
    }),
    sample: {
      from: "Ada",
      text: "Is the loft free on Saturday?",
      url: "https://market.example/messages/7",
    },
  }),
};
