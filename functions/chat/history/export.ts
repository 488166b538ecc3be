/**
 * A conversation as a file, for its user to take away: read in pages, as fast as it is taken.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import type { ConversationView } from "./contracts.ts";
import { isoOf, nextMessages, type StoredMessage, viewOf } from "./message_store.ts";

/** `jsonl`: the conversation, then a message in each line. `text`: for people to read. */
export type ExportFormat = "jsonl" | "text";

interface Writer {
  contentType: string;
  extension: string;
  head(conversation: ConversationView): string;
  message(message: StoredMessage): string;
}

const PAGE = 100;

const writers: Readonly<Record<ExportFormat, Writer>> = {
  jsonl: {
    contentType: "application/x-ndjson; charset=utf-8",
    extension: "jsonl",
    head: (conversation) => JSON.stringify({ conversation }) + "\n",
    message: (message) => JSON.stringify({ message: viewOf(message) }) + "\n",
  },
  text: {
    contentType: "text/plain; charset=utf-8",
    extension: "txt",
    head: ({ title, createdAt }) => `${title}\n${createdAt}\n`,
    message: ({ role, text, at }) =>
      `\n${role === "user" ? "You" : "Assistant"}, ${isoOf(at)}\n${text}\n`,
  },
};

/** What the answer says of the file. */
export function exportHeaders({ id }: ConversationView, format: ExportFormat) {
  const { contentType, extension } = writers[format];
  return {
    "Content-Type": contentType,
    "Content-Disposition": `attachment; filename="conversation-${id}.${extension}"`,
  };
}

/**
 * The file. `ended` resolves when nothing more is read from Postgres: at its end, when its reader
 * leaves, or when Postgres fails, which breaks the body off, so that nobody takes a part for the
 * whole.
 */
export function exportBody(
  sql: Sql,
  conversation: ConversationView,
  { format, onPage }: { format: ExportFormat; onPage?(): void },
): { body: ReadableStream<Uint8Array>; ended: Promise<void> } {
  const writer = writers[format];
  const encoder = new TextEncoder();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let after = 0;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(writer.head(conversation))),
    async pull(controller) {
      try {
        const messages = await nextMessages(sql, conversation.id, { after, limit: PAGE });
        onPage?.();
        if (messages.length > 0) {
          after = messages.at(-1)!.position;
          controller.enqueue(encoder.encode(messages.map(writer.message).join("")));
        }
        if (messages.length === PAGE) return;
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      end();
    },
    cancel: () => end(),
  });
  return { body, ended };
}
