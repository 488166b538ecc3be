/**
 * What browsers say to the chat, and what it answers.
 *
 * @module
 */
import * as z from "zod";

/** Chosen by the page: 1 to 64 of `A-Za-z0-9_-`, as a UUID is. */
export const ConversationId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

export const SendRequest = z.object({
  text: z.string().trim().min(1).max(20_000),
  clientId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/).optional()
    .describe("The page's own id of the message: sent again, it is the same message."),
  mode: z.enum(["direct", "queued"]).optional().describe("Default: CHAT_MODE."),
});

export const MessageEnding = z.object({
  state: z.enum(["stopped", "failed", "cut", "withheld"]),
  error: z.string().optional(),
  endedBy: z.string().optional(),
}).describe("Of an answer that is not whole: how it ended.");
export type MessageEnding = z.infer<typeof MessageEnding>;

export const MessageView = z.object({
  id: z.string(),
  role: z.enum(["user", "assistant"]),
  text: z.string(),
  at: z.iso.datetime(),
  /** Of a message of the user's: the reply that was asked for. */
  reply: z.string().optional(),
  ending: MessageEnding.optional(),
});
export type MessageView = z.infer<typeof MessageView>;

/** How a reply stands. */
export const ReplyState = z.enum([
  "waiting",
  "producing",
  "done",
  "stopped",
  "failed",
  "cut",
  "withheld",
]).describe(
  "`done` only where the model's server said that the answer is whole; `cut`: it reached its longest length or time; `withheld`: the provider keeps the rest.",
);
export type ReplyState = z.infer<typeof ReplyState>;

export const SendAnswer = z.object({
  message: MessageView,
  reply: z.object({
    id: z.string(),
    state: ReplyState,
    stream: z.string().describe("Where it can be followed: /api/chat/replies/:id/stream."),
  }),
  repeated: z.boolean().describe("True where this clientId was known: nothing new was stored."),
});
export type SendAnswer = z.infer<typeof SendAnswer>;

export const ReplyView = z.object({
  id: z.string(),
  conversation: z.string(),
  state: ReplyState,
  text: z.string(),
  error: z.string().optional(),
  endedBy: z.string().optional()
    .describe("The provider's word for why it is not whole, as in `length` or `content_filter`."),
});
export type ReplyView = z.infer<typeof ReplyView>;

/**
 * The events of a reply's stream, as SSE has them: `event` and JSON in `data`. The id of each is
 * `<epoch>:<offset>`, what the viewer has after it.
 */
export const StreamEvent = z.discriminatedUnion("event", [
  /** More text. */
  z.object({ event: z.literal("text"), data: z.object({ text: z.string() }) }),
  /** What was shown so far is void: a producer starts anew. */
  z.object({ event: z.literal("reset"), data: z.object({}) }),
  /** The provider has to be asked again, at this moment. */
  z.object({ event: z.literal("retry"), data: z.object({ at: z.iso.datetime() }) }),
  /** The reply has ended; nothing follows. */
  z.object({
    event: z.literal("end"),
    data: z.object({
      state: z.enum(["done", "stopped", "failed", "cut", "withheld"]),
      error: z.string().optional(),
      endedBy: z.string().optional(),
    }),
  }),
  /** Nothing was said for 300 s; follow again if you still want it. */
  z.object({ event: z.literal("idle"), data: z.object({}) }),
]);
export type StreamEvent = z.infer<typeof StreamEvent>;
