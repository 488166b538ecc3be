/**
 * The producer's side of a reply's stream: text in, as few commands as viewers do not notice.
 *
 * The first text goes out at once, then at gaps that grow to `batchMs`. While a batch is on its way,
 * all that comes waits for the next one: there is never a queue. 200 tokens at 50 a second take 18
 * commands. With Redis away nothing fails and nothing waits: once it is back, the next batch has all.
 *
 * @module
 */
import type { ReplyEnd } from "../../contracts/reply_stream.ts";
import { RedisCommandError } from "../../errors.ts";
import type { Clock, Log, Redis, Sleep } from "../../ports.ts";
import type { Keys } from "../keys.ts";
import { type BatchMark, ReplyBatches } from "./reply_batches.ts";

const FIRST_GAP_MS = 50;
/** Between tries while Redis is away. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4_000;
/** The end is tried this often; who missed it is told by the store. */
const TRIES_FOR_END = 2;
/** Of a bounded number of batches, the last ones are ever farther apart: by then 340 s are covered. */
const WIDENING_BATCHES = 15;
const WIDENING = 1.45;

export interface StreamParts {
  redis: Redis;
  keys: Keys;
  clock: Clock;
  sleep: Sleep;
  log: Log;
}

export interface ReplyWriterOptions {
  reply: string;
  /** This producer's; no other one of the reply ever has the same. */
  epoch: number;
  /** The longest time that text waits to be sent together, in ms. */
  batchMs: number;
  /**
   * Batches that may be sent, its end among them: the last ones wait for longer, and once they are used
   * up only the end is sent. For a request that may make so many calls. Default: no bound.
   */
  mostBatches?: number;
}

/** One producer's way to whoever follows the reply. None of it throws on account of Redis. */
export interface ReplyWriter {
  /** Adds text, and returns at once. What comes after the end is dropped. */
  write(text: string): void;
  /** Says that the provider is asked again at this moment (epoch ms). */
  retryAt(at: number): Promise<void>;
  /** Says how it ended; resolves once that is sent, or was tried twice (at most 10 s). */
  end(state: ReplyEnd): Promise<void>;
  /** All that was written. */
  readonly text: string;
}

/** Makes the writer of one producer; it costs nothing until there is text. */
export function createReplyWriter(parts: StreamParts, options: ReplyWriterOptions): ReplyWriter {
  const { redis, keys, clock, sleep, log } = parts;
  const { reply, batchMs, mostBatches = Infinity } = options;
  const batches = new ReplyBatches(keys, options);
  const ending = Promise.withResolvers<void>();
  let gapMs = Math.min(FIRST_GAP_MS, batchMs);
  let nextAt = -Infinity;
  let failures = 0;
  let left = mostBatches - TRIES_FOR_END;
  let pumping: Promise<void> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let ended: Promise<void> | undefined;

  /** One batch after another. Resolves to whether Redis has it. */
  function send(mark?: BatchMark): Promise<boolean> {
    const sending = turn.then(() => sendNow(mark));
    turn = sending;
    return sending;
  }

  async function sendNow(mark?: BatchMark): Promise<boolean> {
    if (mark === undefined && !batches.isPending) return true;
    const startedAt = clock.now();
    left--;
    const batch = batches.next(mark);
    try {
      // Offsets make a frame that comes twice harmless.
      await redis.pipeline(batch.commands, { repeatable: true });
      batches.sent(batch);
      failures = 0;
    } catch (error) {
      if (failures++ === 0) log.warn("reply.unsent", { reply, error: messageOf(error) });
      if (!(error instanceof RedisCommandError)) {
        batches.lost();
        nextAt = clock.now() + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
        return false;
      }
      batches.refused(batch);
    }
    nextAt = startedAt + gapMs;
    gapMs = left < WIDENING_BATCHES ? gapMs * WIDENING : Math.min(batchMs, gapMs * 2);
    return true;
  }

  async function pump(): Promise<void> {
    while (batches.isPending && ended === undefined) {
      if (left <= 0) await ending.promise;
      const waitMs = nextAt - clock.now();
      if (waitMs > 0) await Promise.race([sleep(waitMs), ending.promise]);
      if (ended === undefined) await send();
    }
    pumping = undefined;
  }

  async function sendEnd(state: ReplyEnd): Promise<void> {
    ending.resolve();
    for (let tries = 1; !(await send({ end: state })); tries++) {
      if (tries === TRIES_FOR_END) return log.warn("reply.end_unsent", { reply });
      await sleep(FIRST_WAIT_MS);
    }
  }

  return {
    get text() {
      return batches.text;
    },
    write(text) {
      if (ended !== undefined || text === "") return;
      batches.append(text);
      pumping ??= pump();
    },
    async retryAt(at) {
      if (ended === undefined) await send({ retryAt: at });
    },
    end: (state) => ended ??= sendEnd(state),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
