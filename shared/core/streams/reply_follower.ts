/**
 * The viewer's side of a reply's stream: from any position on, nothing twice and nothing missing.
 *
 * It subscribes, reads the snapshot, tells what the viewer lacks, and follows: 2 commands, and none
 * while nothing is said. A finished reply is told from the store, for none. A connection that ends,
 * or a gap that the snapshot does not fill, is begun anew after growing waits; silence is held
 * against the store, so that an end that got lost is told as well.
 *
 * @module
 */
import type * as z from "zod";
import { type ReplyEnd, ReplyFrame, ReplySnapshot } from "../../contracts/reply_stream.ts";
import { type ReplyEvent, type ReplyPlace, ReplyPosition } from "./reply_event.ts";
import type { StreamParts } from "./reply_writer.ts";
import { Silence } from "./silence.ts";

/** Waits before the connection is begun anew; after the last, the viewer is told `idle`. */
const WAITS_MS = [250, 750, 2_250, 6_750, 20_000];
/** After so much silence, or up to 15 s later, the store is asked. */
const ASK_STORE_MS = [30_000, 120_000];
const IDLE_MS = 300_000;

/** How the store has a reply. */
export interface StoredReply {
  state: "waiting" | "producing" | ReplyEnd;
  /** Final once it has ended; of an open reply, what its `epoch` said before it was let go, if anything. */
  text: string;
  epoch: number;
  error?: string;
  /** The provider's word for why it is not whole. */
  endedBy?: string;
}

export interface FollowOptions {
  reply: string;
  /** What the viewer holds. Default: nothing. */
  after?: ReplyPlace;
  /** Ends it, without a word. */
  signal: AbortSignal;
  /** Asks the store; undefined where the reply is gone. What it throws is logged, and Redis goes on. */
  load(): Promise<StoredReply | undefined>;
}

/** Follows a reply until it ends, or `idle`: after 300 s of silence, or where Redis stays away. */
export async function* followReply(
  parts: StreamParts,
  options: FollowOptions,
): AsyncGenerator<ReplyEvent, void> {
  const following = new Following(parts, options);
  const { signal } = options;
  if (yield* following.tellStored()) return;
  for (let tries = 0; !signal.aborted; tries++) {
    const { ended, heard } = yield* following.listen();
    if (ended || signal.aborted) return;
    if (heard) tries = 0;
    if (tries >= WAITS_MS.length) return yield following.idle();
    await Promise.race([parts.sleep(WAITS_MS[tries]), abortOf(signal)]);
    if (signal.aborted || (yield* following.tellStored())) return;
  }
}

type Telling<T> = AsyncGenerator<ReplyEvent, T>;
type Next = "ended" | "listen on" | "begin anew";

class Following {
  readonly #parts: StreamParts;
  readonly #options: FollowOptions;
  readonly #position: ReplyPosition;
  readonly #silence: Silence;
  /** Whether anything was told since the connection was begun. */
  #heard = false;
  #retryAt?: number;
  #asked = 0;

  constructor(parts: StreamParts, options: FollowOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#position = new ReplyPosition(options.after);
    this.#silence = new Silence(parts);
  }

  idle(): ReplyEvent {
    return { id: this.#position.id, event: "idle", data: {} };
  }

  /** Tells what the store has; true where the reply has ended. */
  async *tellStored(): Telling<boolean> {
    const stored = await this.#load();
    if (stored === undefined) return false;
    const { state, text, epoch } = stored;
    // Who produces now is known by this even before they speak: an earlier one has no say any more.
    if (state === "waiting" || state === "producing") {
      yield* this.#tell(this.#position.take({ epoch, at: 0, text }) ?? []);
      return false;
    }
    yield* this.#tell(this.#position.settle(epoch, text));
    yield { id: this.#position.id, event: "end", data: { state, ...reasonOf(stored) } };
    return true;
  }

  /** Follows one connection until the reply or the connection has ended. */
  async *listen(): Telling<{ ended: boolean; heard: boolean }> {
    const { redis, keys } = this.#parts;
    const { reply, signal } = this.#options;
    const closing = new AbortController();
    const close = () => closing.abort();
    signal.addEventListener("abort", close, { once: true });
    this.#heard = false;
    try {
      const channel = keys.replyChannel(reply);
      const payloads = await redis.subscribe(channel, { signal: closing.signal });
      const ended = (yield* this.#tellSnapshot(true)) || (yield* this.#tellFrames(payloads));
      return { ended, heard: this.#heard };
    } catch (error) {
      if (!signal.aborted) this.#parts.log.warn("reply.unheard", { reply, error: text(error) });
      return { ended: false, heard: this.#heard };
    } finally {
      signal.removeEventListener("abort", close);
      close();
    }
  }

  /** True where the reply has ended. Where there is no snapshot, and `orStored`, the store is asked. */
  async *#tellSnapshot(orStored = false): Telling<boolean> {
    const { redis, keys } = this.#parts;
    const value = await redis.run(["GET", keys.replySnapshot(this.#options.reply)]);
    const snapshot = parse(ReplySnapshot, value);
    if (snapshot === undefined) return orStored && (yield* this.tellStored());
    yield* this.#tell(this.#position.take({ ...snapshot, at: 0 }) ?? []);
    return yield* this.#tellEnd(snapshot);
  }

  async *#tellFrames(payloads: AsyncIterable<string>): Telling<boolean> {
    const iterator = payloads[Symbol.asyncIterator]();
    let next = iterator.next();
    for (;;) {
      const came = await this.#silence.next(next);
      if (came === "silence") {
        const after = yield* this.#bearSilence();
        if (after !== "listen on") return after === "ended";
        continue;
      }
      if (came.done) return false;
      next = iterator.next();
      const frame = parse(ReplyFrame, came.value);
      if (frame === undefined) continue;
      const after = yield* this.#tellFrame(frame);
      if (after !== "listen on") return after === "ended";
    }
  }

  async *#tellFrame(frame: ReplyFrame): Telling<Next> {
    let events = this.#position.take(frame);
    if (events === undefined) {
      if (yield* this.#tellSnapshot()) return "ended";
      events = this.#position.take(frame);
    }
    // Neither here nor in the snapshot: another try may find it there.
    if (events === undefined) return "begin anew";
    yield* this.#tell(events);
    if (frame.epoch === this.#position.epoch) yield* this.#tellRetry(frame);
    return (yield* this.#tellEnd(frame)) ? "ended" : "listen on";
  }

  async *#tellRetry({ retryAt }: ReplyFrame): Telling<void> {
    if (retryAt === undefined || retryAt === this.#retryAt) return;
    this.#retryAt = retryAt;
    const at = new Date(retryAt).toISOString();
    yield* this.#tell([{ id: this.#position.id, event: "retry", data: { at } }]);
  }

  async *#tellEnd({ epoch, end }: { epoch: number; end?: ReplyEnd }): Telling<boolean> {
    if (end === undefined || epoch !== this.#position.epoch) return false;
    // Why it is not whole is in the store alone.
    const isWhole = end === "done" || end === "stopped";
    const reason = isWhole ? {} : reasonOf(await this.#load());
    yield { id: this.#position.id, event: "end", data: { state: end, ...reason } };
    return true;
  }

  async *#bearSilence(): Telling<Next> {
    const { ms } = this.#silence;
    const isOver = ms >= IDLE_MS;
    if (!isOver && ms < (ASK_STORE_MS[this.#asked] ?? Infinity)) return "listen on";
    this.#asked++;
    const { epoch } = this.#position;
    if (yield* this.tellStored()) return "ended";
    // Another produces by now, and was not heard: this connection may be none any more.
    if (epoch > 0 && this.#position.epoch > epoch) return "begin anew";
    if (!isOver) return "listen on";
    yield this.idle();
    return "ended";
  }

  async *#tell(events: readonly ReplyEvent[]): Telling<void> {
    if (events.length > 0) {
      this.#heard = true;
      this.#asked = 0;
      this.#silence.broken();
    }
    yield* events;
  }

  async #load(): Promise<StoredReply | undefined> {
    try {
      return await this.#options.load();
    } catch (error) {
      const { reply } = this.#options;
      this.#parts.log.warn("reply.store_away", { reply, error: text(error) });
      return undefined;
    }
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  if (typeof value !== "string") return undefined;
  try {
    return schema.safeParse(JSON.parse(value)).data;
  } catch {
    // Not ours: a channel has no owner.
    return undefined;
  }
}

function reasonOf({ error, endedBy }: Partial<StoredReply> = {}) {
  return { ...(error && { error }), ...(endedBy && { endedBy }) };
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
