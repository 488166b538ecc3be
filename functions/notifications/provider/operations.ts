/**
 * The mail provider's webhook, as the documentation shows it.
 *
 * @module
 */
import type { Operation } from "../../ops/operation.ts";
import { ProviderAccepted, ProviderLetGo, ResendEvent } from "./contracts.ts";

export const providerOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/hooks/resend",
    summary:
      "Takes Resend's webhooks: what became of a mail, and whom not to write to after a bounce for good or a complaint.",
    caller: "webhook",
    parameters: [
      { name: "svix-id", in: "header", description: "Its own id.", required: true },
      { name: "svix-timestamp", in: "header", description: "Unix seconds.", required: true },
      { name: "svix-signature", in: "header", description: "v1,<base64>, …", required: true },
    ],
    request: ResendEvent,
    answers: {
      202: {
        description: "It is kept, or word that nothing is of this type.",
        body: ProviderAccepted.or(ProviderLetGo),
      },
    },
    problems: [
      "signature_expired",
      "body_malformed",
      "body_invalid",
      "body_too_large",
      "charset_unsupported",
      "overloaded",
      "postgres_unavailable",
      "postgres_busy",
      "circuit_open",
    ],
    price: { commands: "0", messages: "0" },
    sample: {
      type: "email.delivered",
      created_at: "2026-11-21T12:00:03.000Z",
      data: { email_id: "56761188-7520-42d8-8898-ff6fc54ce618", to: ["ada@example.com"] },
    },
  },
];
