/**
 * A message in, and its reply on the way.
 *
 * The message is in Postgres, and a job that sees to the reply is with QStash, before anything is
 * answered. In direct mode that job is a watchdog: the request itself makes the reply, and the job
 * finds it ended, or takes over from a request that died.
 *
 * @module
 */
import type * as z from "zod";
import { AppError } from "../../../shared/mod.ts";
import type { Deps } from "../../deps.ts";
import type { SendRequest } from "../contracts.ts";
import { addMessage, forgetCachedPage, type StoredMessage } from "../history/message_store.ts";
import { sqlOfChat } from "../parts.ts";
import type { ProduceParts } from "./produce.ts";
import { LEASE_MS, nextReply, openReply, type Reply } from "./reply_store.ts";

/** A request that died has lost its lease by then. */
const WATCHDOG_MS = LEASE_MS + 5_000;

export interface Sent {
  message: StoredMessage;
  reply: Reply;
  /** False where the message was known: somebody else sees to its reply. */
  isNew: boolean;
}

/** Stores the message and has its reply made: by a job now, or by the caller, with the job behind it. */
export async function sendMessage(
  deps: Deps,
  { conversation, user, text, clientId, mode }: z.infer<typeof SendRequest> & {
    conversation: string;
    user: string;
    mode: "direct" | "queued";
  },
): Promise<Sent> {
  const { clock, ids, jobs, keys, log, redis } = deps;
  const sql = sqlOfChat(deps);
  const at = clock.now();
  const { message, isNew } = await addMessage(sql, {
    id: ids.random(),
    conversation,
    user,
    text,
    clientId,
    at,
  });
  await forgetCachedPage({ redis, keys, log }, conversation);
  const reply = await openReply(sql, {
    id: ids.random(),
    conversation,
    user,
    question: message.id,
    at,
  });
  const arming = armSentiments(deps);
  if (reply.state === "waiting" || reply.state === "producing") {
    // Sent again with a message that is sent again: QStash knows it, or had not got it.
    await jobs.enqueue("chat.reply", { reply: reply.id }, {
      dedupeId: reply.id,
      ...(mode === "direct" && { delayMs: WATCHDOG_MS }),
    });
  }
  await arming;
  return { message, reply, isNew };
}

/** What is said in an hour is looked at after it; where that cannot be armed, the next message does. */
async function armSentiments({ arm, log }: Deps): Promise<void> {
  try {
    await arm(["sentiment.hourly"]);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn("sentiment.not_armed", { because: error.code });
  }
}

/** What a request produces with. */
export function producePartsOf(deps: Deps): ProduceParts {
  const { clock, config, jobs, keys, llm, log, redis, sleep } = deps;
  const sql = sqlOfChat(deps);
  return {
    clock,
    config,
    keys,
    llm,
    log,
    redis,
    sleep,
    sql,
    async wakeNext(conversation, after) {
      const next = await nextReply(sql, conversation);
      if (next === undefined) return;
      await jobs.enqueue("chat.reply", { reply: next }, { dedupeId: `${next} after ${after}` });
    },
  };
}
