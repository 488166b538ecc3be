/**
 * What the operations endpoints answer.
 *
 * @module
 */
import * as z from "zod";

export const Health = z.object({
  status: z.enum(["ok", "tables_missing"]),
  version: z.string(),
  at: z.iso.datetime(),
  missing: z.array(z.string()).optional().describe("Migrations that Postgres is short of."),
  todo: z.string().optional(),
  configured: z.object({
    redis: z.boolean(),
    queue: z.boolean(),
    database: z.boolean(),
    feed: z.boolean().describe("Needs a database and IDENTITY_SECRET."),
    operators: z.boolean(),
    serviceTokens: z.boolean(),
    webhooks: z.array(z.string()).describe("Senders whose secret is set."),
  }),
});
export type Health = z.infer<typeof Health>;

/** What a failed request answers, as `application/problem+json` (RFC 9457). */
export const Problem = z.object({
  type: z.url(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  code: z.string().describe("Stable: programs may rely on it."),
  requestId: z.string(),
  fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
