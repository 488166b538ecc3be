/**
 * From what a mail says to its HTML and its plain text.
 *
 * Texts of others are escaped, cleaned of control characters, and cut where the HTML would grow
 * beyond what mail readers show.
 *
 * @module
 */
import type { MailContent } from "../event.ts";
import {
  cleanContent,
  cleanText,
  type Limits,
  shortenedTo,
  subjectOf,
  webAddress,
} from "./clean.ts";
import { mailHtml } from "./html.tsx";
import type { Letter } from "./letter.ts";
import { mailText } from "./text.ts";

export interface RenderOptions {
  /** Who it is from, as its head says. */
  brand: string;
  /** The recipient's, for the greeting. */
  name?: string;
  /** Absent for mail that nobody can unsubscribe from. */
  unsubscribe?: { url: string; what: string };
}

export interface RenderedMail {
  subject: string;
  html: string;
  text: string;
}

/** Gmail shows no more than 102 KB, and hides the foot with its link behind another. */
const HTML_BYTES = 100_000;
const PREVIEW = 140;
const most: Limits = { quote: 10_000, items: 1_000 };
const least: Limits = { quote: 100, items: 10 };

/** Renders the mail. The same arguments give the same bytes: the provider compares them. */
export function renderMail(content: MailContent, options: RenderOptions): RenderedMail {
  const clean = cleanContent(content);
  for (let limits = most;; limits = halved(limits)) {
    const shortened = shortenedTo(limits, clean);
    const isLeast = limits.quote === least.quote && limits.items === least.items;
    // What is too long as it is need not be rendered to be seen so.
    if (!isLeast && JSON.stringify(shortened).length > HTML_BYTES) continue;
    const letter = letterOf(shortened, options);
    const html = mailHtml(letter);
    if (isLeast || new TextEncoder().encode(html).length <= HTML_BYTES) {
      return { subject: letter.content.subject, html, text: mailText(letter) };
    }
  }
}

function halved({ quote, items }: Limits): Limits {
  return {
    quote: Math.max(least.quote, Math.floor(quote / 2)),
    items: Math.max(least.items, Math.floor(items / 2)),
  };
}

function letterOf(content: MailContent, options: RenderOptions): Letter {
  const { name, unsubscribe } = options;
  const brand = subjectOf(options.brand);
  const preview = content.preview ??
    content.blocks.find((block) => block.kind === "text" || block.kind === "quote")?.text ?? "";
  return {
    content,
    brand,
    greeting: name === undefined ? "Hello," : `Hello ${subjectOf(name)},`,
    preview: [...preview.replace(/\s+/g, " ")].slice(0, PREVIEW).join(""),
    reason: content.reason ?? defaultReason(brand, unsubscribe !== undefined),
    ...(unsubscribe && {
      unsubscribe: {
        question: `No more mail about “${cleanText(unsubscribe.what)}”?`,
        url: webAddress(unsubscribe.url),
      },
    }),
  };
}

function defaultReason(brand: string, isOptional: boolean): string {
  const reason = `You get this mail because you have an account with ${brand}.`;
  return isOptional
    ? reason
    : `${reason} It is about the account itself or something that you did, so it is always sent.`;
}
