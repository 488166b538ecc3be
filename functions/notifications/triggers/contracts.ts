/**
 * What the senders of row changes send, and what they are answered.
 *
 * @module
 */
import * as z from "zod";

const record = z.record(z.string(), z.unknown());
const name = z.string().min(1).max(100);

/** A change as a job carries it, until somebody has mended its row. */
const ChangeInput = z.object({
  source: z.enum(["supabase", "payload"]),
  collection: name,
  operation: z.enum(["create", "update", "delete"]),
  id: z.string(),
  row: record.describe("As triggers read it: what it lacks, or what does not fit, is mended here."),
  before: record.optional(),
});

/** What `notification.row` is given. */
export const RowInput = z.object({
  trigger: z.string().describe("Its name in the table of triggers."),
  change: ChangeInput,
});
export type RowInput = z.infer<typeof RowInput>;

/** As Supabase's database webhooks send it. */
export const SupabaseChange = z.object({
  type: z.enum(["INSERT", "UPDATE", "DELETE"]),
  table: name,
  schema: z.string(),
  record: record.nullable().describe("The new row; null where one was deleted."),
  old_record: record.nullable().describe("The row before; null where one was made."),
});

/** As the hook of the README sends it from a Payload project. */
export const PayloadChange = z.object({
  collection: name,
  operation: z.enum(["create", "update", "delete"]),
  doc: record.describe("With its related documents, two levels deep."),
  previousDoc: record.nullish().describe("Needed for an update."),
});

export const ToldAnswer = z.object({
  event: z.string(),
  id: z.string().describe("As at /api/notifications/:id."),
  deduplicated: z.boolean().describe("True where it was told before."),
});
export type ToldAnswer = z.infer<typeof ToldAnswer>;

const letters = z.array(z.string()).optional().describe(
  "The dead letters, at /api/dead-letters/:id, that keep the row for triggers that lack something.",
);

export const TriggerAccepted = z.object({
  accepted: z.literal(true),
  told: z.array(ToldAnswer),
  lacking: z.array(z.string()).optional().describe("Fields that a further trigger would need."),
  letters,
});

export const TriggerLetGo = z.object({
  accepted: z.literal(false),
  because: z.string(),
  letters,
});

export type TriggerAnswer = z.infer<typeof TriggerAccepted> | z.infer<typeof TriggerLetGo>;
