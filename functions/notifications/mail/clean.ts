/**
 * Texts of others, made fit for a mail: no control characters, and no longer than they may be.
 *
 * Escaping is left to what renders them.
 *
 * @module
 */
import type { Block, MailContent } from "../event.ts";

const SUBJECT = 150;

/** How much of what others wrote is shown. */
export interface Limits {
  /** Characters of one quote. */
  quote: number;
  /** Items of one list. */
  items: number;
}

/** One line without control characters, of at most 150 characters: it cannot begin another header. */
export function subjectOf(text: string): string {
  const line = cleanText(text).replace(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length <= SUBJECT ? line : characters.slice(0, SUBJECT - 1).join("") + "…";
}

/** The content with what is over the limits replaced by a word about it. */
export function shortenedTo({ quote, items }: Limits, content: MailContent): MailContent {
  const blocks = content.blocks.map((block): Block => {
    if (block.kind === "quote") return { ...block, text: shortened(block.text, quote) };
    if (block.kind !== "list" || block.items.length <= items) return block;
    const more = block.items.length - items;
    return { ...block, items: [...block.items.slice(0, items), `and ${more} more`] };
  });
  return { ...content, blocks };
}

/** The content with clean texts. @throws {TypeError} if it links to what is not of the web */
export function cleanContent(content: MailContent): MailContent {
  const { subject, preview, reason, blocks } = content;
  return {
    subject: subjectOf(subject),
    blocks: blocks.map(cleanBlock),
    ...(preview !== undefined && { preview: cleanText(preview) }),
    ...(reason !== undefined && { reason: cleanText(reason) }),
  };
}

function cleanBlock(block: Block): Block {
  switch (block.kind) {
    case "text":
    case "code":
      return { ...block, text: cleanText(block.text) };
    case "quote":
      return { ...block, text: cleanText(block.text), by: cleanIf(block.by) };
    case "button":
      return { ...block, label: cleanText(block.label), url: webAddress(block.url) };
    case "list":
      return { ...block, items: block.items.map(cleanText) };
    case "links":
      return {
        ...block,
        items: block.items.map(({ label, url, about }) => ({
          label: cleanText(label),
          url: webAddress(url),
          about: cleanIf(about),
        })),
      };
    case "facts":
      return {
        ...block,
        rows: block.rows.map(([name, value]) => [cleanText(name), cleanText(value)] as const),
      };
  }
}

/**
 * Without control characters, halves of characters, and marks that turn the direction of what
 * follows; line breaks stay, at most two in a row.
 */
export function cleanText(text: string): string {
  return text.toWellFormed()
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(/\t/g, " ")
    // deno-lint-ignore no-control-regex -- they are what must go
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g, "")
    .replace(/\n[ \n]*\n/g, "\n\n")
    .trim();
}

/** The address, normalized. @throws {TypeError} if it is not one of the web */
export function webAddress(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && /^https?:$/.test(parsed.protocol)) return parsed.href;
  throw new TypeError("Cannot link to an address that is not http or https");
}

function cleanIf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : cleanText(text);
}

function shortened(text: string, limit: number): string {
  // A character is at most two units long: what lies beyond twice the limit is not looked at.
  const characters = [...text.slice(0, 2 * limit)];
  if (text.length <= 2 * limit && characters.length <= limit) return text;
  const start = characters.slice(0, limit).join("").trimEnd();
  return `${start} …\n\n(It goes on behind the link below.)`;
}
