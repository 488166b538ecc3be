/**
 * What a reply's stream costs: its batches and snapshots, and those who follow it.
 *
 * With the job that makes it (claim and settle, 2) and the listener that hears a stop (1), a reply
 * of 200 tokens with one viewer comes to 23 commands.
 *
 * @module
 */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import {
  createReplyWriter,
  followReply,
  type Redis,
  type ReplyPlace,
  type StoredReply,
  type StreamParts,
} from "../../shared/mod.ts";
import type { World } from "../core/jobs/world.ts";
import type { PriceRow } from "./price_list.ts";

const REPLY = "r1";
const TOKENS = 200;
const TOKEN_MS = 20;
const finished: StoredReply = { state: "done", text: "Hello", epoch: 1 };
const open: StoredReply = { state: "producing", text: "", epoch: 1 };

/** The stream on a clock of its own, which stands still while Redis is asked. */
class Stream {
  readonly parts: StreamParts;
  readonly #leaving: AbortController[] = [];
  readonly #timers: { at: number; resolve: () => void }[] = [];
  #now = 0;
  #calls = 0;

  constructor({ deps }: World) {
    const { redis } = deps;
    const counted: Redis = {
      ...redis,
      run: (...call) => this.#during(redis.run(...call)),
      pipeline: (...call) => this.#during(redis.pipeline(...call)),
      subscribe: (...call) => this.#during(redis.subscribe(...call)),
    };
    this.parts = {
      ...deps,
      redis: counted,
      clock: { now: () => this.#now },
      sleep: (ms) => new Promise((resolve) => this.#timers.push({ at: this.#now + ms, resolve })),
    };
  }

  /** Moves on, from one timer to the next. */
  async pass(ms: number): Promise<void> {
    const target = this.#now + ms;
    await this.#calm();
    for (;;) {
      this.#timers.sort((one, other) => one.at - other.at);
      if (this.#timers.length === 0 || this.#timers[0].at > target) break;
      const { at, resolve } = this.#timers.shift()!;
      this.#now = at;
      resolve();
      await this.#calm();
    }
    this.#now = target;
  }

  async write(): Promise<void> {
    const options = { reply: REPLY, epoch: 1, batchMs: 400 };
    const writer = createReplyWriter(this.parts, options);
    for (let token = 0; token < TOKENS; token++) {
      writer.write(`token${token} `);
      await this.pass(TOKEN_MS);
    }
    await writer.end("done");
  }

  /** Follows until all that is there was told; leaves with `leave`. */
  async follow(stored: StoredReply, after?: ReplyPlace): Promise<void> {
    const leaving = new AbortController();
    this.#leaving.push(leaving);
    const load = () => Promise.resolve(stored);
    const events = followReply(this.parts, { reply: REPLY, after, signal: leaving.signal, load });
    void Array.fromAsync(events);
    await this.#calm();
  }

  leave(): void {
    for (const leaving of this.#leaving.splice(0)) leaving.abort();
  }

  async #during<T>(call: Promise<T>): Promise<T> {
    this.#calls++;
    try {
      return await call;
    } finally {
      this.#calls--;
    }
  }

  async #calm(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#calls > 0) quiet = -1;
    }
  }
}

const written = { commands: 18, messages: 0, trips: 14 };

/** Rows of the price list. */
export const streamPrices: readonly PriceRow[] = [
  {
    operation: "a reply of 200 tokens at 50 a second, streamed",
    ...written,
    run: (world) => new Stream(world).write(),
  },
  {
    operation: "one who follows a reply",
    commands: 2,
    messages: 0,
    trips: 2,
    beyond: written,
    prepare: (world) => Promise.resolve(new Stream(world)),
    run: async (_, stream) => {
      assert.ok(stream instanceof Stream);
      await stream.follow(open);
      await stream.write();
    },
  },
  {
    operation: "a viewer reconnects",
    commands: 2,
    messages: 0,
    trips: 2,
    prepare: async (world) => {
      const stream = new Stream(world);
      await stream.write();
      return stream;
    },
    run: async (_, stream) => {
      assert.ok(stream instanceof Stream);
      await stream.follow(open, { epoch: 1, offset: 10 });
    },
  },
  {
    operation: "a finished reply, followed",
    commands: 0,
    messages: 0,
    trips: 0,
    run: (world) => new Stream(world).follow(finished),
  },
  {
    operation: "a reply that says nothing, followed until it is idle",
    commands: 0,
    messages: 0,
    trips: 0,
    prepare: async (world) => {
      const stream = new Stream(world);
      await stream.follow(open);
      return stream;
    },
    run: async (_, stream) => {
      assert.ok(stream instanceof Stream);
      await stream.pass(400_000);
      stream.leave();
    },
  },
];
