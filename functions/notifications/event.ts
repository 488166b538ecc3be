/**
 * What a notification event is: a payload, the mail it becomes, and how that mail travels.
 *
 * @module
 */
import type * as z from "zod";

/** What people can unsubscribe from, one by one. */
export const unsubscribeGroups = {
  messages: "New messages",
  activity: "Favorites, reviews and bookings of your listings",
  reminders: "Reminders of events",
  recommendations: "Recommendations and statistics",
  invitations: "Invitations to claim a listing",
} as const;
export type UnsubscribeGroup = keyof typeof unsubscribeGroups;

/** A piece of a mail's body. Each is rendered as HTML and as plain text; texts need no escaping. */
export type Block =
  | { kind: "text"; text: string }
  | { kind: "button"; label: string; url: string }
  | { kind: "list"; items: readonly string[] }
  /** Several places to go to, each with what is to be said about it. */
  | { kind: "links"; items: readonly { label: string; url: string; about?: string }[] }
  | { kind: "facts"; rows: readonly (readonly [name: string, value: string])[] }
  /** What somebody else wrote, kept apart from what we say. */
  | { kind: "quote"; text: string; by?: string }
  /** To be typed off. */
  | { kind: "code"; text: string };

/** What a mail says, before it is rendered. The same data makes the same content, at any time. */
export interface MailContent {
  /** One line; longer than 150 characters is cut. */
  subject: string;
  /** What an inbox shows beside the subject. Default: the first text. */
  preview?: string;
  blocks: readonly Block[];
  /** Why the recipient gets it, in a sentence. Default: what holds for people with an account. */
  reason?: string;
}

/** One row of the table of events. */
export interface NotificationEvent<In extends z.ZodType = z.ZodType> {
  /** One sentence for the documentation and the gallery: when it is sent, and to whom. */
  description: string;
  data: In;
  /**
   * Fields that act for whoever has them, as a link that sets a password does: nobody reads them but
   * the job that sends the mail. Such an event is told at once and alone.
   */
  secrets?: readonly (string & keyof z.input<In>)[];
  /** `urgent` mail (password, security, account) has a share of the provider's rate to itself. */
  urgency: "urgent" | "bulk";
  /** What a recipient may unsubscribe from; absent for account, security and the like. */
  group?: UnsubscribeGroup;
  /** Whether it waits for the end of the recipient's quiet hours. Default: false. */
  waits?: boolean;
  /** Several to one person within `withinMs` of the first become one mail, sent at the end of that time. */
  collapse?: { withinMs: number; mail(all: readonly z.output<In>[]): MailContent };
  /** The line that it leaves in the daily digest of its recipient, if it does. */
  digestLine?(data: z.output<In>): string;
  mail(data: z.output<In>): MailContent;
  /** For the gallery, the documentation and the tests. */
  sample: z.input<In>;
}

/** Makes a row of the table; its functions are typed by its `data`. */
export function defineEvent<In extends z.ZodType>(
  event: NotificationEvent<In>,
): NotificationEvent<In> {
  if (event.secrets && (event.collapse || event.digestLine)) {
    throw new TypeError("Cannot define an event with secrets that waits with others in a table");
  }
  return event;
}
