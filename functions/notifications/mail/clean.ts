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

/** The content with clean texts, and what is over the limits replaced by a word about it. */
export function cleanContent(content: MailContent, limits: Limits): MailContent {
  const { subject, preview, reason, blocks } = content;
  return {
    subject: subjectOf(subject),
    blocks: blocks.map((block) => cleanBlock(block, limits)),
    ...(preview !== undefined && { preview: cleanText(preview) }),
    ...(reason !== undefined && { reason: cleanText(reason) }),
  };
}

function cleanBlock(block: Block, { quote, items }: Limits): Block {
  switch (block.kind) {
    case "text":
    case "code":
      return { ...block, text: cleanText(block.text) };
    case "quote":
      return { ...block, text: shortened(cleanText(block.text), quote), by: cleanIf(block.by) };
    case "button":
      return { ...block, label: cleanText(block.label), url: webAddress(block.url) };
    case "list": {
      const shown = block.items.slice(0, items).map(cleanText);
      const more = block.items.length - shown.length;
      return { ...block, items: more === 0 ? shown : [...shown, `and ${more} more`] };
    }
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
  const parsed = URL.parse(url);
  if (parsed && /^https?:$/.test(parsed.protocol)) return parsed.href;
  throw new TypeError("Cannot link to an address that is not http or https");
}

function cleanIf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : cleanText(text);
}

function shortened(text: string, limit: number): string {
  const characters = [...text];
  if (characters.length <= limit) return text;
  return `${
    characters.slice(0, limit).join("").trimEnd()
  } …\n\n(It goes on behind the link below.)`;
}
