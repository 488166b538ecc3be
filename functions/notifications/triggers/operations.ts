/**
 * The endpoints of row changes, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../../ops/operation.ts";
import { PayloadChange, SupabaseChange, TriggerAccepted, TriggerLetGo } from "./contracts.ts";

const answers = {
  202: {
    description: "What was told, or why nothing was.",
    body: TriggerAccepted.or(TriggerLetGo),
  },
};
const problems = [
  "body_invalid",
  "body_malformed",
  "body_too_large",
  "charset_unsupported",
  "overloaded",
  "queue_rejected",
  "queue_unavailable",
  "postgres_unavailable",
  "postgres_busy",
  "circuit_open",
] as const;
const price = { commands: "2 a mail", messages: "1 a mail" };
const review = { id: 9, status: "approved", updated_at: "2026-11-21T12:00:00+00:00" };

export const triggerOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/hooks/supabase",
    summary:
      "Takes Supabase's database webhooks: a row change becomes notifications, by a table in code.",
    caller: "webhook",
    parameters: [{
      name: "Authorization",
      in: "header",
      description: "Bearer and WEBHOOK_SECRET_SUPABASE; a header of the webhook's own settings.",
      required: true,
    }],
    request: SupabaseChange,
    answers,
    problems: ["token_missing", "token_invalid", ...problems],
    price,
    sample: {
      type: "UPDATE",
      table: "reviews",
      schema: "public",
      record: {
        ...review,
        author_email: "grace@example.com",
        listing_id: 42,
        listing_title: "Loft at the canal",
      },
      old_record: { ...review, status: "pending" },
    },
  },
  {
    method: "POST",
    path: "/hooks/payload",
    summary: "Takes a Payload project's changes, as its hook sends them; the same table.",
    caller: "webhook",
    parameters: [
      { name: "webhook-id", in: "header", description: "Its own id.", required: true },
      { name: "webhook-timestamp", in: "header", description: "Unix seconds.", required: true },
      { name: "webhook-signature", in: "header", description: "v1,<base64>, …", required: true },
    ],
    request: PayloadChange,
    answers,
    problems: ["signature_expired", ...problems],
    price,
    sample: {
      collection: "reviews",
      operation: "update",
      doc: {
        id: 9,
        status: "approved",
        author: { email: "grace@example.com" },
        listing: { id: 42, title: "Loft at the canal" },
      },
      previousDoc: { status: "pending" },
    },
  },
];
