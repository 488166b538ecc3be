/**
 * Stopping a reply: its producer hears of it, or what it left behind is ended in its place.
 *
 * @module
 */
import {
  AppError,
  createReplyWriter,
  type Keys,
  type Log,
  type Redis,
  ReplySnapshot,
} from "../../../shared/mod.ts";
import { forgetCachedPage } from "../history/message_store.ts";
import { type ProduceParts, wakeNext } from "./produce.ts";
import { endReply, type Reply, requestStop, seizeReply } from "./reply_store.ts";

const STOP = "stop";

/**
 * Calls `onStop` when somebody stops the reply. `onReady` is called once it listens: what was asked
 * for before that stands in Postgres. One command; with Redis away it hears nothing.
 */
export function listenForStop(
  { redis, keys, log }: { redis: Redis; keys: Keys; log: Log },
  reply: string,
  onStop: () => void,
  onReady: () => Promise<void>,
): { close(): void } {
  const controller = new AbortController();
  const { signal } = controller;
  async function listen() {
    const messages = await redis.subscribe(keys.replyControl(reply), { signal });
    // Where that fails it is asked again with the lease; what is said from now on is heard.
    await onReady().catch(() => {});
    for await (const message of messages) if (message === STOP) onStop();
  }
  listen().catch((error) => {
    if (signal.aborted) return;
    // The lease is renewed against Postgres, which knows as well: it stops some seconds later.
    log.warn("reply.deaf", {
      reply,
      because: error instanceof AppError ? error.code : "unexpected",
    });
  });
  return { close: () => controller.abort() };
}

/** Stops the reply of this user; resolves to it as it was, or undefined where there is none to stop. */
export async function stopReply(
  parts: ProduceParts,
  { id, user }: { id: string; user: string },
): Promise<Reply | undefined> {
  const { clock, keys, log, redis, sql } = parts;
  const reply = await requestStop(sql, { id, user });
  if (!reply) return undefined;
  const listeners = await redis.run(["PUBLISH", keys.replyControl(id), STOP]).catch((error) => {
    if (!(error instanceof AppError)) throw error;
    log.warn("reply.stop_unsaid", { reply: id, because: error.code });
    return 0;
  });
  if (Number(listeners) > 0) return reply;
  // Nobody makes it: what was said of it is kept.
  const text = await saidSoFar(parts, reply);
  const seized = await seizeReply(sql, id, { text, now: clock.now() });
  if (!seized) return reply;
  const now = clock.now();
  if (!await endReply(sql, seized, { state: "stopped", text, now })) return reply;
  await forgetCachedPage({ redis, keys, log }, reply.conversation);
  const writer = createReplyWriter(parts, {
    reply: id,
    epoch: seized.epoch,
    batchMs: parts.config.chat.batchMs,
  });
  writer.write(text);
  await writer.end("stopped");
  await wakeNext(parts, reply);
  return { ...seized, state: "stopped", text };
}

/** What the producer of this epoch has said, as far as Postgres and Redis kept it. */
export async function saidSoFar(
  { redis, keys }: Pick<ProduceParts, "redis" | "keys">,
  reply: Pick<Reply, "id" | "epoch" | "text">,
): Promise<string> {
  try {
    const value = await redis.run(["GET", keys.replySnapshot(reply.id)]);
    const snapshot = typeof value === "string" ? ReplySnapshot.parse(JSON.parse(value)) : undefined;
    const kept = snapshot?.epoch === reply.epoch ? snapshot.text : "";
    // One that let go of it in order has left all of it in Postgres.
    return kept.length > reply.text.length ? kept : reply.text;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return reply.text;
  }
}
