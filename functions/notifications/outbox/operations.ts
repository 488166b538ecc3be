/**
 * The endpoints of the dashboard of mail, as the documentation shows them.
 *
 * @module
 */
import type { Operation, OperationAnswer } from "../../ops/operation.ts";

const path = "/admin/analytics/mail";
const page: OperationAnswer = { description: "The page.", contentType: "text/html" };
const common = {
  caller: "operator",
  price: { commands: "0", messages: "0" },
} as const;
const away = ["postgres_unavailable", "postgres_busy", "circuit_open"] as const;

export const outboxOperations: readonly Operation[] = [
  {
    ...common,
    method: "GET",
    path,
    summary: "The dashboard of mail; reads Postgres alone.",
    answers: { 200: page, 303: { description: "To the sign-in." } },
    problems: away,
  },
  {
    ...common,
    method: "POST",
    path,
    summary: "The same, with the mail and the suppressions of one address.",
    answers: { 200: page },
    problems: ["origin_refused", "body_invalid", ...away],
  },
  {
    ...common,
    method: "POST",
    path: `${path}/lift`,
    summary: "Lets an address have mail again that bounced, complained or was refused.",
    answers: { 200: page },
    problems: ["origin_refused", "body_invalid", ...away],
  },
];
