/**
 * What a producer sends of its text: frames for those who listen, and snapshots for who comes later.
 *
 * The snapshot is set before its frame is published. A viewer subscribes and then reads: had it
 * missed the frame, the snapshot that it reads is there already. The other way round, one that
 * subscribes between the two would miss both, and of the last frame it would never hear.
 *
 * A frame begins where the last snapshot ends that is known to be set. So one that is lost between
 * two snapshots is made up for by the next, and one lost with its snapshot leaves a gap that the
 * viewer sees and fills from the snapshot. A snapshot that was set without our knowing does no harm.
 *
 * @module
 */
import type { ReplyEnd, ReplyFrame, ReplySnapshot } from "../../contracts/reply_stream.ts";
import type { RedisCommand } from "../../ports.ts";
import type { Keys } from "../keys.ts";

/** How long a snapshot is kept: the finished text is in the store by then, long since. */
const SNAPSHOT_SECONDS = 3_600;
const BATCHES_FOR_SNAPSHOT = 4;
/**
 * In a long reply the snapshot waits for a 16th of its length. At 80 characters a batch, 50,000 of
 * them are written as 1.3 MB in 677 commands, where every fourth alone makes 4.1 MB in 781. Each
 * viewer is sent 0.5 MB then instead of 0.2.
 */
const SHARE_FOR_SNAPSHOT = 16;
/** Characters in a frame; far below the 10 MB that Upstash takes, however they are escaped. */
const MOST_IN_FRAME = 524_288;

/** What stands in a batch besides text. */
export interface BatchMark {
  end?: ReplyEnd;
  retryAt?: number;
}

/** One round trip to Redis. */
export interface ReplyBatch {
  commands: RedisCommand[];
  /** How far the text goes in it. */
  upTo: number;
  isKept: boolean;
}

/** The text of one producer, and what of it is where. */
export class ReplyBatches {
  readonly #keys: Keys;
  readonly #reply: string;
  readonly #epoch: number;
  #text = "";
  /** How far it was published. */
  #sent = 0;
  /** Where the last snapshot ends that is known to be set. */
  #kept = 0;
  #sinceKept = 0;
  #mustKeep = false;

  constructor(keys: Keys, { reply, epoch }: { reply: string; epoch: number }) {
    this.#keys = keys;
    this.#reply = reply;
    this.#epoch = epoch;
  }

  get text(): string {
    return this.#text;
  }

  /** Whether there is text that was not published. */
  get isPending(): boolean {
    return this.#sent < this.#text.length;
  }

  append(text: string): void {
    this.#text += text;
  }

  /** Everything that is there by now; 1 command, or 2 with a snapshot. */
  next({ end, retryAt }: BatchMark = {}): ReplyBatch {
    const upTo = this.#text.length;
    const since = this.#text.slice(this.#kept);
    const isTooLong = since.length > MOST_IN_FRAME;
    const isKept = end !== undefined || this.#mustKeep || isTooLong || this.#isDue(since.length);
    const place = isTooLong ? { at: upTo, text: "" } : { at: this.#kept, text: since };
    const frame: ReplyFrame = { epoch: this.#epoch, ...place, end, retryAt };
    const snapshot: ReplySnapshot = { epoch: this.#epoch, text: this.#text, end };
    const set: RedisCommand = [
      "SET",
      this.#keys.replySnapshot(this.#reply),
      JSON.stringify(snapshot),
      "EX",
      SNAPSHOT_SECONDS,
    ];
    const publish: RedisCommand = [
      "PUBLISH",
      this.#keys.replyChannel(this.#reply),
      JSON.stringify(frame),
    ];
    return { commands: isKept ? [set, publish] : [publish], upTo, isKept };
  }

  /** Redis has it. */
  sent({ upTo, isKept }: ReplyBatch): void {
    this.#sent = upTo;
    this.#sinceKept = isKept ? 0 : this.#sinceKept + 1;
    if (!isKept) return;
    this.#kept = upTo;
    this.#mustKeep = false;
  }

  /** Redis may have it or not: the next batch has it again, and a snapshot. */
  lost(): void {
    this.#mustKeep = true;
  }

  /** Redis refused it: a snapshot that it has no room for, as it may be. Frames go on without. */
  refused({ upTo }: ReplyBatch): void {
    this.#sent = upTo;
    this.#sinceKept = 0;
  }

  #isDue(since: number): boolean {
    return this.#sinceKept + 1 >= BATCHES_FOR_SNAPSHOT && since >= this.#kept / SHARE_FOR_SNAPSHOT;
  }
}
