/**
 * Where an audit stands between two deliveries.
 *
 * @module
 */
import * as z from "zod";
import { UNIQUE_SHARDS } from "../../../shared/mod.ts";
import { MOST_PARTS, RunName, ScanCursor } from "../flush/flush_cursor.ts";
import { Uniques } from "../events/events.ts";

const count = z.int().min(0);

export const AuditCursor = z.object({
  /** The job that began it. */
  run: RunName,
  stage: z.enum(["sets", "estimates", "log", "compare"]),
  shard: count.max(UNIQUE_SHARDS),
  part: count.max(MOST_PARTS),
  parts: count.max(MOST_PARTS),
  scan: ScanCursor,
});
export type AuditCursor = z.infer<typeof AuditCursor>;

export const AuditInput = z.object({
  day: z.iso.date(),
  uniques: Uniques.default("exact"),
  from: AuditCursor.optional(),
});
export type AuditInput = z.infer<typeof AuditInput>;
