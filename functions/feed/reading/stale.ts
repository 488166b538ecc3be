/**
 * What an isolate answered last, for readers who come while Postgres is away.
 *
 * Plain text, bounded by count and by bytes; what was not asked for longest goes first. Read only
 * when Postgres cannot be reached, so nothing here is ever served in the place of what is newer.
 *
 * @module
 */
import { CircuitOpenError, type Log, PostgresUnavailableError } from "../../../shared/mod.ts";

export interface StaleAnswersOptions {
  mostEntries: number;
  /** Of keys and answers together, two for each character. */
  mostBytes: number;
}

/** Answers by what was asked. */
export class StaleAnswers {
  readonly #answers = new Map<string, string>();
  readonly #options: StaleAnswersOptions;
  #bytes = 0;

  constructor(options: StaleAnswersOptions) {
    this.#options = options;
  }

  /** How much is kept. */
  get size(): { entries: number; bytes: number } {
    return { entries: this.#answers.size, bytes: this.#bytes };
  }

  /** Keeps the answer in the place of the one before; one that is too large by itself is not kept. */
  remember(key: string, answer: unknown): void {
    this.#forget(key);
    const text = JSON.stringify(answer);
    if (bytesOf(key, text) > this.#options.mostBytes) return;
    this.#answers.set(key, text);
    this.#bytes += bytesOf(key, text);
    const { mostEntries, mostBytes } = this.#options;
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= mostEntries && this.#bytes <= mostBytes) return;
      this.#forget(oldest);
    }
  }

  /** The answer as it was kept. */
  recall(key: string): unknown {
    const text = this.#answers.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  #forget(key: string): void {
    const text = this.#answers.get(key);
    if (text === undefined) return;
    this.#answers.delete(key);
    this.#bytes -= bytesOf(key, text);
  }
}

function bytesOf(key: string, text: string): number {
  return 2 * (key.length + text.length);
}

/** The memories of one isolate: apart, so that counts of any made-up id leave the feed alone. */
export interface StaleFeed {
  counts: StaleAnswers;
  pages: StaleAnswers;
}

/** Makes empty memories, of together at most 2.5 MB. */
export function newStaleFeed(): StaleFeed {
  return {
    counts: new StaleAnswers({ mostEntries: 1_000, mostBytes: 1_000_000 }),
    pages: new StaleAnswers({ mostEntries: 100, mostBytes: 1_500_000 }),
  };
}

export interface FreshOrStale<T> {
  answers: T[];
  isStale: boolean;
}

/**
 * What `read` resolves to, one answer for each key; while Postgres is away, what it was last.
 *
 * @throws {PostgresUnavailableError | CircuitOpenError} when one of them was never asked for here
 */
export async function freshOrStale<T>(
  memory: StaleAnswers,
  keys: readonly string[],
  { read, log }: { read: () => Promise<T[]>; log: Log },
): Promise<FreshOrStale<T>> {
  try {
    const answers = await read();
    keys.forEach((key, index) => memory.remember(key, answers[index]));
    return { answers, isStale: false };
  } catch (error) {
    if (!(error instanceof PostgresUnavailableError || error instanceof CircuitOpenError)) {
      throw error;
    }
    const answers = keys.map((key) => memory.recall(key));
    if (answers.includes(undefined)) throw error;
    log.warn("feed.stale", { error: error.message });
    return { answers: answers as T[], isStale: true };
  }
}
