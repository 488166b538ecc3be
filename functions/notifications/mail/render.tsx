/**
 * From what a mail says to its HTML and its plain text.
 *
 * @module
 */
import type { Block, MailContent } from "../event.ts";

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

/** Renders the mail. The same arguments give the same bytes: the provider compares them. */
export function renderMail(content: MailContent, options: RenderOptions): RenderedMail {
  const { brand, name, unsubscribe } = options;
  const greeting = name === undefined ? "Hello," : `Hello ${name},`;
  const html = (
    <html lang="en">
      <body>
        <p>{greeting}</p>
        {content.blocks.map((block) => <p>{textOf(block)}</p>)}
        <p>{brand}</p>
        {unsubscribe && <a href={unsubscribe.url}>Unsubscribe</a>}
      </body>
    </html>
  );
  return {
    subject: content.subject.slice(0, 150),
    html: `<!doctype html>${html}`,
    text: [greeting, ...content.blocks.map(textOf), brand, unsubscribe?.url ?? ""].join("\n\n"),
  };
}

function textOf(block: Block): string {
  switch (block.kind) {
    case "text":
    case "quote":
    case "code":
      return block.text;
    case "button":
      return `${block.label}: ${block.url}`;
    case "list":
      return block.items.map((item) => `- ${item}`).join("\n");
    case "facts":
      return block.rows.map(([name, value]) => `${name}: ${value}`).join("\n");
  }
}
