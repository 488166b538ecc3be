/**
 * How listings do, and listings that somebody may like.
 *
 * @module
 */
import * as z from "zod";
import { defineEvent, type NotificationEvent } from "../event.ts";
import { button, facts, list, text } from "./blocks.ts";
import { count, day, line, link } from "./fields.ts";
import type { EventName } from "./names.ts";
import { counted, daysText, number, numberIf } from "./wording.ts";

const period = { from: day, to: day };

export const statisticsEvents = {
  "listing.recommended": defineEvent({
    description: "To someone who may like these listings, by what they saved and booked.",
    data: z.object({
      because: line.optional().describe("What they were chosen by, as in `you saved a loft`."),
      listings: z.array(z.object({ title: line, about: line.optional(), url: link })).min(1).max(
        10,
      ),
      url: link.describe("Where there are more."),
    }),
    urgency: "bulk",
    group: "recommendations",
    waits: true,
    mail: ({ because, listings, url }) => ({
      subject: listings.length === 1
        ? `You may like “${listings[0].title}”`
        : `You may like “${listings[0].title}” and ${listings.length - 1} more`,
      blocks: [
        text(`${because === undefined ? "We" : `Because ${because}, we`} think you may like this:`),
        { kind: "links", items: listings.map(({ title, ...rest }) => ({ label: title, ...rest })) },
        button("See more", url),
      ],
    }),
    sample: {
      because: "you saved “Loft at the canal”",
      listings: [
        {
          title: "Glass house in the park",
          about: "For 40 people, from 35 € an hour",
          url: "https://market.example/locations/51",
        },
        {
          title: "Rooftop above the station",
          about: "For 25 people, from 28 € an hour",
          url: "https://market.example/locations/63",
        },
        {
          title: "The old printing works",
          about: "For 80 people, from 60 € an hour",
          url: "https://market.example/locations/70",
        },
      ],
      url: "https://market.example/for-you",
    },
  }),
  "listing.search-stats": defineEvent({
    description: "To the owner of a listing: how often searches showed it, and for which words.",
    data: z.object({
      title: line,
      ...period,
      shown: count,
      opened: count,
      terms: z.array(line).max(10).default([]).describe("What was searched for, most first."),
      url: link,
    }),
    urgency: "bulk",
    group: "recommendations",
    waits: true,
    mail: ({ title, from, to, shown, opened, terms, url }) => ({
      subject: `“${title}” was found ${counted(shown, "time")}`,
      blocks: [
        text(`This is how people found “${title}”, ${daysText(from, to)}:`),
        facts([
          ["Shown in searches", number(shown)],
          ["Opened from there", `${number(opened)}${shareText(opened, shown)}`],
        ]),
        ...terms.length === 0 ? [] : [text("They searched for:"), list(terms)],
        text("Words that people search for do well in the title and in the first sentence."),
        button("See all numbers", url),
      ],
    }),
    sample: {
      title: "Loft at the canal",
      from: "2026-11-14",
      to: "2026-11-20",
      shown: 1_240,
      opened: 93,
      terms: ["loft", "birthday party", "room for 20 people"],
      url: "https://market.example/locations/42/numbers",
    },
  }),
  "listing.view-stats": defineEvent({
    description: "To the owner of a listing: how often it was viewed, saved and booked.",
    data: z.object({
      title: line,
      ...period,
      views: count,
      viewsBefore: count.optional().describe("In as many days before."),
      favorites: count.optional(),
      bookings: count.optional(),
      url: link,
    }),
    urgency: "bulk",
    group: "recommendations",
    waits: true,
    mail: ({ title, from, to, views, viewsBefore, favorites, bookings, url }) => ({
      subject: `“${title}”: ${counted(views, "view")}`,
      blocks: [
        text(`This is how “${title}” did, ${daysText(from, to)}:`),
        facts([
          ["Views", `${number(views)}${changeText(views, viewsBefore)}`],
          ["Saved", numberIf(favorites)],
          ["Bookings", numberIf(bookings)],
        ]),
        button("See all numbers", url),
      ],
    }),
    sample: {
      title: "Loft at the canal",
      from: "2026-11-14",
      to: "2026-11-20",
      views: 412,
      viewsBefore: 367,
      favorites: 18,
      bookings: 3,
      url: "https://market.example/locations/42/numbers",
    },
  }),
} satisfies Partial<Record<EventName, NotificationEvent>>;

function shareText(part: number, whole: number): string {
  if (whole === 0 || part > whole) return "";
  return ` (${Math.round(100 * part / whole)}%)`;
}

function changeText(now: number, before: number | undefined): string {
  if (before === undefined) return "";
  if (now === before) return ", as many as before";
  return `, ${number(Math.abs(now - before))} ${now > before ? "more" : "fewer"} than before`;
}
