/**
 * Accounts: welcome and password.
 *
 * @module
 */
import * as z from "zod";
import { defineEvent, type NotificationEvent } from "../event.ts";
import { button, facts, list, text } from "./blocks.ts";
import { line, link, moment, timeZone } from "./fields.ts";
import type { EventName } from "./names.ts";
import { momentText } from "./wording.ts";

const NOT_SIGNED_UP =
  "You did not sign up? Then somebody has mistyped their own address. You need not do anything.";

const welcomeData = z.object({ url: link });
type Welcome = NotificationEvent<typeof welcomeData>;

interface WelcomeWords {
  description: string;
  subject: string;
  /** What is true from now on. */
  opening: string;
  /** What to do first, in this order. */
  steps: readonly string[];
  label: string;
  path: string;
}

/** The five welcomes say different things in one shape. */
function welcome({ description, subject, opening, steps, label, path }: WelcomeWords): Welcome {
  return defineEvent({
    description,
    data: welcomeData,
    secrets: ["url"],
    urgency: "urgent",
    mail: ({ url }) => ({
      subject,
      blocks: [text(opening), list(steps), button(label, url), text(NOT_SIGNED_UP)],
    }),
    sample: { url: `https://market.example/${path}` },
  });
}

export const userEvents = {
  "user.welcome": welcome({
    description: "To everybody who has just opened an account, whatever they will use it for.",
    subject: "Welcome: your account is ready",
    opening: "Good to have you here. Your account is ready, and this is what you can do with it:",
    steps: [
      "Look around: places, events and services near you.",
      "Save what you like, and find it again on any device.",
      "Write to hosts and providers, and have their answers by mail.",
    ],
    label: "Look around",
    path: "start",
  }),
  "user.welcome.client": welcome({
    description: "To a client who has just opened an account: how to find and book something.",
    subject: "Welcome: find your first place",
    opening: "Good to have you here. From the first search to a booking it takes three steps:",
    steps: [
      "Search by place and day.",
      "Ask the host whatever the page does not say.",
      "Book. All that you agreed on stays in one conversation.",
    ],
    label: "Find a place",
    path: "search",
  }),
  "user.welcome.host": welcome({
    description: "To a host who has just opened an account: how to put up the first place.",
    subject: "Welcome: put up your first place",
    opening: "Thank you for hosting with us. Your place is up in about ten minutes:",
    steps: [
      "Add five photos taken in daylight, the best one first.",
      "Say how many people fit, and what it costs.",
      "Hand it in. We look at it, and write to you as soon as it is online.",
    ],
    label: "Put up a place",
    path: "host/new",
  }),
  "user.welcome.organizer": welcome({
    description: "To an organizer who has just opened an account: how to announce the first event.",
    subject: "Welcome: announce your first event",
    opening: "Thank you for bringing people together here. To announce an event, you need:",
    steps: [
      "A title that says what will happen, and a picture.",
      "Day, time and place. Participants get a reminder from us the day before.",
      "How many can come. You see who takes part as it fills up.",
    ],
    label: "Announce an event",
    path: "events/new",
  }),
  "user.welcome.provider": welcome({
    description: "To a provider who has just opened an account: how to offer the first service.",
    subject: "Welcome: offer your first service",
    opening: "Thank you for offering your work here. Clients decide by three things:",
    steps: [
      "What exactly they get, in two or three sentences.",
      "What it costs, by hour or as a whole.",
      "How soon you answer. Their messages reach you by mail.",
    ],
    label: "Offer a service",
    path: "services/new",
  }),
  "user.reset.start": defineEvent({
    description: "To someone who forgot their password: a link that sets a new one.",
    data: z.object({ url: link, minutes: z.int().positive().max(10_080).default(60) }),
    secrets: ["url"],
    urgency: "urgent",
    mail: ({ url, minutes }) => ({
      subject: "Set a new password",
      blocks: [
        text("Somebody, most likely you, asked to set a new password for your account."),
        button("Set a new password", url),
        text(`The link works once, for ${validFor(minutes)}.`),
        text(
          "If it was not you, do nothing: your password stays as it is. Do not pass the link on. " +
            "We never ask for it, neither by phone nor by mail.",
        ),
      ],
    }),
    sample: { url: "https://market.example/reset/4f7c2a", minutes: 60 },
  }),
  "user.reset.confirmed": defineEvent({
    description: "To someone whose password was set anew, and what to do if it was not them.",
    data: z.object({
      at: moment,
      timeZone: timeZone.default("UTC"),
      device: line.optional(),
      url: link.describe("Where a new password can be set."),
    }),
    secrets: ["url"],
    urgency: "urgent",
    mail: ({ at, timeZone, device, url }) => ({
      subject: "Your password was changed",
      blocks: [
        text("Your account has a new password."),
        facts([["When", momentText(at, timeZone)], ["Where", device]]),
        text("If that was you, all is well, and there is nothing to do."),
        text(
          "If it was not, somebody else can get into your account. Set another password now, " +
            "one that you use nowhere else, and then that of your mailbox as well.",
        ),
        button("It was not me", url),
      ],
    }),
    sample: {
      at: "2026-11-21T18:42:00Z",
      timeZone: "Europe/Berlin",
      device: "Firefox on Windows",
      url: "https://market.example/reset",
    },
  }),
} satisfies Partial<Record<EventName, NotificationEvent>>;

function validFor(minutes: number): string {
  const [amount, unit] = minutes % 1_440 === 0
    ? [minutes / 1_440, "day"]
    : minutes % 60 === 0
    ? [minutes / 60, "hour"]
    : [minutes, "minute"];
  return `${amount} ${unit}${amount === 1 ? "" : "s"}`;
}
