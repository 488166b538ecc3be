/**
 * What travels and what is stored for a job: the envelope that QStash carries, the two
 * records in Redis, and the state that people read.
 *
 * @module
 */
import * as z from "zod";

/** A job's id, as it stands in keys, labels and URLs. */
export const JobId = z.string().regex(/^[a-z0-9]{16,40}$/, "must be 16 to 40 of a-z and 0-9");

/** Which places (JSON pointers) of an input are sealed secrets. A later field: an older build refuses what stands there. */
export const Sealed = z.object({
  at: z.array(z.string()),
  /** What they are bound to where that is not the job's id: a schedule's, for all of its ticks. */
  for: z.string().optional(),
});
export type Sealed = z.infer<typeof Sealed>;

/** Where a job stands in its group, and what runs when all of them have ended. */
export const GroupPlace = z.object({
  id: JobId,
  index: z.int().min(0),
  total: z.int().min(1),
  /**
   * Epoch ms by which all of it will have ended, as far as that could be told when it was enqueued:
   * until then the outcomes of children that ended early are kept. Absent where they are anyway.
   */
  until: z.int().optional(),
  /** The follow-up job; its id is made from the group's, so it runs once. */
  then: z.object({
    job: z.string(),
    input: z.unknown(),
    sealed: Sealed.optional(),
    /** As in the envelope, of the follow-up. */
    chain: z.int().min(0).optional(),
  }).optional(),
});
export type GroupPlace = z.infer<typeof GroupPlace>;

/** The results of the steps that ended, by name. */
export const Steps = z.record(z.string(), z.unknown());
export type Steps = z.infer<typeof Steps>;

/** What went wrong in an attempt, short enough to show. */
export const JobFailure = z.object({
  message: z.string(),
  code: z.string().optional(),
});
export type JobFailure = z.infer<typeof JobFailure>;

/** The body of a job's QStash message. A later field is optional, so an older build can read it. */
export const JobEnvelope = z.object({
  version: z.literal(1),
  /** Absent in a schedule's message: each tick makes its own id from the message's. */
  id: JobId.optional(),
  job: z.string(),
  input: z.unknown(),
  sealed: Sealed.optional(),
  /** Raised by a failed run, a deferral or a replay, so that deduplication does not swallow it. */
  generation: z.int().min(0).default(0),
  /**
   * Runs of the handler that failed before this message was sent, since the job was enqueued or
   * replayed. Absent in messages of builds that counted QStash's deliveries instead.
   */
  runs: z.int().min(0).optional(),
  /** How often the handler put the job off since it was enqueued or replayed. */
  deferrals: z.int().min(0).optional(),
  /**
   * Jobs that came before it in its chain: each was enqueued by the one before, or follows a group
   * of it. Counts from the one that was enqueued from outside or replayed, which has none.
   */
  chain: z.int().min(0).optional(),
  /** The generation that the last replay made; absent before the first. */
  replayedAs: z.int().min(1).optional(),
  /** Why the last of those runs failed; absent in a generation that a deferral made. */
  failure: JobFailure.optional(),
  /** Epoch ms at which this generation is due, where that is later than its sending. */
  dueAt: z.number().optional(),
  /** The app that sent it: its `NAMESPACE` and its Redis. Absent in a schedule's message, and in older ones. */
  origin: z.string().max(200).optional(),
  /** Epoch ms of the first enqueue; 0 in a schedule's message. */
  enqueuedAt: z.int().min(0),
  group: GroupPlace.optional(),
  /** The nonce of the attempt that published this generation: only its claim may be taken over unread. */
  after: z.string().optional(),
  /** Step results carried from one generation to the next. */
  steps: Steps.optional(),
  /** In a follow-up: the group it follows. */
  followUpOf: z.object({ id: JobId, total: z.int().min(0) }).optional(),
});
export type JobEnvelope = z.infer<typeof JobEnvelope>;

/**
 * The claim on a job (`jobClaimKey`): who runs it, until when, and what it has done so far.
 *
 * Only the holder of the lease writes it, and only while the lease lasts. (generation, attempt)
 * is the fence; the nonce tells one delivery of an attempt from another.
 */
export const JobClaim = z.object({
  job: z.string(),
  generation: z.int(),
  /** QStash's number of the delivery within its generation; -1: none of this generation has begun. */
  attempt: z.int(),
  /** Runs begun since the job was enqueued or replayed. Absent in claims of builds that counted deliveries. */
  runs: z.int().min(0).optional(),
  nonce: z.string(),
  /** `queued` after a replay; `ended` keeps deliveries off once a job was settled without having run. */
  state: z.enum(["running", "retrying", "queued", "ended"]),
  /** Epoch ms; after it, a later attempt may take over. */
  leaseUntil: z.int(),
  enqueuedAt: z.int(),
  startedAt: z.int(),
  progress: z.unknown().optional(),
  steps: Steps.optional(),
  error: JobFailure.optional(),
});
export type JobClaim = z.infer<typeof JobClaim>;

/** Runs of the handler that have begun, by this claim. */
export function runsOf({ runs, attempt }: Pick<JobClaim, "runs" | "attempt">): number {
  return runs ?? Math.max(0, attempt + 1);
}

/** How a job ended (`jobOutcomeKey`). Written once: the first to settle wins. */
export const JobOutcome = z.object({
  job: z.string(),
  state: z.enum(["succeeded", "failed", "cancelled"]),
  generation: z.int(),
  attempts: z.int(),
  enqueuedAt: z.int(),
  startedAt: z.int().optional(),
  endedAt: z.int(),
  result: z.unknown().optional(),
  error: JobFailure.optional(),
});
export type JobOutcome = z.infer<typeof JobOutcome>;

/** Where a job stands. */
export const JobStateName = z.enum([
  "queued",
  "running",
  "retrying",
  "succeeded",
  "failed",
  "cancelled",
]);
export type JobStateName = z.infer<typeof JobStateName>;

/** What `GET /api/jobs/:id` answers. Times are ISO 8601 UTC. */
export const JobView = z.object({
  id: JobId,
  job: z.string(),
  state: JobStateName,
  /** Runs of the handler begun so far, since the job was enqueued or replayed. */
  attempts: z.int(),
  /** How often it was sent anew: after a failed run, by a deferral, or by a replay. */
  generation: z.int(),
  progress: z.unknown().optional(),
  result: z.unknown().optional(),
  error: JobFailure.optional(),
  enqueuedAt: z.iso.datetime().optional(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  /** When QStash will deliver it next, where that is known. */
  nextAttemptAt: z.iso.datetime().optional(),
});
export type JobView = z.infer<typeof JobView>;
