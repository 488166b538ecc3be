/**
 * The endpoints of messages and replies, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../../ops/operation.ts";
import { ReplyView, SendAnswer, SendRequest } from "../contracts.ts";

const reply = {
  name: "id",
  in: "path",
  description: "The reply's id.",
  required: true,
} as const;
const away = ["postgres_unavailable", "postgres_busy", "circuit_open"] as const;
const tokens = ["token_missing", "token_invalid", "not_configured"] as const;

export const replyOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/api/chat/conversations/:id/messages",
    summary:
      "Says something in a conversation, which the first message makes, and has it answered. With `Accept: text/event-stream` the answer is the reply's stream, after an event `accepted`; in direct mode the request makes the reply itself. Without, a job makes it. One reply at a time for each conversation: the next waits.",
    caller: "browser",
    parameters: [{
      name: "id",
      in: "path",
      description: "The conversation's, chosen by the page: 1 to 64 of A-Za-z0-9_-.",
      required: true,
    }],
    request: SendRequest,
    answers: {
      202: {
        description: "The message is stored, and its reply on the way. `Location` is its stream.",
        body: SendAnswer,
      },
    },
    problems: [
      "body_invalid",
      "body_malformed",
      "body_too_large",
      "conversation_not_found",
      "limit_exceeded",
      "queue_rejected",
      "queue_unavailable",
      "streams_exceeded",
      ...tokens,
      ...away,
    ],
    price: { commands: "at most 25 for 200 tokens, and its limits", messages: "1" },
    sample: { text: "What can I cook with leeks?", clientId: "9f1c2b7e" },
  },
  {
    method: "GET",
    path: "/api/chat/replies/:id",
    summary: "How a reply stands, and its text once it has ended.",
    caller: "browser",
    parameters: [reply],
    answers: { 200: { description: "The reply.", body: ReplyView } },
    problems: ["reply_not_found", ...tokens, ...away],
    price: { commands: "0", messages: "0" },
  },
  {
    method: "GET",
    path: "/api/chat/replies/:id/stream",
    summary:
      "The reply as server-sent events: `text`, `reset` (what was shown is void), `retry`, `end`, or `idle` after 300 s in which nothing was said. Every id is `<epoch>:<offset>`; Last-Event-ID or ?after= goes on from there. Comments are the heartbeat.",
    caller: "browser",
    parameters: [reply, {
      name: "after",
      in: "query",
      description: "As the last event's id; Last-Event-ID counts before it.",
    }],
    answers: { 200: { description: "The events.", contentType: "text/event-stream" } },
    problems: ["reply_not_found", "body_invalid", "streams_exceeded", ...tokens, ...away],
    price: {
      commands: "2; 0 for a reply that has ended, and while nothing is said",
      messages: "0",
    },
  },
  {
    method: "DELETE",
    path: "/api/chat/replies/:id",
    summary: "Stops a reply, at the provider as well, and keeps what was said. May be repeated.",
    caller: "browser",
    parameters: [reply],
    answers: { 202: { description: "It stops, or had ended.", body: ReplyView } },
    problems: ["reply_not_found", ...tokens, ...away],
    price: { commands: "1; some 5 where nobody makes it any more", messages: "0" },
  },
];
