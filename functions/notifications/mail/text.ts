/**
 * A mail's plain text: the same content in lines of at most 76 characters, addresses on lines of
 * their own.
 *
 * @module
 */
import type { Block } from "../event.ts";
import type { Letter } from "./letter.ts";

const WIDTH = 76;

/** The whole text. */
export function mailText({ greeting, content, brand, reason, unsubscribe }: Letter): string {
  const foot = [
    "-- ",
    brand,
    wrapped(reason),
    ...unsubscribe ? [wrapped(unsubscribe.question), unsubscribe.url] : [],
  ].join("\n");
  return `${[wrapped(greeting), ...content.blocks.map(blockText), foot].join("\n\n")}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "text":
      return wrapped(block.text);
    case "button":
      return `${wrapped(`${block.label}:`)}\n${block.url}`;
    case "list":
      return block.items.map((item) => wrapped(item, "- ", "  ")).join("\n");
    case "links":
      return block.items.map(({ label, url, about }) =>
        [wrapped(label, "- ", "  "), ...about ? [wrapped(about, "  ")] : [], `  ${url}`].join("\n")
      ).join("\n\n");
    case "facts":
      return block.rows.map(([name, value]) => wrapped(`${name}: ${value}`, "", "  ")).join("\n");
    case "quote":
      return [...block.by ? [wrapped(`${block.by}:`)] : [], wrapped(block.text, "> ")].join("\n");
    case "code":
      return `    ${block.text}`;
  }
}

/** Each line is broken between words where it is too long; a word that is too long stays whole. */
function wrapped(text: string, first = "", next = first): string {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      const prefix = lines.length === 0 ? first : next;
      if (line !== "" && lengthOf(prefix) + lengthOf(line) + 1 + lengthOf(word) > WIDTH) {
        lines.push((prefix + line).trimEnd());
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(((lines.length === 0 ? first : next) + line).trimEnd());
  }
  return lines.join("\n");
}

const lengthOf = (text: string) => [...text].length;
