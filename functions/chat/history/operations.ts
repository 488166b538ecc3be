/**
 * The endpoints of the history, as the documentation shows them.
 *
 * @module
 */
import type { Operation, OperationParameter } from "../../ops/operation.ts";
import {
  ConversationsAnswer,
  MessagesAnswer,
  PAGE_MESSAGES,
  SearchAnswer,
  SearchesAnswer,
} from "./contracts.ts";

const nothing = { commands: "0", messages: "0" };
const problems = [
  "token_missing",
  "body_invalid",
  "postgres_unavailable",
  "postgres_busy",
  "circuit_open",
] as const;
const ofConversation = [...problems, "conversation_not_found"] as const;
const cursor: OperationParameter = {
  name: "cursor",
  in: "query",
  description: "From the page before.",
};

export const historyOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/api/chat/conversations",
    summary: "Lists the user's conversations, the one that was spoken in last first.",
    caller: "browser",
    parameters: [
      { name: "limit", in: "query", description: "1 to 100. Default: 20." },
      cursor,
    ],
    answers: { 200: { description: "A page of them.", body: ConversationsAnswer } },
    problems,
    price: nothing,
  },
  {
    method: "GET",
    path: "/api/chat/conversations/:id/messages",
    summary:
      "Shows the newest messages of a conversation, or those before or after a cursor. No message that its sender has heard of is ever missing.",
    caller: "browser",
    parameters: [
      {
        name: "before",
        in: "query",
        description: "A cursor of that name: the messages before it.",
      },
      { name: "after", in: "query", description: "A cursor of that name: the messages after it." },
      {
        name: "limit",
        in: "query",
        description: `1 to ${PAGE_MESSAGES}. Default: ${PAGE_MESSAGES}.`,
      },
    ],
    answers: {
      200: {
        description:
          "The messages, oldest first. X-Degraded: cache says that Redis is away. While Postgres is, the newest as they were cached, with `stale` and X-Degraded: stale.",
        body: MessagesAnswer,
      },
    },
    problems: ofConversation,
    price: { commands: "1 cached, else 2; 0 with a cursor", messages: "0" },
  },
  {
    method: "GET",
    path: "/api/chat/conversations/:id/export",
    summary: "A conversation as a file, streamed: the user's to take away.",
    caller: "browser",
    parameters: [{
      name: "format",
      in: "query",
      description:
        "`jsonl`: a line of JSON for the conversation, then one for each message; or `text`. Default: jsonl.",
    }],
    answers: {
      200: {
        description: "The file. It breaks off where Postgres goes away.",
        contentType: "application/x-ndjson",
      },
    },
    problems: [...ofConversation, "streams_exceeded"],
    price: nothing,
  },
  {
    method: "DELETE",
    path: "/api/chat/conversations/:id",
    summary:
      "Deletes a conversation with its messages and replies, for good; a reply in the making ends.",
    caller: "browser",
    answers: {
      204: {
        description:
          "It is gone. X-Degraded: cache says that Redis is away: what it holds is shown to nobody, and gone in a day.",
      },
    },
    problems: ofConversation,
    price: { commands: "1", messages: "0" },
  },
  {
    method: "GET",
    path: "/api/chat/search",
    summary: "Searches in all that the user said and was told, the best match first.",
    caller: "browser",
    parameters: [
      {
        name: "q",
        in: "query",
        description:
          'At most 200 characters: words, "a phrase", or, -without; the last word may be the beginning of one.',
        required: true,
      },
      { name: "limit", in: "query", description: "1 to 50. Default: 20." },
      cursor,
      {
        name: "keep",
        in: "query",
        description:
          "`false`: not among the recent searches, as while somebody types. Default: true.",
      },
    ],
    answers: {
      200: {
        description:
          "What was found. X-Degraded: cache says that the search itself was not kept among the recent ones.",
        body: SearchAnswer,
      },
    },
    problems,
    price: { commands: "3; 0 with a cursor or keep=false", messages: "0" },
  },
  {
    method: "GET",
    path: "/api/chat/searches",
    summary: "Shows what the user searched for in the last 30 days.",
    caller: "browser",
    answers: {
      200: {
        description: "The last searches; none, with X-Degraded: cache, while Redis is away.",
        body: SearchesAnswer,
      },
    },
    problems: ["token_missing"],
    price: { commands: "1", messages: "0" },
  },
];
