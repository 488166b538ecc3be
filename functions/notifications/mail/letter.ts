/**
 * A mail with everything that stands around its content, before it becomes HTML and text.
 *
 * @module
 */
import type { MailContent } from "../event.ts";

export interface Letter {
  content: MailContent;
  /** Who it is from, as its head says. */
  brand: string;
  greeting: string;
  /** What an inbox shows beside the subject. */
  preview: string;
  /** Why the recipient gets it. */
  reason: string;
  unsubscribe?: { question: string; url: string };
}
