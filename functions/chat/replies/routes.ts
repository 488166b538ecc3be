/**
 * The endpoints of messages and their replies: in, followed, read, stopped.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { assertAllowed, isSound, RequestError, startOf } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { waitUntilOf } from "../../middleware/defer.ts";
import { parseShape, readBody } from "../../middleware/body.ts";
import { publicPath } from "../../middleware/location.ts";
import { rateLimit, userOf } from "../../middleware/rate_limit.ts";
import { beginStream, readPlace, sseResponse } from "../../middleware/sse.ts";
import { ConversationId, type ReplyView, type SendAnswer, SendRequest } from "../contracts.ts";
import { viewOf } from "../history/message_store.ts";
import { sqlOfChat } from "../parts.ts";
import { directEvents } from "./direct.ts";
import { followEvents } from "./follow.ts";
import { findReply, type Reply } from "./reply_store.ts";
import { producePartsOf, sendMessage, type Sent } from "./send.ts";
import { stopReply } from "./stop.ts";

/** 20,000 characters, each escaped, and what is around them. */
const MESSAGE_BYTES = 130_000;
const MESSAGES = "/api/chat/conversations/:id/messages";

export const replyRoutes = new Hono<AppEnv>()
  .post(MESSAGES, rateLimit("chat", { method: "POST" }), async (c) => {
    const user = await userOf(c);
    await assertModelLimit(c, user);
    const conversation = parseShape(ConversationId, c.req.param("id"), "path");
    const body = await readBody(c, SendRequest, { maxBytes: MESSAGE_BYTES, mend: ["text"] });
    const { deps } = c.var;
    const isStreamed = c.req.header("Accept")?.includes("text/event-stream") ?? false;
    // Only a caller that stays to listen keeps the request alive that makes the reply.
    const mode = isStreamed ? body.mode ?? deps.config.chat.mode : "queued";
    // Before anything is stored: a message that is refused was not said.
    const open = isStreamed ? beginStream(c, user) : undefined;
    let sent: Sent;
    try {
      sent = await sendMessage(deps, { ...body, conversation, user, mode });
    } catch (error) {
      open?.end();
      throw error;
    }
    const answer = answerOf(c, sent);
    c.header("Location", answer.reply.stream);
    if (!isStreamed) return c.json(answer, 202);
    const leaving = new AbortController();
    const { signal } = leaving;
    const events = mode === "direct" && sent.isNew
      ? directEvents(c, sent.reply, { answer, signal })
      : followEvents(c, sent.reply, { answer, signal });
    return sseResponse(c, events, { leaving, open, status: 202 });
  })
  .get("/api/chat/replies/:id", async (c) => {
    return c.json(replyView(await ownReply(c)));
  })
  .get("/api/chat/replies/:id/stream", async (c) => {
    const reply = await ownReply(c);
    const after = readPlace(c);
    const leaving = new AbortController();
    const open = beginStream(c, reply.user);
    const events = followEvents(c, reply, { after, signal: leaving.signal });
    return sseResponse(c, events, { leaving, open });
  })
  .delete("/api/chat/replies/:id", async (c) => {
    const user = await userOf(c);
    const { id } = await ownReply(c);
    const work = stopReply(producePartsOf(c.var.deps), { id, user });
    // The tab that stops it may be on its way out.
    waitUntilOf(c)?.(work.catch(() => {}));
    const stopped = await work;
    return c.json(replyView(stopped ?? await ownReply(c)), 202);
  });

/**
 * A person waits for this call, and another limit has counted them: while nobody counts calls of the
 * model, it goes on. @throws {LimitExceededError}
 */
async function assertModelLimit(c: Context<AppEnv>, user: string): Promise<void> {
  const { clock, limits } = c.var.deps;
  const answer = await limits.check("openai", user);
  if (answer.because !== "unavailable") assertAllowed([answer], clock.now());
}

async function ownReply(c: Context<AppEnv>): Promise<Reply> {
  const user = await userOf(c);
  const id = c.req.param("id") ?? "";
  const reply = isSound(id) ? await findReply(sqlOfChat(c.var.deps), id, user) : undefined;
  if (reply) return reply;
  throw new RequestError("reply_not_found", `Cannot find the reply ${startOf(id, 64)}`);
}

function answerOf(c: Context<AppEnv>, { message, reply, isNew }: Sent): SendAnswer {
  const stream = publicPath(c, `/api/chat/replies/${reply.id}/stream`);
  return {
    message: { ...viewOf(message), reply: reply.id },
    reply: { id: reply.id, state: reply.state, stream },
    repeated: !isNew,
  };
}

function replyView({ id, conversation, state, text, error, endedBy }: Reply): ReplyView {
  return { id, conversation, state, text, ...(error && { error }), ...(endedBy && { endedBy }) };
}
