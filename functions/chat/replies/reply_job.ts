/**
 * `chat.reply`: makes a reply, or takes it over from one that died.
 *
 * Untracked: Postgres knows who makes a reply and how it ended, so a delivery that comes twice, late
 * or after the reply's end does nothing. No Redis command of its own.
 *
 * @module
 */
import * as z from "zod";
import {
  type Config,
  defineJob,
  type JobContext,
  type Llm,
  LlmUnavailableError,
  type Sleep,
} from "../../../shared/mod.ts";
import { produceReply } from "./produce.ts";
import { nextReply } from "./reply_store.ts";

export interface ReplyJobParts {
  config: Config;
  llm?: Llm;
  sleep: Sleep;
}

/** Another's lease may be renewed to the last moment. */
const AFTER_LEASE_MS = 1_000;
/** Whoever ends the reply before wakes this one; that one may die before it does. */
const BLOCKED_MS = 30_000;

/** Makes the job. */
export function createReplyJob({ config, llm, sleep }: ReplyJobParts) {
  const replyJob = defineJob({
    name: "chat.reply",
    description: "Makes a reply of the chat, or takes over from a producer that died.",
    input: z.object({ reply: z.string() }),
    internal: true,
    // Each message of a busy conversation has the next one answered.
    maxChain: 1_000_000,
    retries: 3,
    backoff: { first: 2_000, factor: 3 },
    // As long as a long answer takes, and what is done before and after it.
    timeoutMs: (config.llm?.answerMs ?? 270_000) + 30_000,
    tracked: false,
    async run({ reply }, context: JobContext) {
      const { clock, keys, log, redis, sql } = context;
      const wakeNext = (conversation: string, after: string) =>
        wake(context, { conversation, after });
      const produced = await produceReply(
        { config, clock, sleep, redis, keys, log, sql, llm, wakeNext },
        reply,
        { isLast: context.lastAttempt },
      );
      switch (produced.kind) {
        case "ended":
        case "over":
          return { outcome: produced.kind };
        case "held":
          return await context.defer(produced.until + AFTER_LEASE_MS);
        case "blocked":
          if (produced.leftBehind) {
            await context.enqueue(replyJob, { reply: produced.leftBehind }, {
              dedupeId: `${produced.leftBehind} before ${reply}`,
            });
          }
          return await context.defer(clock.now() + BLOCKED_MS);
        case "again":
          throw new LlmUnavailableError(produced.because, {
            retryAfterMs: produced.at - clock.now(),
          });
      }
    },
  });

  async function wake(
    context: JobContext,
    { conversation, after }: { conversation: string; after: string },
  ): Promise<void> {
    const next = await nextReply(context.sql, conversation);
    if (next === undefined) return;
    await context.enqueue(replyJob, { reply: next }, { dedupeId: `${next} after ${after}` });
  }
  return replyJob;
}
