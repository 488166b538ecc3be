/**
 * The endpoints of notifications, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../ops/operation.ts";
import { NotifyAnswer, NotifyRequest } from "./contracts.ts";

export const notificationOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/api/notifications",
    summary:
      "Tells somebody of an event, by mail: now, later, together with others, or in a digest.",
    caller: "backend",
    request: NotifyRequest,
    answers: { 202: { description: "It is told.", body: NotifyAnswer } },
    problems: [
      "body_invalid",
      "body_malformed",
      "body_too_large",
      "notification_unknown",
      "postgres_unavailable",
      "queue_unavailable",
      "queue_rejected",
    ],
    price: { commands: "2", messages: "1" },
    sample: {
      event: "user.reset.start",
      to: { email: "ada@example.com", name: "Ada" },
      data: { url: "https://market.example/reset/4f7c2a" },
    },
  },
];
