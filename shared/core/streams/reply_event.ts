/**
 * What a viewer of a reply is told, and how far it is.
 *
 * A viewer's position is the epoch and the number of UTF-16 code units that it holds of it. What
 * comes is cut to what it lacks, so nothing is told twice; what does not join on is not told at all.
 *
 * @module
 */
import type { ReplyEnd } from "../../contracts/reply_stream.ts";

/** What is told; `id` (`<epoch>:<offset>`) is what the viewer holds after it. */
export type ReplyEvent =
  & { id?: string }
  & (
    | { event: "text"; data: { text: string } }
    /** What was shown so far is void. */
    | { event: "reset"; data: Record<never, never> }
    /** The provider is asked again at this moment (ISO 8601). */
    | { event: "retry"; data: { at: string } }
    | { event: "end"; data: { state: ReplyEnd; error?: string; endedBy?: string } }
    /** Nothing was said for long, or nothing can be heard; who still wants it follows again. */
    | { event: "idle"; data: Record<never, never> }
  );

/** What a viewer holds of which producer's text. */
export interface ReplyPlace {
  epoch: number;
  offset: number;
}

/** A piece of a producer's text, that begins at `at`. */
export interface ReplyPiece {
  epoch: number;
  at: number;
  text: string;
}

/** One viewer's position, moved by what it is told. */
export class ReplyPosition {
  #epoch: number;
  #offset: number;

  /** Without `after`, the viewer holds nothing. */
  constructor(after: ReplyPlace = { epoch: 0, offset: 0 }) {
    this.#epoch = after.epoch;
    this.#offset = after.offset;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get id(): string {
    return `${this.#epoch}:${this.#offset}`;
  }

  /**
   * What to tell of the piece: nothing of an earlier producer's, a reset first for a later one's.
   * Undefined, and the position as it was, where something between it and the viewer is missing.
   */
  take({ epoch, at, text }: ReplyPiece): ReplyEvent[] | undefined {
    if (epoch < this.#epoch) return [];
    if (at > (epoch === this.#epoch ? this.#offset : 0)) return undefined;
    const events: ReplyEvent[] = epoch > this.#epoch ? this.#begin(epoch) : [];
    const more = text.slice(this.#offset - at);
    if (more === "") return events;
    this.#offset += more.length;
    return [...events, { id: this.id, event: "text", data: { text: more } }];
  }

  /** What to tell of the text that was stored for good: it holds, whatever the viewer has. */
  settle(epoch: number, text: string): ReplyEvent[] {
    const joins = epoch === this.#epoch && this.#offset <= text.length;
    const events = joins ? [] : this.#begin(epoch);
    return [...events, ...this.take({ epoch, at: 0, text })!];
  }

  /** Who held nothing of anybody needs no reset. */
  #begin(epoch: number): ReplyEvent[] {
    const heldNone = this.#epoch === 0;
    this.#epoch = epoch;
    this.#offset = 0;
    return heldNone ? [] : [{ id: this.id, event: "reset", data: {} }];
  }
}
