/**
 * A reply's events for one viewer: from the store where it has ended, else from its stream.
 *
 * @module
 */
import type { Context } from "hono";
import { followReply, type ReplyEvent, type ReplyPlace } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import type { SendAnswer } from "../contracts.ts";
import { sqlOfChat } from "../parts.ts";
import { findReply, type Reply } from "./reply_store.ts";

export interface FollowOptions {
  /** What the viewer has. */
  after?: ReplyPlace;
  /** Said first, to who sent the message. */
  answer?: SendAnswer;
  /** Ends it. */
  signal: AbortSignal;
}

/** What an answer's body is made of, besides the reply's own events. */
export type ChatEvent = ReplyEvent | { id?: string; event: "accepted"; data: SendAnswer };

/** Follows until the end. `reply` is as it was read a moment ago. */
export async function* followEvents(
  c: Context<AppEnv>,
  reply: Reply,
  { after, answer, signal }: FollowOptions,
): AsyncGenerator<ChatEvent> {
  if (answer) yield { event: "accepted", data: answer };
  const { deps } = c.var;
  const sql = sqlOfChat(deps);
  const { id, user } = reply;
  let known: Reply | undefined = reply;
  async function load() {
    const found = known ?? await findReply(sql, id, user);
    known = undefined;
    // Its conversation was deleted: nobody will say more.
    return found ?? { ...reply, state: "failed" as const, text: "", error: "It was deleted" };
  }
  yield* followReply(deps, { reply: id, after, signal, load });
}
