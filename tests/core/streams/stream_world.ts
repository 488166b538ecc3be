/**
 * A reply's stream on a local Redis over HTTP and a clock that the test moves.
 *
 * @module
 */
import { VirtualClock } from "../../../dev/clock.ts";
import { createRedisServer, type RedisServer } from "../../../dev/redis/server.ts";
import { listen } from "../../../dev/server.ts";
import { createUpstashRedis } from "../../../shared/adapters/upstash_redis.ts";
import { createKeys } from "../../../shared/core/keys.ts";
import type { ReplyEvent, ReplyPlace } from "../../../shared/core/streams/reply_event.ts";
import { followReply, type StoredReply } from "../../../shared/core/streams/reply_follower.ts";
import {
  createReplyWriter,
  type ReplyWriter,
  type StreamParts,
} from "../../../shared/core/streams/reply_writer.ts";
import { Wire } from "./wire.ts";

export const REPLY = "r1";
export const BATCH_MS = 400;

/** One who follows, and what came of it. */
export interface Viewer {
  readonly events: ReplyEvent[];
  /** What it shows: resets are obeyed. */
  readonly text: string;
  readonly epoch: number;
  /** What it would resume after. */
  readonly place: ReplyPlace;
  /** How it ended, once it has. */
  readonly last: ReplyEvent["event"] | undefined;
  readonly isOver: boolean;
  leave(): void;
}

export interface StreamWorld extends AsyncDisposable {
  clock: VirtualClock;
  server: RedisServer;
  wire: Wire;
  parts: StreamParts;
  /** Events that were logged. */
  lines: string[];
  /** What the store has; a test changes it. */
  stored: StoredReply;
  /** How often the store was asked. */
  loads: number;
  storeIsAway: boolean;
  writer(epoch?: number): ReplyWriter;
  viewer(after?: ReplyPlace): Viewer;
  /** Moves the clock, from one timer to the next; what each sets off arrives before it moves on. */
  advance(ms: number): Promise<void>;
  /** Billed commands since the last time. */
  bill(): number;
}

export async function createStreamWorld(): Promise<StreamWorld> {
  const clock = new VirtualClock(Date.parse("2026-11-21T12:00:00Z"));
  const server = await createRedisServer({ clock });
  const wire = new Wire();
  const listening = listen((request) => wire.serve(request, server.fetch));
  const lines: string[] = [];
  const keep = (event: string) => void lines.push(event);
  const parts: StreamParts = {
    redis: createUpstashRedis({
      url: listening.url,
      token: server.token,
      clock,
      fetch: wire.fetch,
      retries: 0,
    }),
    keys: createKeys("test"),
    clock,
    sleep: (ms) => new Promise((resolve) => clock.schedule(clock.now() + ms, () => resolve())),
    log: { info: keep, warn: keep, error: keep },
  };
  const viewers: Viewer[] = [];
  const world: StreamWorld = {
    clock,
    server,
    wire,
    parts,
    lines,
    stored: { state: "producing", text: "", epoch: 1 },
    loads: 0,
    storeIsAway: false,
    writer: (epoch = 1) => createReplyWriter(parts, { reply: REPLY, epoch, batchMs: BATCH_MS }),
    viewer(after) {
      const viewer = watch(world, after);
      viewers.push(viewer);
      return viewer;
    },
    async advance(ms) {
      const target = clock.now() + ms;
      await wire.calm();
      for (let due = clock.nextDueAt(); due !== undefined && due <= target;) {
        await clock.advance(Math.max(0, due - clock.now()));
        await wire.calm();
        due = clock.nextDueAt();
      }
      await clock.advance(target - clock.now());
    },
    bill() {
      const { commands } = server.meter.snapshot();
      server.meter.reset();
      return commands;
    },
    async [Symbol.asyncDispose]() {
      for (const viewer of viewers) viewer.leave();
      await wire.calm();
      await listening.close();
      await server.close();
    },
  };
  return world;
}

function watch(world: StreamWorld, after?: ReplyPlace): Viewer {
  const leaving = new AbortController();
  const events: ReplyEvent[] = [];
  let text = "";
  let isOver = false;
  let place = after ?? { epoch: 0, offset: 0 };
  const run = async () => {
    const load = () => {
      world.loads++;
      if (world.storeIsAway) return Promise.reject(new Error("the store is away"));
      return Promise.resolve({ ...world.stored });
    };
    const { signal } = leaving;
    for await (const event of followReply(world.parts, { reply: REPLY, after, signal, load })) {
      events.push(event);
      if (event.event === "reset") text = "";
      if (event.event === "text") text += event.data.text;
      const [epoch, offset] = event.id!.split(":").map(Number);
      place = { epoch, offset };
    }
    isOver = true;
  };
  void run();
  return {
    events,
    get text() {
      return text;
    },
    get epoch() {
      return place.epoch;
    },
    get place() {
      return place;
    },
    get last() {
      return isOver ? events.at(-1)?.event : undefined;
    },
    get isOver() {
      return isOver;
    },
    leave: () => leaving.abort(),
  };
}
