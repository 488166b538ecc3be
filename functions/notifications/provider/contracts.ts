/**
 * What the mail provider says about mails it has accepted.
 *
 * @module
 */
import * as z from "zod";

/** What is kept; opened, clicked and whatever is not about our mail is let go. */
export const mailEventTypes = [
  "sent",
  "delivered",
  "delivery_delayed",
  "bounced",
  "complained",
  "failed",
  "suppressed",
] as const;
export type MailEventType = typeof mailEventTypes[number];

/** A word of theirs that is safe to keep: no sentence, and so no address in it. */
const word = z.string().regex(/^[\w -]{1,60}$/).optional().catch(undefined);

/** What of an event is read; the rest (subject, sender, tags) never is. */
export const ResendEvent = z.object({
  type: z.string().min(1).max(100).describe("As in email.bounced."),
  created_at: z.string().optional().catch(undefined).describe("When it happened, ISO 8601."),
  data: z.unknown().describe("What it is about."),
});

/** The data of the types that are kept. */
export const ResendMail = z.object({
  email_id: z.string().regex(/^[\w-]{1,100}$/),
  to: z.array(z.string().max(400).nullable())
    .transform((all) => all.filter((address) => address !== null)).optional().catch(undefined),
  bounce: z.object({ type: word, subType: word }).optional().catch(undefined),
  failed: z.object({ reason: word }).optional().catch(undefined),
  suppressed: z.object({ type: word }).optional().catch(undefined),
});
export type ResendMail = z.infer<typeof ResendMail>;

export const ProviderAccepted = z.object({
  accepted: z.literal(true),
  deduplicated: z.boolean().describe("True where it was known."),
});

export const ProviderLetGo = z.object({ accepted: z.literal(false), because: z.string() });
