/**
 * How many streams each user, and each address, holds open in this isolate: a bound, for no command.
 *
 * A stream counts while it is renewed, so that one whose isolate was put to sleep in the midst of it
 * does not count for good. Other isolates count their own.
 *
 * @module
 */
import { type Clock, RequestError } from "../../shared/mod.ts";

export interface StreamBounds {
  perUser: number;
  perAddress: number;
}

/** One that is open. */
export interface OpenStream {
  /** It is still open: to be said at least every 30 s. */
  renew(): void;
  end(): void;
}

export interface Viewer {
  user: string;
  /** The network of the caller; undefined where it cannot be told. */
  network: string | undefined;
}

/** Not renewed for so long, it is none. */
const SILENCE_MS = 45_000;
/** What nobody can tell apart shares one bound, so many times as large. */
const UNKNOWN_NETWORKS = 100;
/** When it is worth asking again; nobody knows when a stream will end. */
const RETRY_MS = 5_000;

/** Plain data, kept from one request to the next. */
export class OpenStreams {
  readonly #open = new Map<string, Set<{ seenAt: number }>>();
  #sweptAt = -Infinity;

  constructor(readonly clock: Clock, readonly bounds: StreamBounds) {}

  /** Counts a stream that is about to open. @throws {RequestError} `streams_exceeded` */
  begin({ user, network }: Viewer): OpenStream {
    const { perUser, perAddress } = this.bounds;
    this.#sweep();
    const stream = { seenAt: this.clock.now() };
    const counted = [
      { key: `user ${user}`, most: perUser, whose: "user" },
      {
        key: `address ${network ?? ""}`,
        most: network === undefined ? perAddress * UNKNOWN_NETWORKS : perAddress,
        whose: "address",
      },
    ];
    for (const { key, most, whose } of counted) {
      if ((this.#open.get(key)?.size ?? 0) < most) continue;
      throw new RequestError(
        "streams_exceeded",
        `Cannot open another stream: this ${whose} has ${most} open; close one first`,
        { retryable: true, retryAfterMs: RETRY_MS },
      );
    }
    for (const { key } of counted) {
      if (!this.#open.has(key)) this.#open.set(key, new Set());
      this.#open.get(key)!.add(stream);
    }
    return {
      renew: () => void (stream.seenAt = this.clock.now()),
      end: () => {
        for (const { key } of counted) this.#remove(key, stream);
      },
    };
  }

  #sweep(): void {
    const now = this.clock.now();
    if (now - this.#sweptAt < SILENCE_MS / 3) return;
    this.#sweptAt = now;
    for (const [key, streams] of this.#open) {
      for (const stream of streams) {
        if (now - stream.seenAt > SILENCE_MS) this.#remove(key, stream);
      }
    }
  }

  #remove(key: string, stream: { seenAt: number }): void {
    const streams = this.#open.get(key);
    streams?.delete(stream);
    if (streams?.size === 0) this.#open.delete(key);
  }
}
