/**
 * What comes in to be told to somebody.
 *
 * @module
 */
import * as z from "zod";
import { EmailAddress } from "../../shared/mod.ts";
import { timeZone } from "./events/fields.ts";

/** Whom it is told. */
export const Recipient = z.object({
  email: EmailAddress.describe(
    "Where the mail goes; its domain may be in any script. Two spellings in case are one person.",
  ),
  name: z.string().trim().min(1).max(100).optional().describe("For the greeting."),
  timeZone: timeZone.optional().describe(
    "IANA; quiet hours hold in it. Without one there are none.",
  ),
});
export type Recipient = z.infer<typeof Recipient>;

/** It is waited for in hops of 6 days, whatever QStash's plan holds. */
export const MOST_DELAY_MS = 3_652 * 86_400_000;

/** What may be said about when and how. */
export const NotifyOptions = z.object({
  dedupeId: z.string().min(1).max(256).optional()
    .describe("Equal ids of one event and recipient are one notification, for 400 days."),
  delayMs: z.int().min(0).max(MOST_DELAY_MS).optional().describe("At most 10 years."),
  notBefore: z.iso.datetime({ offset: true }).optional().describe("Within 10 years."),
  delivery: z.enum(["mail", "digest"]).default("mail")
    .describe("`digest`: only as a line in the recipient's next daily digest."),
});
export type NotifyOptions = z.input<typeof NotifyOptions>;

export const NotifyRequest = NotifyOptions.extend({
  event: z.string().describe("One of the names of the gallery."),
  to: Recipient,
  data: z.unknown().optional().describe("What the event takes."),
});

export const NotifyAnswer = z.object({
  id: z.string().describe(
    "Where it stands is at /api/notifications/:id, and at /api/jobs/:id as its job. Events that are told together share one.",
  ),
  event: z.string(),
  deduplicated: z.boolean().describe(
    "True where this dedupeId was known: sent in the last 10 minutes, or told in the last 400 days.",
  ),
  until: z.iso.datetime().optional().describe("When those are told that are told together."),
});
export type NotifyAnswer = z.infer<typeof NotifyAnswer>;

/** One person, by address; it is hashed at once. */
export const RecipientQuery = z.object({ email: EmailAddress });

export const NotificationAnswer = z.object({
  id: z.string(),
  event: z.string(),
  outcome: z.string().describe("accepted, suppressed, unsubscribed, refused or empty."),
  told: z.int().describe("How many events its mail told of."),
  at: z.iso.datetime(),
  provider: z.array(
    z.object({ type: z.string(), detail: z.string().optional(), at: z.iso.datetime() }),
  ).describe("What the provider said since: delivered, bounced, complained."),
});

export const NotificationsAnswer = z.object({ notifications: z.array(NotificationAnswer) });
export type NotificationsAnswer = z.infer<typeof NotificationsAnswer>;

export const SuppressionsAnswer = z.object({
  suppressions: z.array(
    z.object({
      scope: z.string().describe("`all`, or the group that was unsubscribed from."),
      reason: z.string().describe("bounced, refused, complained or unsubscribed."),
      at: z.iso.datetime(),
    }),
  ),
});
export type SuppressionsAnswer = z.infer<typeof SuppressionsAnswer>;
