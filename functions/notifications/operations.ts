/**
 * The endpoints of notifications, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../ops/operation.ts";
import {
  NotificationAnswer,
  NotificationsAnswer,
  NotifyAnswer,
  NotifyRequest,
  SuppressionsAnswer,
} from "./contracts.ts";

import { outboxOperations } from "./outbox/operations.ts";

const free = { commands: "0", messages: "0" };
const away = ["postgres_unavailable", "postgres_busy", "circuit_open"] as const;
const email = {
  name: "email",
  in: "query",
  description: "The address; it is hashed at once, and kept nowhere.",
  required: true,
} as const;
const token = {
  name: "token",
  in: "query",
  description: "As the mail's link has it.",
  required: true,
} as const;
const page = { description: "A page.", contentType: "text/html" };

export const notificationOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/api/notifications",
    summary:
      "Tells somebody of an event, by mail: now, later, together with others, or in a digest. Events that are told together cost one mail.",
    caller: "backend",
    request: NotifyRequest,
    answers: { 202: { description: "It is told.", body: NotifyAnswer } },
    problems: [
      "body_invalid",
      "body_malformed",
      "body_too_large",
      "notification_unknown",
      "queue_rejected",
      "queue_unavailable",
      ...away,
    ],
    price: { commands: "2 a mail", messages: "1" },
    sample: {
      event: "user.reset.start",
      to: { email: "ada@example.com", name: "Ada" },
      data: { url: "https://market.example/reset/4f7c2a" },
    },
  },
  {
    method: "GET",
    path: "/api/notifications",
    summary: "The last 100 notifications to one address, newest first.",
    caller: "backend",
    parameters: [email],
    answers: { 200: { description: "What was told.", body: NotificationsAnswer } },
    problems: ["body_invalid", ...away],
    price: free,
  },
  {
    method: "GET",
    path: "/api/notifications/:id",
    summary: "What became of a notification: its outcome, and what the provider said since.",
    caller: "backend",
    parameters: [{
      name: "id",
      in: "path",
      description: "As telling it answered.",
      required: true,
    }],
    answers: { 200: { description: "Where it stands.", body: NotificationAnswer } },
    problems: ["not_found", ...away],
    price: free,
  },
  {
    method: "GET",
    path: "/api/suppressions",
    summary: "Why an address gets no mail, or none of a kind.",
    caller: "backend",
    parameters: [email],
    answers: { 200: { description: "Its suppressions.", body: SuppressionsAnswer } },
    problems: ["body_invalid", ...away],
    price: free,
  },
  {
    method: "DELETE",
    path: "/api/suppressions",
    summary: "Lets an address have mail again that bounced, complained or was refused.",
    caller: "backend",
    parameters: [email],
    answers: { 204: { description: "It is lifted." } },
    problems: ["body_invalid", "not_found", ...away],
    price: free,
  },
  {
    method: "GET",
    path: "/notifications/unsubscribe",
    summary: "Asks whether to unsubscribe; it changes nothing, as mail programs open links.",
    caller: "anyone",
    parameters: [token],
    answers: { 200: page },
    problems: ["unsubscribe_invalid"],
    price: free,
  },
  {
    method: "POST",
    path: "/notifications/unsubscribe",
    summary: "Unsubscribes, from the page or by a mail program's one click (RFC 8058).",
    caller: "anyone",
    parameters: [token],
    answers: { 200: page },
    problems: ["unsubscribe_invalid", ...away],
    price: free,
  },
  {
    method: "POST",
    path: "/notifications/resubscribe",
    summary: "Takes it back.",
    caller: "anyone",
    parameters: [token],
    answers: { 200: page },
    problems: ["unsubscribe_invalid", ...away],
    price: free,
  },
  ...outboxOperations,
];
