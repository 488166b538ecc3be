/**
 * Events that somebody takes part in: confirmed, asked about, tomorrow.
 *
 * @module
 */
import * as z from "zod";
import { defineEvent, type NotificationEvent } from "../event.ts";
import { button, facts, quoteIf, text } from "./blocks.ts";
import { count, line, link, moment, timeZone, words } from "./fields.ts";
import type { EventName } from "./names.ts";
import { momentText, numberIf, timeText } from "./wording.ts";

const gathering = {
  title: line,
  startsAt: moment,
  timeZone: timeZone.default("UTC").describe(
    "The event's own: whoever takes part is there by then.",
  ),
  place: line.optional(),
  url: link,
};

const sample = {
  title: "Sourdough for beginners",
  startsAt: "2026-11-28T18:00:00Z",
  timeZone: "Europe/Berlin",
  place: "Kitchen 3, Harbour Street 12",
};

interface Gathering {
  startsAt: string;
  timeZone: string;
  place?: string;
}

const whenAndWhere = ({ startsAt, timeZone, place }: Gathering) =>
  [["When", momentText(startsAt, timeZone)], ["Where", place]] as const;

export const gatheringEvents = {
  "event.reminder.24h": defineEvent({
    description: "To everybody who takes part in an event, 24 hours before it begins.",
    data: z.object({
      ...gathering,
      note: words.optional().describe("What the organizer wants to say."),
      by: line.optional().describe("The organizer."),
    }),
    urgency: "bulk",
    group: "reminders",
    mail: ({ title, note, by, url, ...gathering }) => ({
      subject: `Tomorrow at ${timeText(gathering.startsAt, gathering.timeZone)}: ${title}`,
      blocks: [
        text(`“${title}” begins in 24 hours. All you need for it:`),
        facts(whenAndWhere(gathering)),
        ...quoteIf(note, by ?? "The organizer"),
        button("See the event", url),
        text("Something came up? Give up your place there, so that somebody else can have it."),
      ],
    }),
    sample: {
      ...sample,
      note: "Bring an apron and a jar with a lid. You take your own starter home.",
      by: "Grace",
      url: "https://market.example/events/7",
    },
  }),
  "event.participation.reminder": defineEvent({
    description: "To someone who was asked whether they take part, and has not answered.",
    data: z.object({ ...gathering, answerBy: moment.optional() }),
    secrets: ["url"],
    urgency: "bulk",
    group: "reminders",
    waits: true,
    mail: ({ title, answerBy, url, ...gathering }) => ({
      subject: `Are you coming to “${title}”?`,
      blocks: [
        text(`There is a place for you at “${title}”. Will you come?`),
        facts([
          ...whenAndWhere(gathering),
          ["Answer by", answerBy && momentText(answerBy, gathering.timeZone)],
        ]),
        button("Say yes or no", url),
        text("A no is fine, too: somebody on the waiting list will be glad."),
      ],
    }),
    sample: {
      ...sample,
      answerBy: "2026-11-26T11:00:00Z",
      url: "https://market.example/events/7/answer",
    },
  }),
  "event.participation.confirmed": defineEvent({
    description: "To someone whose place at an event is sure, with what they need at the door.",
    data: z.object({
      ...gathering,
      people: count.min(1).optional(),
      code: z.string().trim().min(1).max(32).optional().describe("To be shown at the door."),
    }),
    secrets: ["url", "code"],
    urgency: "bulk",
    mail: ({ title, people, code, url, ...gathering }) => ({
      subject: `You are in: ${title}`,
      blocks: [
        text(`Your place at “${title}” is confirmed. We look forward to seeing you.`),
        facts([...whenAndWhere(gathering), ["People", numberIf(people)]]),
        ...code === undefined
          ? []
          : [text("Show this at the door:"), { kind: "code" as const, text: code }],
        button("See your booking", url),
        text("You cannot come after all? Give up your place there, as early as you can."),
      ],
    }),
    sample: {
      ...sample,
      people: 2,
      code: "K7P-4MX",
      url: "https://market.example/bookings/311",
    },
  }),
} satisfies Partial<Record<EventName, NotificationEvent>>;
