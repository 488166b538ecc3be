/**
 * Whose a listing is: an invitation to take it over, and what became of a claim.
 *
 * @module
 */
import * as z from "zod";
import { defineEvent, type NotificationEvent } from "../event.ts";
import { button, facts, FOR_STAFF, list, quoteIf, text } from "./blocks.ts";
import { day, line, link, reasons, words } from "./fields.ts";
import type { EventName } from "./names.ts";
import { dayText } from "./wording.ts";

export const claimEvents = {
  "listing.claim.invitation": defineEvent({
    description:
      "To whoever seems to own a listing that others have made: an invitation to claim it.",
    data: z.object({
      title: line,
      validUntil: day.optional(),
      url: link.describe("Where it can be claimed; good for the recipient alone."),
    }),
    secrets: ["url"],
    urgency: "bulk",
    group: "invitations",
    waits: true,
    mail: ({ title, validUntil, url }) => ({
      subject: `Is “${title}” yours?`,
      reason: "You get this mail because your address is publicly given for this place or offer.",
      blocks: [
        text(
          `People look for “${title}” here, and we have made a simple page for it. If it is ` +
            "yours, you can take it over. It costs nothing.",
        ),
        list([
          "Put texts, photos and opening hours right.",
          "Answer questions and reviews yourself.",
          "See how many people look at it.",
        ]),
        button("It is mine", url),
        text(
          (validUntil === undefined ? "" : `The link is good until ${dayText(validUntil)}. `) +
            "It is not yours, or should not be shown? The same page lets you say so.",
        ),
      ],
    }),
    sample: {
      title: "The old printing works",
      validUntil: "2026-12-21",
      url: "https://market.example/claim/b81f",
    },
  }),
  "admin.claim.pending": defineEvent({
    description: "To an admin: somebody says that a listing is theirs.",
    data: z.object({ title: line, by: line, proof: words.optional(), url: link }),
    urgency: "bulk",
    digestLine: ({ title, by }) => `Claim to decide: ${title}, by ${by}`,
    mail: ({ title, by, proof, url }) => ({
      subject: `Claim to decide: ${title}`,
      reason: FOR_STAFF,
      blocks: [
        text(`${by} says that “${title}” is theirs.`),
        facts([["Listing", title], ["Claimed by", by]]),
        ...quoteIf(proof, by),
        button("Decide", url),
      ],
    }),
    sample: {
      title: "The old printing works",
      by: "Grace Sample",
      proof: "I run the place since 2019. My name is in the imprint of our site.",
      url: "https://market.example/admin/claims/17",
    },
  }),
  "claim.approved": defineEvent({
    description: "To someone whose claim was granted: the listing is theirs.",
    data: z.object({ title: line, url: link }),
    urgency: "bulk",
    mail: ({ title, url }) => ({
      subject: `“${title}” is yours now`,
      blocks: [
        text(`We have looked at your claim, and “${title}” is yours now.`),
        text("A good start: check address and opening hours, then add photos of your own."),
        button("Look after your listing", url),
        text("You did not claim it? Then please get in touch with us."),
      ],
    }),
    sample: { title: "The old printing works", url: "https://market.example/locations/70/edit" },
  }),
  "claim.rejected": defineEvent({
    description: "To someone whose claim was not granted: why, and how to show more.",
    data: z.object({ title: line, reasons, url: link }),
    secrets: ["url"],
    urgency: "bulk",
    mail: ({ title, reasons, url }) => ({
      subject: `We could not confirm your claim of “${title}”`,
      blocks: [
        text(`Thank you for your claim of “${title}”. What we have does not yet show it is yours:`),
        list(reasons),
        text("If you have something else that shows it, send it to us. We will look again."),
        button("Show us more", url),
      ],
    }),
    sample: {
      title: "The old printing works",
      reasons: ["The name in the register of companies is another one."],
      url: "https://market.example/claim/b81f",
    },
  }),
} satisfies Partial<Record<EventName, NotificationEvent>>;
