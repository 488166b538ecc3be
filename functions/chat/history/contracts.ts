/**
 * What browsers ask of the history, and what it answers.
 *
 * @module
 */
import * as z from "zod";
import { MessageView } from "../contracts.ts";

/** As a page that ended with it gave it; its makers look inside. */
const cursor = z.string().min(1).max(3_000);
const atMost = (most: number, ordinary: number) =>
  z.coerce.number().int().min(1).max(most).default(ordinary);

/** How many messages a page has at most, and the newest one that is cached. */
export const PAGE_MESSAGES = 50;

export const ConversationsQuery = z.object({ limit: atMost(100, 20), cursor: cursor.optional() });

export const ConversationView = z.object({
  id: z.string(),
  title: z.string().describe("The first line of its first message, at most 80 characters."),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime().describe("Of its last message."),
});
export type ConversationView = z.infer<typeof ConversationView>;

export const ConversationsAnswer = z.object({
  conversations: z.array(ConversationView),
  cursor: z.string().optional().describe("For the next page; absent in the last."),
});
export type ConversationsAnswer = z.infer<typeof ConversationsAnswer>;

export const MessagesQuery = z.object({
  before: cursor.optional(),
  after: cursor.optional(),
  limit: atMost(PAGE_MESSAGES, PAGE_MESSAGES),
}).refine(({ before, after }) => before === undefined || after === undefined, {
  path: ["after"],
  message: "goes not together with before",
});

export const MessagesAnswer = z.object({
  messages: z.array(MessageView).describe("Oldest first."),
  before: z.string().optional().describe("Asks for what came before; absent where nothing did."),
  after: z.string().optional().describe(
    "Asks for what comes after, now or later; absent where nothing is known to begin from.",
  ),
  hasNewer: z.boolean().describe("There are newer ones already: go on with `after`."),
  stale: z.literal(true).optional().describe("Postgres is away: so it was when it was cached."),
});
export type MessagesAnswer = z.infer<typeof MessagesAnswer>;

const question = z.string().trim().min(1).max(200)
  .refine((text) => !text.includes("\0"), "must not hold a NUL");

export const SearchQuery = z.object({
  q: question,
  limit: atMost(50, 20),
  cursor: cursor.optional(),
  keep: z.enum(["true", "false"]).default("true"),
});

export const SearchAnswer = z.object({
  results: z.array(z.object({
    conversation: z.object({ id: z.string(), title: z.string() }),
    message: MessageView.pick({ id: true, role: true, at: true }),
    excerpt: z.array(z.object({ text: z.string(), match: z.boolean() }))
      .describe("Pieces of plain text, to be escaped and put together; `match` is to be marked."),
    from: z.string().describe("As `after`, it asks for the messages from this one on."),
  })),
  cursor: z.string().optional().describe("For the next page; absent in the last."),
});
export type SearchAnswer = z.infer<typeof SearchAnswer>;

export const SearchesAnswer = z.object({
  searches: z.array(z.string()).describe("Newest first, at most 10."),
});
export type SearchesAnswer = z.infer<typeof SearchesAnswer>;

export const ExportQuery = z.object({ format: z.enum(["jsonl", "text"]).default("jsonl") });
