/**
 * A mail that was accepted, and what becomes of it.
 *
 * @module
 */

/** A mail as it was sent. */
export interface MailContent {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly replyTo: readonly string[];
  readonly subject: string;
  readonly html?: string;
  readonly text?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: readonly { readonly name: string; readonly value: string }[];
}

/** A mail that was accepted. */
export interface AcceptedMail extends MailContent {
  readonly id: string;
  /** Epoch ms, on the server's clock. */
  readonly at: number;
  readonly idempotencyKey?: string;
}

export type MailEvent = "sent" | "delivered" | "bounced" | "complained";

const SENT_AFTER_MS = 100;
const ARRIVED_AFTER_MS = 1_000;
const COMPLAINED_AFTER_MS = 2_000;

/** What becomes of the mail, in order: Resend's test addresses choose it, every other one gets it. */
export function eventsOf({ to, at }: AcceptedMail): { event: MailEvent; at: number }[] {
  const arrived = to.some((address) => isTestAddress("bounced", address)) ? "bounced" : "delivered";
  const complained = to.some((address) => isTestAddress("complained", address));
  return [
    { event: "sent", at: at + SENT_AFTER_MS },
    { event: arrived, at: at + ARRIVED_AFTER_MS },
    ...(complained ? [{ event: "complained" as const, at: at + COMPLAINED_AFTER_MS }] : []),
  ];
}

/** The last that has happened to it, in Resend's words. */
export function lastEventOf(mail: AcceptedMail, now: number): MailEvent | "queued" {
  return eventsOf(mail).findLast(({ at }) => at <= now)?.event ?? "queued";
}

/** The address alone, of `Name <address>` as well. */
export function addressOf(text: string): string {
  return /<([^<>]*)>\s*$/.exec(text)?.[1] ?? text;
}

/** Also with a label, as in `bounced+signup@resend.dev`. */
function isTestAddress(name: string, text: string): boolean {
  return new RegExp(`^${name}(\\+[^@]*)?@resend\\.dev$`, "i").test(addressOf(text));
}
