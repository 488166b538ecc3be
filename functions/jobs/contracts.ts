/**
 * What the job endpoints take.
 *
 * @module
 */
import * as z from "zod";
import { DeadLetter, JobId, JobStateName } from "../../shared/mod.ts";

/** When and as what a job is enqueued, as it stands on the wire. */
const timing = {
  /** `90s`, `10m`, `2h`, `1d12h`: how long to wait before the first delivery. */
  delay: z.string().optional().describe(
    "Wait this long first: 90s, 10m, 2h, 1d12h; at most 365d, and as QStash's plan has it (free: 7d).",
  ),
  notBefore: z.iso.datetime({ offset: true }).optional().describe(
    "Not before this moment, as far ahead as delay; wins over it.",
  ),
};

const dedupeId = z.string().min(1).max(256).optional().describe(
  "Equal ids make one job, for as long as its outcome is kept.",
);

const reuse = z.enum(["failed"]).optional().describe(
  "`failed`: where the job of this dedupeId has failed, it runs anew with this input.",
);

export const EnqueueRequest = z.strictObject({
  input: z.unknown().describe("The job's input."),
  ...timing,
  dedupeId,
  reuse,
});
export type EnqueueRequest = z.infer<typeof EnqueueRequest>;

export const EnqueueManyRequest = z.strictObject({
  jobs: z.array(
    z.strictObject({ job: z.string(), input: z.unknown(), ...timing, dedupeId, reuse }),
  ).min(1).max(100),
});

export const GroupRequest = z.strictObject({
  jobs: z.array(z.strictObject({ job: z.string(), input: z.unknown(), ...timing })).max(500),
  then: z.strictObject({ job: z.string(), input: z.unknown() }).optional().describe(
    "What runs once, when every job has succeeded, failed or was cancelled.",
  ),
  dedupeId,
});

export const DeadLettersQuery = z.object({
  /** Each store has its own, and checks it. */
  cursor: z.string().regex(/^[\w.-]{1,250}$/, "must be the cursor of a page before").optional(),
  limit: z.coerce.number().int().min(1).max(100).optional(),
});

export const ReplayRequest = z.strictObject({
  input: z.unknown().optional().describe(
    "Replaces the job's input. A field that still says `[secret]` stays as it is.",
  ),
});

export const RevealRequest = z.strictObject({
  path: z.string().min(1).max(500).describe("The secret's field, as in `data.url`."),
});

export const RevealedAnswer = z.object({ path: z.string(), value: z.unknown() });
export type RevealedAnswer = z.infer<typeof RevealedAnswer>;

export const ReplayAllRequest = z.strictObject({
  job: z.string().optional().describe("Only the letters of this job."),
  perSecond: z.number().min(0.01).max(100).default(1).describe("The pace of the deliveries."),
  limit: z.int().min(1).max(100).default(100),
});

/** A job that was accepted. */
export const EnqueuedAnswer = z.object({
  id: JobId,
  job: z.string(),
  state: JobStateName.describe(
    "`queued` for a new one; where one of this dedupeId was known, how it stands.",
  ),
  deduplicated: z.boolean().describe("True where this dedupeId was known: nothing new was sent."),
});

export const EnqueuedManyAnswer = z.object({
  jobs: z.array(z.object({ id: JobId, deduplicated: z.boolean(), state: JobStateName.optional() })),
});

export const GroupAnswer = z.object({
  id: JobId,
  jobs: z.array(JobId).describe("The jobs' ids, in order."),
  then: JobId.optional().describe("The follow-up's id."),
  deduplicated: z.boolean().optional().describe(
    "With a dedupeId: true where every job of it was known.",
  ),
});

export const DeadLettersAnswer = z.object({
  letters: z.array(DeadLetter).describe("Newest first."),
  cursor: z.string().optional().describe("Ask for the next page with it."),
  untold: z.int().optional().describe(
    "On the first page: jobs that QStash gave up on and could not tell, 100 at most are counted. " +
      "They are taken in from now on; absent where QStash cannot be asked.",
  ),
});

export const ReplayedAnswer = z.object({ id: z.string(), generation: z.int() });

export const ReplayedAllAnswer = z.object({
  replayed: z.array(z.string()),
  refused: z.array(z.object({ id: z.string(), because: z.string() })),
  left: z.int().describe("Letters that it did not come to, at least: call again for them."),
});

/** What QStash says of a message that it gave up on; bodies are base64. */
export const FailureCallback = z.object({
  status: z.int().default(0),
  body: z.string().default(""),
  retried: z.int().default(0),
  sourceMessageId: z.string(),
  sourceBody: z.string().default(""),
  url: z.string(),
  dlqId: z.string().optional(),
});
