/**
 * For those who run the marketplace: what somebody has reported.
 *
 * @module
 */
import * as z from "zod";
import { defineEvent, type NotificationEvent } from "../event.ts";
import { button, facts, FOR_STAFF, quoteIf, text } from "./blocks.ts";
import { line, link, words } from "./fields.ts";
import type { EventName } from "./names.ts";

const Report = z.object({
  what: line.describe("What is reported: a listing's title, a person's name, anything else."),
  reason: line.describe("As chosen from a list, or in a few words."),
  by: line.optional().describe("Absent where whoever reports it is not signed in."),
  text: words.optional(),
  url: link,
});

/** The three reports differ in what they are about. */
function report(
  kind: string,
  words: { description: string; sample: z.input<typeof Report> },
): NotificationEvent<typeof Report> {
  const { description, sample } = words;
  return defineEvent({
    description,
    data: Report,
    urgency: "bulk",
    digestLine: ({ what, reason }) => `${kind} reported: ${what} (${reason})`,
    mail: ({ what, reason, by = "Somebody", text: written, url }) => ({
      subject: `${kind} reported: ${what}`,
      reason: FOR_STAFF,
      blocks: [
        text(`${by} has reported something that should be looked at soon.`),
        facts([[kind, what], ["Reason", reason], ["Reported by", by]]),
        ...quoteIf(written, by),
        button("Look into it", url),
      ],
    }),
    sample,
  });
}

export const reportEvents = {
  "admin.report.new": report("Content", {
    description: "To an admin: somebody reported a message, a review or anything else.",
    sample: {
      what: "Review of Loft at the canal",
      reason: "Insult",
      by: "Grace",
      text: "This is about the host as a person, and not about the place.",
      url: "https://market.example/admin/reports/12",
    },
  }),
  "admin.listing.report": report("Listing", {
    description: "To an admin: somebody reported a listing.",
    sample: {
      what: "Palace for one euro",
      reason: "Too good to be true",
      by: "Alan",
      text: "They want the deposit by gift card, before one may see the place.",
      url: "https://market.example/admin/reports/13",
    },
  }),
  "admin.profile.report": report("Profile", {
    description: "To an admin: somebody reported a person's profile.",
    sample: {
      what: "Support Team",
      reason: "Pretends to be somebody else",
      text: "Writes to hosts and asks for their passwords.",
      url: "https://market.example/admin/reports/14",
    },
  }),
} satisfies Partial<Record<EventName, NotificationEvent>>;
