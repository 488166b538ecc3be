/**
 * The endpoint of the chat's module for pages, as the documentation shows it.
 *
 * @module
 */
import type { Operation } from "../../ops/operation.ts";

export const clientOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/chat.js",
    summary:
      "The ES module behind `chat` of /client.js: send, follow, stop, history, conversations, search, listen. Any origin may load it.",
    caller: "anyone",
    answers: {
      200: { description: "The module.", contentType: "text/javascript" },
      304: { description: "The one you have, by its ETag." },
    },
    price: { commands: "0", messages: "0" },
  },
];
