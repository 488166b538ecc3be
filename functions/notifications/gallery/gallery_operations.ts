/**
 * The endpoints of the gallery, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../../ops/operation.ts";

const path = "/admin/notifications";
const free = { commands: "0", messages: "0" };
const page = { description: "The page.", contentType: "text/html" };
const signIn = { description: "To the sign-in." };
const several = {
  name: "several",
  in: "query",
  description: "Where set: several that became one mail, if the event's do.",
} as const;

export const galleryOperations: readonly Operation[] = [
  {
    method: "GET",
    path,
    summary: "The gallery: every notification with sample data.",
    caller: "operator",
    parameters: [{ name: "q", in: "query", description: "Words to find, as in `review digest`." }],
    answers: { 200: page, 303: signIn },
    price: free,
  },
  {
    method: "GET",
    path: `${path}/:event`,
    summary:
      "One notification: HTML, plain text, headers, sample data, and a request that sends it.",
    caller: "operator",
    parameters: [{ name: "width", in: "query", description: "`wide` or `phone`." }, several],
    answers: { 200: page, 303: signIn },
    problems: ["not_found"],
    price: free,
  },
  {
    method: "GET",
    path: `${path}/:event/mail`,
    summary: "A notification's HTML alone, which may run nothing.",
    caller: "operator",
    parameters: [several],
    answers: { 200: { description: "The mail.", contentType: "text/html" }, 303: signIn },
    problems: ["not_found"],
    price: free,
  },
];
