/**
 * The chat page's endpoints, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../../ops/operation.ts";

const free = { commands: "0", messages: "0" };

export const pageOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/chat",
    summary:
      "The chat as a page. It takes a user's token from behind the # of a link, `/chat#token=…`, which no server sees, and keeps it in the browser.",
    caller: "anyone",
    answers: { 200: { description: "The page.", contentType: "text/html" } },
    price: free,
  },
  {
    method: "GET",
    path: "/chat/assets/:name",
    summary: "What the chat page loads: page.css and page.js.",
    caller: "anyone",
    answers: { 200: { description: "The file." } },
    problems: ["not_found"],
    price: free,
  },
];
