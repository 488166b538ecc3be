/**
 * What the endpoints of limits take and answer.
 *
 * @module
 */
import * as z from "zod";

const identifier = z.string().min(1).max(256);

export const LimitCheckRequest = z.object({
  identifier,
  weight: z.int().min(1).default(1),
});

export const LimitQuery = z.object({ identifier: identifier.optional() });

export const LimitView = z.object({
  limit: z.int(),
  remaining: z.int(),
  windowSeconds: z.number(),
  resetAt: z.iso.datetime(),
  degraded: z.boolean().optional(),
});
export type LimitView = z.infer<typeof LimitView>;
