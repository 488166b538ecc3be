/**
 * What becomes of a listing: looked at, online, saved by somebody, over.
 *
 * @module
 */
import * as z from "zod";
import { defineEvent, type NotificationEvent } from "../event.ts";
import { button, facts, list, quoteIf, text } from "./blocks.ts";
import { count, day, line, link, reasons, words } from "./fields.ts";
import type { EventName } from "./names.ts";
import { counted, dayText, numberIf } from "./wording.ts";

const HOUR_MS = 3_600_000;
/** How many listings one mail names. */
const NAMED = 20;

export const listingEvents = {
  "listing.approved": defineEvent({
    description: "To the owner of a listing that was looked at and is online.",
    data: z.object({ title: line, url: link }),
    urgency: "bulk",
    mail: ({ title, url }) => ({
      subject: `“${title}” is online`,
      blocks: [
        text(`We have looked at “${title}”, and it is online. Everybody can find it now.`),
        button("See it as others do", url),
        text(
          "You can change texts, photos and prices at any time. Whoever answers the first " +
            "questions soon is asked more often.",
        ),
      ],
    }),
    sample: { title: "Loft at the canal", url: "https://market.example/locations/42" },
  }),
  "listing.rejected": defineEvent({
    description: "To the owner of a listing that cannot go online yet: why, and what to change.",
    data: z.object({
      title: line,
      reasons,
      note: words.optional().describe("What whoever looked at it wants to add."),
      url: link.describe("Where it can be changed."),
    }),
    urgency: "bulk",
    mail: ({ title, reasons, note, url }) => ({
      subject: `“${title}” needs a change before it goes online`,
      blocks: [
        text(`Thank you for “${title}”. Before it can go online, please look at this:`),
        list(reasons),
        ...quoteIf(note, "A note from us"),
        button("Change it", url),
        text("Hand it in again when it is done. What you have entered is still there."),
      ],
    }),
    sample: {
      title: "Loft at the canal",
      reasons: [
        "The photos show another address than the text.",
        "The price is missing. An amount for each hour is enough.",
      ],
      note: "The view over the water is lovely. Could that photo come first?",
      url: "https://market.example/locations/42/edit",
    },
  }),
  "listing.finished": defineEvent({
    description: "To the owner of a listing whose time is over, and what it has brought.",
    data: z.object({
      title: line,
      endedOn: day,
      views: count.optional(),
      favorites: count.optional(),
      bookings: count.optional(),
      url: link.describe("Where it can be put up again."),
    }),
    urgency: "bulk",
    waits: true,
    mail: ({ title, endedOn, views, favorites, bookings, url }) => ({
      subject: `“${title}” has ended`,
      blocks: [
        text(`“${title}” was online until ${dayText(endedOn)} and is no longer shown.`),
        ...(views ?? favorites ?? bookings) === undefined ? [] : [facts([
          ["Views", numberIf(views)],
          ["Saved", numberIf(favorites)],
          ["Bookings", numberIf(bookings)],
        ])],
        text("If you want it back, one click is enough: texts and photos are kept."),
        button("Put it up again", url),
      ],
    }),
    sample: {
      title: "Christmas market at the old port",
      endedOn: "2026-11-20",
      views: 1_840,
      favorites: 96,
      bookings: 31,
      url: "https://market.example/events/7/again",
    },
  }),
  "listing.favorited": defineEvent({
    description: "To the owner of a listing that somebody saved; those of an hour become one mail.",
    data: z.object({ title: line, by: line.optional(), url: link }),
    urgency: "bulk",
    group: "activity",
    waits: true,
    collapse: {
      withinMs: HOUR_MS,
      mail: (all) => all.length === 1 ? savedOnce(all[0]) : savedOften(all),
    },
    mail: savedOnce,
    sample: { title: "Loft at the canal", by: "Grace", url: "https://market.example/locations/42" },
  }),
} satisfies Partial<Record<EventName, NotificationEvent>>;

interface Favorite {
  title: string;
  by?: string;
  url: string;
}

function savedOnce({ title, by = "Somebody", url }: Favorite) {
  return {
    subject: `${by} saved “${title}”`,
    blocks: [
      text(`${by} has put “${title}” on their list, to come back to it.`),
      button("See the listing", url),
    ],
  };
}

function savedOften(all: readonly Favorite[]) {
  const listings = new Map<string, { title: string; times: number }>();
  for (const { title, url } of all) {
    listings.set(url, { title, times: (listings.get(url)?.times ?? 0) + 1 });
  }
  const [[url, { title }]] = listings;
  const saved = `saved ${counted(all.length, "time")}`;
  if (listings.size === 1) {
    return {
      subject: `“${title}” was ${saved}`,
      blocks: [
        text(`“${title}” was ${saved} in the last hour, by people who want to come back to it.`),
        button("See the listing", url),
      ],
    };
  }
  return {
    subject: `Your listings were ${saved}`,
    blocks: [
      text(`Your listings were ${saved} in the last hour:`),
      {
        kind: "links" as const,
        items: [...listings].slice(0, NAMED).map(([url, { title, times }]) => ({
          label: title,
          url,
          about: counted(times, "time"),
        })),
      },
    ],
  };
}
