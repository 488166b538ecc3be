/**
 * For those who run the marketplace: what came in to be looked at, and the day's digest.
 *
 * @module
 */
import * as z from "zod";
import { EmailAddress } from "../../../shared/mod.ts";
import { defineEvent, type NotificationEvent } from "../event.ts";
import { button, facts, FOR_STAFF, list, quote, quoteIf, text } from "./blocks.ts";
import { count, day, line, link, moment, stars, timeZone, words } from "./fields.ts";
import type { EventName } from "./names.ts";
import { counted, dayText, momentText, numberIf, starsText } from "./wording.ts";

export const adminEvents = {
  "admin.listing.pending": defineEvent({
    description: "To an admin: a listing waits to be looked at.",
    data: z.object({ title: line, by: line, url: link }),
    urgency: "bulk",
    digestLine: ({ title, by }) => `Listing to look at: ${title}, by ${by}`,
    mail: ({ title, by, url }) => ({
      subject: `Listing to look at: ${title}`,
      reason: FOR_STAFF,
      blocks: [
        text(`${by} handed in a listing, and waits for it to go online.`),
        facts([["Listing", title], ["By", by]]),
        button("Look at it", url),
      ],
    }),
    sample: {
      title: "Loft at the canal",
      by: "Ada",
      url: "https://market.example/admin/listings/42",
    },
  }),
  "admin.review.pending": defineEvent({
    description: "To an admin: a review waits to be looked at.",
    data: z.object({ title: line, by: line, stars, text: words.optional(), url: link }),
    urgency: "bulk",
    digestLine: ({ title, by, stars }) =>
      `Review to look at: ${title}, ${counted(stars, "star")} by ${by}`,
    mail: ({ title, by, stars, text: written, url }) => ({
      subject: `Review to look at: ${title}`,
      reason: FOR_STAFF,
      blocks: [
        text(`${by} reviewed “${title}”: ${starsText(stars)} (${stars} of 5).`),
        ...quoteIf(written, by),
        button("Look at it", url),
      ],
    }),
    sample: {
      title: "Loft at the canal",
      by: "Grace",
      stars: 2,
      text: "The heating was off all evening, and nobody answered the telephone.",
      url: "https://market.example/admin/reviews/9",
    },
  }),
  "admin.user.new": defineEvent({
    description: "To an admin: somebody has opened an account.",
    data: z.object({
      name: line,
      role: line.optional(),
      email: EmailAddress.optional(),
      url: link,
    }),
    urgency: "bulk",
    digestLine: ({ name, role }) => `New account: ${name}${role === undefined ? "" : `, ${role}`}`,
    mail: ({ name, role, email, url }) => ({
      subject: `New account: ${name}`,
      reason: FOR_STAFF,
      blocks: [
        text(`${name} has opened an account.`),
        facts([["Name", name], ["As", role], ["Mail", email]]),
        button("See the account", url),
      ],
    }),
    sample: {
      name: "Ada Sample",
      role: "host",
      email: "ada@mail.example",
      url: "https://market.example/admin/users/81",
    },
  }),
  "admin.verification.request": defineEvent({
    description: "To an admin: somebody has handed in papers to be verified.",
    data: z.object({ name: line, documents: count.optional(), url: link }),
    urgency: "bulk",
    digestLine: ({ name }) => `Papers to check: ${name}`,
    mail: ({ name, documents, url }) => ({
      subject: `Papers to check: ${name}`,
      reason: FOR_STAFF,
      blocks: [
        text(`${name} wants to be verified, and has handed in papers.`),
        facts([["Name", name], ["Documents", numberIf(documents)]]),
        text("For privacy's sake they are not in this mail."),
        button("Check them", url),
      ],
    }),
    sample: {
      name: "Grace Sample",
      documents: 2,
      url: "https://market.example/admin/verifications/5",
    },
  }),
  "admin.contact": defineEvent({
    description: "To an admin: somebody has written by the contact form.",
    data: z.object({
      name: line,
      email: EmailAddress,
      subject: line,
      text: words,
      url: link,
    }),
    urgency: "bulk",
    digestLine: ({ name, subject }) => `Message by the contact form: ${subject}, from ${name}`,
    mail: ({ name, email, subject, text: written, url }) => ({
      subject: `Contact form: ${subject}`,
      preview: written,
      reason: FOR_STAFF,
      blocks: [
        text(`${name} has written by the contact form.`),
        facts([["About", subject], ["From", name], ["Mail", email]]),
        quote(written, name),
        button("Answer", url),
        text("Answer there, or write to their address: a reply to this mail does not reach them."),
      ],
    }),
    sample: {
      name: "Alan Sample",
      email: "alan@mail.example",
      subject: "Invoice for September",
      text:
        "Hello,\n\nI cannot find the invoice for my booking of 12 September. Could you send it?",
      url: "https://market.example/admin/contact/204",
    },
  }),
  "admin.password.changed": defineEvent({
    description: "To an admin: the password of an admin's account was changed.",
    data: z.object({
      account: line,
      at: moment,
      timeZone: timeZone.default("UTC"),
      from: line.optional().describe("The device, or the place that its address is at."),
      url: link.describe("Where the account can be locked."),
    }),
    urgency: "urgent",
    mail: ({ account, at, timeZone, from, url }) => ({
      subject: `Admin password changed: ${account}`,
      reason: FOR_STAFF,
      blocks: [
        text("The password of an account with admin rights was changed."),
        facts([["Account", account], ["When", momentText(at, timeZone)], ["From", from]]),
        text("If you know of it, there is nothing to do."),
        text("If nobody does, lock the account first, then look at what it did since."),
        button("Lock the account", url),
      ],
    }),
    sample: {
      account: "ada@market.example",
      at: "2026-11-21T18:42:00Z",
      timeZone: "Europe/Berlin",
      from: "Firefox on Windows, Hamburg",
      url: "https://market.example/admin/users/1",
    },
  }),
  "admin.digest.daily": defineEvent({
    description: "To an admin, each morning after a day with something to tell: what came in.",
    data: z.object({
      day,
      lines: z.array(z.string().max(500)).min(1).max(1_000),
      url: link.optional().describe("Where all of it can be looked at."),
    }),
    urgency: "bulk",
    mail: ({ day, lines, url }) => ({
      subject: `${counted(lines.length, "thing")} to look at, ${dayText(day)}`,
      preview: lines[0],
      reason: FOR_STAFF,
      blocks: [
        text(`What came in on ${dayText(day)}:`),
        list(lines),
        ...url === undefined ? [] : [button("Look at it all", url)],
      ],
    }),
    sample: {
      day: "2026-11-20",
      lines: [
        "Listing to look at: Loft at the canal, by Ada",
        "Listing to look at: Glass house in the park, by Alan",
        "Review to look at: The old printing works, 2 stars by Grace",
        "Papers to check: Grace Sample",
        "New account: Ada Sample, host",
      ],
      url: "https://market.example/admin",
    },
  }),
} satisfies Partial<Record<EventName, NotificationEvent>>;
