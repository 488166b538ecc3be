/**
 * Somebody, as they are asked for.
 *
 * @module
 */
import * as z from "zod";
import { JobId } from "../../shared/mod.ts";

const address = z.string().refine(
  (text) => text.isWellFormed() && !/\p{Cc}/u.test(text),
  "must be well-formed text without control characters",
).trim().toLowerCase().min(3).max(254).includes("@", {
  error: "must be an e-mail address",
});

export const PersonId = z.string().min(1).max(256).refine(
  (text) => text.isWellFormed() && !/\p{Cc}/u.test(text),
  "must be well-formed text without control characters",
);

export const PersonAddresses = z.array(address).max(20);

/** The path and the query of both. */
export const PersonQuery = z.object({ user: PersonId, address: PersonAddresses });

/** The body of an erasure; addresses may stand in the query as well. */
export const EraseRequest = z.strictObject({
  addresses: PersonAddresses.optional().describe("Their e-mail addresses, at most 20."),
});

export const ExportAnswer = z.object({
  user: z.string(),
  addresses: z.array(z.string()),
  exportedAt: z.iso.datetime(),
  data: z.record(z.string(), z.record(z.string(), z.unknown())).describe("By feature."),
  remains: z.record(z.string(), z.array(z.object({ what: z.string(), because: z.string() })))
    .describe("What is kept and cannot be shown, by feature."),
});

export const ErasedAnswer = z.object({
  id: JobId,
  job: z.literal("people.erase"),
  state: z.literal("queued"),
});

const Remainder = z.object({
  what: z.string(),
  until: z.iso.datetime().optional().describe("Absent where somebody else decides."),
  because: z.string(),
});

export const EraseOutput = z.object({
  erased: z.record(z.string(), z.record(z.string(), z.number())).describe("How much, by feature."),
  remains: z.record(z.string(), z.array(Remainder)),
  /** False where QStash's log was too long to be read to its end. */
  isWhole: z.boolean(),
});
export type EraseOutput = z.infer<typeof EraseOutput>;
