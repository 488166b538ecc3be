/**
 * Where an audit stands between two deliveries.
 *
 * @module
 */
import * as z from "zod";
import { Uniques } from "../events/events.ts";

const count = z.int().min(0);

export const AuditCursor = z.object({
  /** The job that began it. */
  run: z.string(),
  stage: z.enum(["sets", "estimates", "log", "compare"]),
  shard: count,
  part: count,
  parts: count,
  scan: z.string(),
});
export type AuditCursor = z.infer<typeof AuditCursor>;

export const AuditInput = z.object({
  day: z.iso.date(),
  uniques: Uniques.default("exact"),
  from: AuditCursor.optional(),
});
export type AuditInput = z.infer<typeof AuditInput>;
