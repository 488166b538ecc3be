/**
 * Reviews: written about somebody's listing, and what became of one's own.
 *
 * @module
 */
import * as z from "zod";
import { defineEvent, type NotificationEvent } from "../event.ts";
import { button, list, quoteIf, text } from "./blocks.ts";
import { line, link, reasons, stars, words } from "./fields.ts";
import type { EventName } from "./names.ts";
import { counted, starsText } from "./wording.ts";

const MINUTE_MS = 60_000;
/** How many reviews one mail names. */
const NAMED = 20;

export const reviewEvents = {
  "review.new": defineEvent({
    description: "To the owner of a listing that was reviewed; those of half an hour are one mail.",
    data: z.object({ title: line, by: line, stars, text: words.optional(), url: link }),
    urgency: "bulk",
    group: "activity",
    waits: true,
    collapse: {
      withinMs: 30 * MINUTE_MS,
      mail: (all) => all.length === 1 ? one(all[0]) : many(all),
    },
    mail: one,
    sample: {
      title: "Loft at the canal",
      by: "Grace",
      stars: 5,
      text: "Light, quiet, and the host thought of everything.\nWe will be back in spring.",
      url: "https://market.example/locations/42/reviews/9",
    },
  }),
  "review.approved": defineEvent({
    description: "To the author of a review that was looked at and is online.",
    data: z.object({ title: line, url: link }),
    urgency: "bulk",
    waits: true,
    mail: ({ title, url }) => ({
      subject: `Your review of “${title}” is online`,
      blocks: [
        text(`Thank you for your review of “${title}”. It is online, and helps others to choose.`),
        button("See your review", url),
      ],
    }),
    sample: {
      title: "Loft at the canal",
      url: "https://market.example/locations/42/reviews/9",
    },
  }),
  "review.rejected": defineEvent({
    description: "To the author of a review that cannot go online: why, and what to change.",
    data: z.object({ title: line, reasons, text: words.optional(), url: link }),
    urgency: "bulk",
    waits: true,
    mail: ({ title, reasons, text: written, url }) => ({
      subject: `Your review of “${title}” needs a change`,
      blocks: [
        text(`Thank you for your review of “${title}”. We cannot show it as it is:`),
        list(reasons),
        ...quoteIf(written, "You"),
        text("Criticism is welcome. Say what happened, and leave out what is nobody's business."),
        button("Change your review", url),
      ],
    }),
    sample: {
      title: "Loft at the canal",
      reasons: ["It names the telephone number of a private person."],
      text: "Nice place, but the heating was off. Call the neighbour if nobody opens.",
      url: "https://market.example/locations/42/reviews/9/edit",
    },
  }),
} satisfies Partial<Record<EventName, NotificationEvent>>;

interface Review {
  title: string;
  by: string;
  stars: number;
  text?: string;
  url: string;
}

function one({ title, by, stars, text: written, url }: Review) {
  return {
    subject: `${by} gave “${title}” ${counted(stars, "star")}`,
    blocks: [
      text(`${by} has reviewed “${title}”: ${starsText(stars)} (${stars} of 5).`),
      ...quoteIf(written, by),
      button("Read and answer", url),
    ],
  };
}

function many(all: readonly Review[]) {
  return {
    subject: `${all.length} new reviews of your listings`,
    blocks: [
      text("What people have written about your listings:"),
      {
        kind: "links" as const,
        items: all.slice(-NAMED).map(({ title, by, stars, url }) => ({
          label: title,
          url,
          about: `${by}: ${starsText(stars)} (${stars} of 5)`,
        })),
      },
    ],
  };
}
