/**
 * Accounts: whether a person is who they say, and the end.
 *
 * @module
 */
import * as z from "zod";
import { defineEvent, type NotificationEvent } from "../event.ts";
import { button, facts, list, text } from "./blocks.ts";
import { day, link, moment, reasons, timeZone } from "./fields.ts";
import type { EventName } from "./names.ts";
import { dayText, momentText } from "./wording.ts";

export const accountEvents = {
  "account.verified": defineEvent({
    description: "To someone whose papers were checked and found good.",
    data: z.object({ url: link }),
    urgency: "urgent",
    mail: ({ url }) => ({
      subject: "You are verified",
      blocks: [
        text("We have looked at your papers, and all is in order: your account is verified."),
        text("Your profile shows it from now on, so others know whom they deal with."),
        button("See your profile", url),
        text("You did not hand in any papers? Then please get in touch with us."),
      ],
    }),
    sample: { url: "https://market.example/profile" },
  }),
  "account.verification-rejected": defineEvent({
    description: "To someone whose papers could not be accepted: why, and how to try again.",
    data: z.object({ reasons, url: link }),
    secrets: ["url"],
    urgency: "urgent",
    mail: ({ reasons, url }) => ({
      subject: "We could not verify your account yet",
      blocks: [
        text("Thank you for your papers. We could not accept them as they are:"),
        list(reasons),
        text("Nothing is lost: your account works as before, and you can try again at any time."),
        button("Try again", url),
        text("You did not hand in any papers? Then please get in touch with us."),
      ],
    }),
    sample: {
      reasons: [
        "The photo of your identity card is too blurred to read the name.",
        "The card has expired. A passport would do as well.",
      ],
      url: "https://market.example/profile/verification",
    },
  }),
  "account.deleted": defineEvent({
    description: "To someone whose account was deleted, at the address that it had.",
    data: z.object({
      at: moment,
      timeZone: timeZone.default("UTC"),
      restoreUntil: day.optional().describe("The last day on which it can be had back."),
      url: link.describe("Where it can be had back, or help can be found."),
    }),
    secrets: ["url"],
    urgency: "urgent",
    mail: ({ at, timeZone, restoreUntil, url }) => ({
      subject: "Your account was deleted",
      reason:
        "You get this mail because an account with this address was deleted. It is the last one.",
      blocks: [
        text("Your account is deleted, and your listings are no longer shown."),
        facts([["When", momentText(at, timeZone)]]),
        text(
          restoreUntil === undefined
            ? "If it was not you, or a mistake, tell us as soon as you can."
            : `If it was not you, or a mistake, you can have it back until ${
              dayText(restoreUntil)
            }. Then it is gone for good, and we cannot bring it back either.`,
        ),
        button(restoreUntil === undefined ? "Get help" : "Get my account back", url),
        text("Thank you for the time that you were here."),
      ],
    }),
    sample: {
      at: "2026-11-21T18:42:00Z",
      timeZone: "Europe/Berlin",
      restoreUntil: "2026-12-21",
      url: "https://market.example/restore/9b1e",
    },
  }),
} satisfies Partial<Record<EventName, NotificationEvent>>;
