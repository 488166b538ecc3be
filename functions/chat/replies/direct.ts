/**
 * A reply that is made inside the request that asked for it, and goes straight to it.
 *
 * Everybody else follows the stream in Redis, and so does this caller where the reply waits, is made
 * by somebody else, or has to be asked for again. The reply is made to its end when the caller leaves.
 *
 * @module
 */
import type { Context } from "hono";
import type { AppEnv } from "../../context.ts";
import { waitUntilOf } from "../../middleware/defer.ts";
import type { SendAnswer } from "../contracts.ts";
import { EventQueue } from "./events.ts";
import { type ChatEvent, followEvents } from "./follow.ts";
import { type Produced, produceReply } from "./produce.ts";
import type { Reply } from "./reply_store.ts";
import { producePartsOf } from "./send.ts";

/** Of the 50 calls that a request may make on Workers' free plan, some 15 are for the rest of it. */
const MOST_BATCHES = 30;

/** Begins the reply at once, and hands out its events as they come. */
export function directEvents(
  c: Context<AppEnv>,
  reply: Reply,
  { answer, signal }: { answer: SendAnswer; signal: AbortSignal },
): AsyncGenerator<ChatEvent> {
  const { deps } = c.var;
  const said = new EventQueue<ChatEvent>();
  let at = { epoch: 0, offset: 0 };
  const onText = (text: string, epoch: number) => {
    at = { epoch, offset: at.offset + text.length };
    said.push({ id: `${epoch}:${at.offset}`, event: "text", data: { text } });
  };
  let produced: Produced | undefined;
  const work = produceReply(producePartsOf(deps), reply.id, {
    isLast: false,
    mostBatches: MOST_BATCHES,
    onText,
  })
    .then(async (result) => {
      produced = result;
      if (result.kind === "again") {
        await deps.jobs.enqueue("chat.reply", { reply: reply.id }, {
          dedupeId: `${reply.id} again`,
          notBefore: result.at,
        });
      }
      if (result.kind === "blocked" && result.leftBehind) {
        await deps.jobs.enqueue("chat.reply", { reply: result.leftBehind }, {
          dedupeId: `${result.leftBehind} before ${reply.id}`,
        });
      }
    })
    .catch((error) => {
      // The job that stands behind it takes over when the lease is over.
      const because = error instanceof Error ? error.message : `${error}`;
      deps.log.error("reply.broke_off", { reply: reply.id, error: because });
    })
    .finally(() => said.close());
  // Past the caller's leaving: 30 s on Workers, as long as the instance lives on Deno.
  waitUntilOf(c)?.(work);
  c.var.outlive(work);

  async function* events(): AsyncGenerator<ChatEvent> {
    yield { event: "accepted", data: answer };
    yield* said.read();
    if (produced?.kind === "ended") {
      const { state, error, endedBy, epoch, text } = produced;
      const id = `${epoch}:${text.length}`;
      const data = { state, ...(error && { error }), ...(endedBy && { endedBy }) };
      yield { id, event: "end", data };
      return;
    }
    if (produced?.kind === "again") {
      yield { event: "retry", data: { at: new Date(produced.at).toISOString() } };
    }
    // It waits, is made by somebody else, or will be: as the store and the stream have it.
    const unknown = { ...reply, state: "waiting" as const, epoch: 0, text: "" };
    yield* followEvents(c, unknown, { after: at.epoch > 0 ? at : undefined, signal });
  }
  return events();
}
