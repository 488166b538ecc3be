/**
 * Makes a reply: takes it, asks the model, says each piece as it comes, stores the whole once.
 *
 * The same producer runs inside a request and in a job. Whatever ends it early, the next one takes
 * the reply when its lease is over, with a higher epoch, and viewers begin anew. No piece is said
 * by two producers at once: one that lost the reply writes nothing more.
 *
 * @module
 */
import {
  AppError,
  type Clock,
  type Config,
  createReplyWriter,
  type Keys,
  type Llm,
  LlmIncompleteError,
  LlmRejectedError,
  LlmUnavailableError,
  type Log,
  NotConfiguredError,
  type Redis,
  type ReplyEnd,
  type ReplyWriter,
  type Sleep,
  type Sql,
} from "../../../shared/mod.ts";
import { forgetCachedPage } from "../history/message_store.ts";
import { contextOf } from "./context.ts";
import {
  endReply,
  lastTurns,
  LEASE_MS,
  releaseReply,
  renewLease,
  type Reply,
  takeReply,
} from "./reply_store.ts";
import { listenForStop, saidSoFar } from "./stop.ts";

/** What a producer stands on. */
export interface ProduceParts {
  config: Config;
  clock: Clock;
  sleep: Sleep;
  redis: Redis;
  keys: Keys;
  log: Log;
  sql: Sql;
  llm?: Llm;
  /** Has the conversation's next reply made, if one waits. */
  wakeNext(conversation: string, after: string): Promise<void>;
}

export interface ProduceOptions {
  /** Nobody will try again: what fails now has failed. */
  isLast: boolean;
  /** Calls to Redis that may go into telling others of it. Default: no bound. */
  mostBatches?: number;
  /** Hears each piece at once, before it is on its way to anybody else. */
  onText?(text: string, epoch: number): void;
}

/** Why it is not whole, in our words or the provider's. */
interface Reason {
  error?: string;
  endedBy?: string;
}

/** What became of it. */
export type Produced =
  | ({ kind: "ended"; state: ReplyEnd; epoch: number; text: string } & Reason)
  /** The model cannot answer now: it is to be asked again at this moment. */
  | { kind: "again"; at: number; because: string }
  /** Somebody else produces it until then, unless they renew. */
  | { kind: "held"; until: number }
  /** An earlier reply comes first; `leftBehind` is that one where nobody sees to it. */
  | { kind: "blocked"; leftBehind?: string }
  | { kind: "over" };

const RENEW_MS = 8_000;
const AGAIN_MS = 2_000;

/** Produces the reply, if it can be taken. Throws where Postgres is away; the lease then runs out. */
export async function produceReply(
  parts: ProduceParts,
  id: string,
  options: ProduceOptions,
): Promise<Produced> {
  const { llm, sql, clock } = parts;
  if (!llm) throw new NotConfiguredError("the chat", ["OPENAI_API_KEY"]);
  const taken = await takeReply(sql, id, clock.now());
  if (taken.kind !== "taken") return taken;
  const { reply } = taken;
  const writer = createReplyWriter(parts, {
    reply: id,
    epoch: reply.epoch,
    batchMs: parts.config.chat.batchMs,
    mostBatches: options.mostBatches,
  });
  const work = new Producing(parts, reply, writer, options);
  // Said before by one that let go of it or died, and stopped since.
  if (reply.stopRequested) {
    const before = { ...reply, epoch: reply.epoch - 1 };
    return await work.end("stopped", await saidSoFar(parts, before));
  }
  return await work.run(llm);
}

/** One attempt. */
class Producing {
  /** Why it ends before the model does. */
  #because: "stop" | "lost" | undefined;
  #renewedAt: number;
  #isOver = false;
  readonly #controller = new AbortController();

  constructor(
    readonly parts: ProduceParts,
    readonly reply: Reply,
    readonly writer: ReplyWriter,
    readonly options: ProduceOptions,
  ) {
    this.#renewedAt = parts.clock.now();
  }

  async run(llm: Llm): Promise<Produced> {
    const { parts, reply, writer, options } = this;
    const { config, sql } = parts;
    const listening = listenForStop(
      parts,
      reply.id,
      () => this.#leave("stop"),
      () => this.#renew(),
    );
    let text = "";
    try {
      const { answerTokens: maxTokens, context: budget, instructions } = config.chat;
      const said = await lastTurns(sql, reply, budget.messages);
      const messages = contextOf(said, { instructions, budget });
      const { signal } = this.#controller;
      const onSign = () => this.#renewInTime();
      void this.#holdOn();
      for await (const piece of llm.stream({ messages, maxTokens }, { signal, onSign })) {
        if (this.#because) break;
        text += piece;
        options.onText?.(piece, reply.epoch);
        writer.write(piece);
      }
    } catch (error) {
      if (!this.#because) return await this.#failed(error, text);
    } finally {
      this.#isOver = true;
      this.#controller.abort();
      listening.close();
    }
    if (this.#because === "lost") return this.#lost();
    return await this.end(this.#because === "stop" ? "stopped" : "done", text);
  }

  /** Stores the text, then tells everybody: whoever hears of the end finds it stored. */
  async end(state: ReplyEnd, text: string, reason: Reason = {}): Promise<Produced> {
    const { parts, reply, writer } = this;
    const { clock, keys, log, redis, sql } = parts;
    const isOurs = await endReply(sql, reply, { state, text, ...reason, now: clock.now() });
    if (!isOurs) return this.#lost();
    await forgetCachedPage({ redis, keys, log }, reply.conversation);
    // What one before has said, viewers get from this one.
    if (writer.text === "") writer.write(text);
    await writer.end(state);
    const { endedBy } = reason;
    log.info("reply.ended", {
      reply: reply.id,
      state,
      characters: text.length,
      ...(endedBy && { endedBy }),
    });
    await wakeNext(parts, reply);
    return { kind: "ended", state, epoch: reply.epoch, text, ...reason };
  }

  /** Whoever has it now may die before they end it, as one does that stops it. */
  #lost(): Produced {
    return { kind: "held", until: this.parts.clock.now() + LEASE_MS };
  }

  async #failed(error: unknown, text: string): Promise<Produced> {
    const { parts: { clock, log, sql }, reply, writer, options } = this;
    // Postgres' fault is not the reply's.
    if (error instanceof LlmIncompleteError) {
      return await this.end(error.kind, text, { endedBy: error.endedBy });
    }
    const isOfModel = error instanceof LlmUnavailableError || error instanceof LlmRejectedError;
    if (!isOfModel) throw error;
    log.warn("reply.failed", { reply: reply.id, because: error.code, error: error.message });
    if (!(error instanceof LlmUnavailableError) || options.isLast) {
      return await this.end("failed", text, { error: error.message });
    }
    const at = clock.now() + Math.max(AGAIN_MS, error.retryAfterMs ?? 0);
    if (!await releaseReply(sql, reply, text)) return this.#lost();
    await writer.retryAt(at);
    return { kind: "again", at, because: error.message };
  }

  #leave(because: "stop" | "lost"): void {
    this.#because ??= because;
    this.#controller.abort();
  }

  /** A model may be silent for longer than a lease: it is held while somebody waits for it. */
  async #holdOn(): Promise<void> {
    const { sleep } = this.parts;
    for (;;) {
      await sleep(RENEW_MS);
      if (this.#isOver) return;
      this.#renewInTime();
    }
  }

  #renewInTime(): void {
    if (this.parts.clock.now() - this.#renewedAt < RENEW_MS) return;
    // The model does not wait for it: should it fail, the end of the reply will.
    this.#renew().catch(() => {});
  }

  async #renew(): Promise<void> {
    const now = this.parts.clock.now();
    this.#renewedAt = now;
    const held = await renewLease(this.parts.sql, this.reply, now);
    if (held !== "held") this.#leave(held);
  }
}

/** Has the conversation's next reply made; where QStash is away, that one's own watchdog will. */
export async function wakeNext(parts: ProduceParts, reply: Reply): Promise<void> {
  try {
    await parts.wakeNext(reply.conversation, reply.id);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    parts.log.warn("reply.next_not_woken", { reply: reply.id, because: error.code });
  }
}
