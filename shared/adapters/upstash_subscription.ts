/**
 * SUBSCRIBE over Upstash's event stream: frames of comma text, each `data: ` to a line.
 *
 * The connection is read as fast as it comes. Were it left to the reader, one slow viewer would fill
 * the window that HTTP/2 shares among all calls to Redis. What waits is bounded instead: a reader
 * that falls behind by more is cut off, and has to read elsewhere what it missed.
 *
 * @module
 */

import { readerUntil } from "./body_reader.ts";

/** Characters that may wait for a reader, an unfinished line among them: 2 MiB of memory at most. */
const MOST_WAITING = 1_048_576;

/** A subscription on an answer of Redis. */
export interface Subscription {
  /** True once Redis has said that it listens; false where the answer ended before that. */
  readonly confirmed: Promise<boolean>;
  /** What was published. Ends with the connection, and when it is left. */
  readonly payloads: AsyncIterable<string>;
  /** Ends it, and the connection. */
  close(): void;
}

/** Reads the body of an answer to `/subscribe/<channel>`, until `signal` aborts. */
export function readSubscription(
  body: ReadableStream<Uint8Array>,
  { channel, signal }: { channel: string; signal: AbortSignal },
): Subscription {
  const reader = readerUntil(signal, body);
  const mailbox = new Mailbox();
  const confirmation = Promise.withResolvers<boolean>();
  const lines = new Lines();
  const message = `data: message,${channel},`;
  const confirmed = `data: subscribe,${channel},`;

  async function pump(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        for (const line of lines.take(value)) {
          if (line.startsWith(message)) mailbox.put(line.slice(message.length));
          else if (line.startsWith(confirmed)) confirmation.resolve(true);
        }
        if (mailbox.ended || mailbox.waiting + lines.unfinished > MOST_WAITING) return;
      }
    } catch {
      // Broken off or aborted: to the reader every end is the same.
    } finally {
      close();
      confirmation.resolve(false);
    }
  }

  function close(): void {
    mailbox.end();
    // A connection that is gone already has nothing to cancel.
    reader.cancel().catch(() => {});
  }

  void pump();
  return {
    confirmed: confirmation.promise,
    payloads: {
      [Symbol.asyncIterator]: () => ({
        next: () => mailbox.take(),
        return: () => {
          close();
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    },
    close,
  };
}

/** Lines out of bytes that may be split anywhere. LF alone ends one: at Upstash a CR is payload. */
class Lines {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** Characters of the line that has no end yet. */
  get unfinished(): number {
    return this.#rest.length;
  }

  take(bytes: Uint8Array): string[] {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (!text.includes("\n")) {
      this.#rest += text;
      return [];
    }
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    return lines;
  }
}

/** What came and was not read yet, for one reader. */
class Mailbox {
  #payloads: string[] = [];
  #wake: (() => void) | undefined;
  waiting = 0;
  ended = false;

  put(payload: string): void {
    if (this.ended) return;
    this.#payloads.push(payload);
    this.waiting += payload.length;
    this.#wake?.();
  }

  /** What was read before stays to be taken, unless that was too much. */
  end(): void {
    this.ended = true;
    if (this.waiting > MOST_WAITING) this.#payloads = [];
    this.#wake?.();
  }

  async take(): Promise<IteratorResult<string, undefined>> {
    while (this.#payloads.length === 0) {
      if (this.ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const value = this.#payloads.shift()!;
    this.waiting -= value.length;
    return { done: false, value };
  }
}
