/**
 * What the webhooks answer.
 *
 * @module
 */
import * as z from "zod";
import { JobId } from "../../shared/mod.ts";

export const WebhookAccepted = z.object({
  id: JobId,
  job: z.string(),
  deduplicated: z.boolean().describe(
    "True when this delivery had come before, in the last 10 minutes; later it is one job all the same.",
  ),
});

export const WebhookLetGo = z.object({ accepted: z.literal(false), because: z.string() });

export const WebhookPong = z.object({ pong: z.literal(true) });
