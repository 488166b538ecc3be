/**
 * Pages of a day's stream, as large as fits.
 *
 * @module
 */
import { RedisSizeError } from "../../errors.ts";
import type { Redis } from "../../ports.ts";
import { type LoggedEntry, parseEntry } from "./event_log.ts";
import { readExpiring } from "./expiring_read.ts";

const FIRST_ENTRIES = 2_000;
const MOST_ENTRIES = 5_000;

export interface LogReaderOptions {
  /** What a page should have of text, in characters, about. Default: 4 MB. */
  pageCharacters?: number;
  /** Default: 5,000. */
  mostEntries?: number;
  mostBytes?: number;
  /** Told before each request. */
  onRequest?(): void;
}

export interface LogPage {
  entries: LoggedEntry[];
  /** Whether nothing came after it. */
  isLast: boolean;
  /** Whether the stream is there, and was given its end. */
  expires: boolean;
}

/** Reads a stream page after page, and learns how many entries fit into one. */
export class LogReader {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #options: LogReaderOptions;
  #count: number;

  constructor(redis: Redis, key: string, options: LogReaderOptions = {}) {
    this.#redis = redis;
    this.#key = key;
    this.#options = options;
    this.#count = Math.min(FIRST_ENTRIES, options.mostEntries ?? MOST_ENTRIES);
  }

  /** Some entries after this one, oldest first. One command, and one for each try that was too large. */
  async read(after: string, { expireAt }: { expireAt?: number } = {}): Promise<LogPage> {
    const { mostBytes, onRequest } = this.#options;
    for (;;) {
      onRequest?.();
      const command = ["XRANGE", this.#key, `(${after}`, "+", "COUNT", this.#count] as const;
      try {
        const { reply, expires } = await readExpiring(this.#redis, command, {
          expireAt,
          mostBytes,
        });
        return { ...this.#pageOf(reply as [string, string[]][]), expires };
      } catch (error) {
        if (!(error instanceof RedisSizeError) || this.#count === 1) throw error;
        this.#count = Math.ceil(this.#count / 4);
      }
    }
  }

  #pageOf(reply: [string, string[]][]): Omit<LogPage, "expires"> {
    const { pageCharacters = 4_000_000, mostEntries = MOST_ENTRIES } = this.#options;
    let characters = 0;
    const entries = reply.map(([id, fields]): LoggedEntry => {
      const text = fields[1] ?? "";
      characters += text.length;
      return { id, entry: parseEntry(text) };
    });
    const isLast = entries.length < this.#count;
    if (entries.length > 0) {
      const fitting = Math.floor(pageCharacters * entries.length / (characters + 1));
      this.#count = Math.max(1, Math.min(mostEntries, fitting));
    }
    return { entries, isLast };
  }
}
