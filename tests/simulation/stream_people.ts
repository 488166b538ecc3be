/**
 * Those who produce a reply and those who follow it, for the simulation of streams.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Redis } from "../../shared/mod.ts";
import { createReplyWriter, followReply, type ReplyPlace } from "../../shared/mod.ts";
import { BATCH_MS, REPLY, type StreamWorld } from "../core/streams/stream_world.ts";
import type { Random } from "./random.ts";

const never = () => new Promise<never>(() => {});

/** What was said by whom: the epoch's text, as far as it was written. */
export type Said = Map<number, string>;

/** A producer that dies at its `awaits`-th await, if it has as many. */
export class Producer {
  readonly epoch: number;
  isDead = false;
  /** Its end was stored. */
  hasEnded = false;
  #awaits: number;
  readonly #tokens: string[];
  readonly #said: Said;
  readonly #world: StreamWorld;
  readonly #writer: ReturnType<typeof createReplyWriter>;
  #running?: Promise<void>;

  constructor(
    world: StreamWorld,
    said: Said,
    { epoch, tokens, awaits }: { epoch: number; tokens: string[]; awaits: number },
  ) {
    this.epoch = epoch;
    this.#world = world;
    this.#said = said;
    this.#tokens = [...tokens];
    this.#awaits = awaits;
    said.set(epoch, "");
    this.#writer = createReplyWriter({
      ...world.parts,
      redis: this.#mortal(world.parts.redis),
      sleep: (ms) => this.#lives(() => world.parts.sleep(ms)),
    }, { reply: REPLY, epoch, batchMs: BATCH_MS });
  }

  /** Says one more word; after the last one stores the text, unless another has taken over, and ends. */
  step(): void {
    if (this.isDead || this.#running) return;
    const token = this.#tokens.shift();
    if (token !== undefined) {
      this.#said.set(this.epoch, this.#said.get(this.epoch)! + token);
      this.#writer.write(token);
    } else this.#running = this.#end();
  }

  async #end(): Promise<void> {
    const { stored } = this.#world;
    await this.#lives(() => Promise.resolve());
    if (stored.epoch !== this.epoch || this.isDead) return;
    Object.assign(stored, { state: "done", text: this.#writer.text });
    this.hasEnded = true;
    await this.#writer.end("done");
  }

  #mortal(redis: Redis): Redis {
    return { ...redis, pipeline: (...call) => this.#lives(() => redis.pipeline(...call)) };
  }

  /** Dies before or after the work, once its time has come. */
  async #lives<T>(work: () => Promise<T>): Promise<T> {
    if (this.isDead || --this.#awaits === 0) return this.#die();
    const result = await work();
    // The even ones die with the work done, and its answer lost.
    if (this.isDead || --this.#awaits === 0) return this.#die();
    return result;
  }

  #die(): Promise<never> {
    this.isDead = true;
    return never();
  }
}

/** One who follows, drops out, and comes back with what they hold. */
export class Follower {
  text = "";
  place?: ReplyPlace;
  hasEnded = false;
  resumes = 0;
  #leaving?: AbortController;
  readonly #world: StreamWorld;
  readonly #said: Said;

  constructor(world: StreamWorld, said: Said) {
    this.#world = world;
    this.#said = said;
  }

  get isFollowing(): boolean {
    return this.#leaving !== undefined;
  }

  come(): void {
    if (this.hasEnded || this.isFollowing) return;
    const leaving = this.#leaving = new AbortController();
    this.resumes++;
    this.#follow(leaving).catch((error) => void this.#world.lines.push(`FAULT ${error}`))
      .finally(() => this.#leaving === leaving && (this.#leaving = undefined));
  }

  leave(): void {
    this.#leaving?.abort();
    this.#leaving = undefined;
  }

  async #follow({ signal }: AbortController): Promise<void> {
    const load = () =>
      this.#world.storeIsAway
        ? Promise.reject(new Error("the store is away"))
        : Promise.resolve({ ...this.#world.stored });
    const options = { reply: REPLY, after: this.place, signal, load };
    for await (const event of followReply(this.#world.parts, options)) {
      // What reaches a connection that was given up reaches nobody.
      if (signal.aborted) return;
      if (event.event === "reset") this.text = "";
      if (event.event === "text") this.text += event.data.text;
      const [epoch, offset] = event.id!.split(":").map(Number);
      this.place = { epoch, offset };
      assert.equal(offset, this.text.length, "the place is what is held");
      assert.ok((this.#said.get(epoch) ?? "").startsWith(this.text), "what is held was said");
      if (event.event === "end") this.hasEnded = true;
    }
  }
}

/** Words of a seed: commas, line breaks, and characters of two code units that may be torn apart. */
export function wordsOf(random: Random, count: number): string[] {
  const pieces = ["word ", "a,b", "\n\n", "é", "😀", "\ud83d", "\ude00", '"', "\\", "data: ", " "];
  return Array.from({ length: count }, () => random.pick(pieces) + random.below(1_000));
}
