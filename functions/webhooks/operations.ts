/**
 * The webhooks, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../ops/operation.ts";
import { WebhookAccepted, WebhookLetGo, WebhookPong } from "./contracts.ts";
import { StandardEvent } from "./standard.ts";

const price = { commands: "0", messages: "1 for the job" };
const problems = [
  "signature_expired",
  "body_malformed",
  "body_invalid",
  "body_too_large",
  "charset_unsupported",
  "overloaded",
  "queue_unavailable",
] as const;

export const webhookOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/hooks/github",
    summary: "Takes GitHub's webhooks: a push becomes the job github.push.",
    caller: "webhook",
    parameters: [
      { name: "X-Hub-Signature-256", in: "header", description: "GitHub's HMAC.", required: true },
      { name: "X-GitHub-Event", in: "header", description: "The event's type.", required: true },
      { name: "X-GitHub-Delivery", in: "header", description: "Deduped by.", required: true },
    ],
    answers: {
      200: { description: "An answer to GitHub's ping.", body: WebhookPong },
      202: {
        description: "A job, or word that none is made of this event.",
        body: WebhookAccepted.or(WebhookLetGo),
      },
    },
    problems: problems.filter((code) => code !== "signature_expired"),
    price,
  },
  {
    method: "POST",
    path: "/hooks/standard",
    summary: "Takes Standard Webhooks: a known type becomes its job, with the event's data.",
    caller: "webhook",
    parameters: [
      { name: "webhook-id", in: "header", description: "Deduped by.", required: true },
      { name: "webhook-timestamp", in: "header", description: "Unix seconds.", required: true },
      { name: "webhook-signature", in: "header", description: "v1,<base64>, …", required: true },
    ],
    request: StandardEvent,
    answers: {
      202: {
        description: "A job, or word that none is made of this type.",
        body: WebhookAccepted.or(WebhookLetGo),
      },
    },
    problems,
    price,
  },
];
