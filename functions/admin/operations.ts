/**
 * The endpoints of the way into the dashboards, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../ops/operation.ts";

const free = { commands: "0", messages: "0" };
const page = { description: "The page.", contentType: "text/html" };

export const adminOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/admin",
    summary: "The dashboards that the operator may see; where there is one, it leads there.",
    caller: "operator",
    answers: { 200: page, 303: { description: "To the dashboard, or to the sign-in." } },
    price: free,
  },
  {
    method: "GET",
    path: "/admin/sign-in",
    summary: "The form for operators. A token behind the address's `#` is filled in and sent.",
    caller: "anyone",
    parameters: [{
      name: "next",
      in: "query",
      description: "Where to go afterwards; a path below /admin.",
    }],
    answers: { 200: page },
    price: free,
  },
  {
    method: "POST",
    path: "/admin/sign-in",
    summary: "Takes the form's `token` and `next`, and sets a cookie that is good for 12 hours.",
    caller: "anyone",
    answers: {
      303: { description: "Signed in." },
      401: { description: "The form again: no operator has this token.", contentType: "text/html" },
    },
    problems: ["origin_refused", "body_too_large", "not_configured", "limit_exceeded"],
    price: { commands: "5 first, then 3 or 4; 0 for who is known to be over", messages: "0" },
  },
  {
    method: "POST",
    path: "/admin/sign-out",
    summary: "Has the browser forget the cookie.",
    caller: "anyone",
    answers: { 303: { description: "Signed out." } },
    problems: ["origin_refused"],
    price: free,
  },
  {
    method: "GET",
    path: "/admin/assets/:name",
    summary: "What pages load: page.css and their scripts.",
    caller: "anyone",
    answers: { 200: { description: "The file." } },
    problems: ["not_found"],
    price: free,
  },
];
