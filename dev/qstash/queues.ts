/**
 * Queues: messages start in the order in which they came, `parallelism` at a time.
 *
 * A message keeps its place until it has ended, with its retries, callbacks and failure
 * callbacks; only then does the next one start.
 *
 * @module
 */
import type { DevClock } from "../clock.ts";
import { ApiError } from "./api_error.ts";
import type { Message } from "./model.ts";
import { assertQuota, type Plan } from "./plans.ts";

/** A queue as the API shows it. */
export interface QueueInfo {
  name: string;
  createdAt: number;
  updatedAt: number;
  parallelism: number;
  paused: boolean;
  /** Messages that are waiting or under way. */
  lag: number;
}

interface Waiting {
  message: Message;
  admit: () => void;
}

export class Queues {
  readonly #queues = new Map<string, Queue>();

  constructor(readonly clock: DevClock, readonly plan: Plan) {}

  /** Makes or changes a queue. What is absent stays as it is; a new queue has parallelism 1. */
  upsert(name: string, settings: { parallelism?: number; paused?: boolean } = {}): void {
    const { parallelism, paused } = settings;
    assertQuota("maxParallelism", parallelism ?? 1, this.plan.queueParallelism);
    let queue = this.#queues.get(name);
    if (!queue) {
      assertName("queue", name);
      assertQuota("maxQueues", this.#queues.size + 1, this.plan.queues);
      this.#queues.set(name, queue = new Queue(name, this.clock));
    }
    queue.change({ parallelism, paused });
  }

  /** Makes the queue if it is missing, and leaves it alone if not. */
  ensure(name: string): void {
    if (!this.#queues.has(name)) this.upsert(name);
  }

  /** @throws {ApiError} 404 */
  info(name: string): QueueInfo {
    return this.#known(name).info();
  }

  list(): QueueInfo[] {
    return [...this.#queues.values()].map((queue) => queue.info());
  }

  setPaused(name: string, paused: boolean): void {
    this.#known(name).change({ paused });
  }

  /** Forgets a queue, and gives back the messages that were still waiting in it. */
  delete(name: string): Message[] {
    const queue = this.#queues.get(name);
    this.#queues.delete(name);
    return queue?.close() ?? [];
  }

  /** Calls `admit` when it is the message's turn, which it then holds. */
  enter(name: string, message: Message, admit: () => void): void {
    this.ensure(name);
    this.#known(name).enter({ message, admit });
  }

  #known(name: string): Queue {
    const queue = this.#queues.get(name);
    if (!queue) throw new ApiError(404, `queue ${name} not found`);
    return queue;
  }
}

class Queue {
  #parallelism = 1;
  #paused = false;
  #active = 0;
  #draining = false;
  #waiting: Waiting[] = [];
  readonly #createdAt: number;
  #updatedAt: number;

  constructor(readonly name: string, readonly clock: DevClock) {
    this.#createdAt = this.#updatedAt = clock.now();
  }

  change({ parallelism, paused }: { parallelism?: number; paused?: boolean }): void {
    this.#parallelism = parallelism ?? this.#parallelism;
    this.#paused = paused ?? this.#paused;
    this.#updatedAt = this.clock.now();
    this.#drain();
  }

  enter(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#drain();
  }

  close(): Message[] {
    return this.#waiting.splice(0).map(({ message }) => message);
  }

  info(): QueueInfo {
    return {
      name: this.name,
      createdAt: this.#createdAt,
      updatedAt: this.#updatedAt,
      parallelism: this.#parallelism,
      paused: this.#paused,
      lag: this.#waiting.length + this.#active,
    };
  }

  #drain(): void {
    // A cancelled message leaves while it is let in: the loop that let it in goes on, one is enough.
    if (this.#draining) return;
    this.#draining = true;
    while (!this.#paused && this.#active < this.#parallelism) {
      const next = this.#waiting.shift();
      if (!next) break;
      this.#active++;
      let holders = 1;
      next.message.turn = {
        join: () => void holders++,
        leave: () => {
          if (--holders > 0) return;
          this.#active--;
          this.#drain();
        },
      };
      next.admit();
    }
    this.#draining = false;
  }
}

/** @throws {ApiError} 400 for a name of other characters than the vendor allows */
export function assertName(what: string, name: string): void {
  if (!/^[A-Za-z0-9_.-]+$/.test(name)) {
    throw new ApiError(
      400,
      `invalid ${what} name "${name}": allowed are alphanumeric characters, hyphen, underscore and period`,
    );
  }
}
