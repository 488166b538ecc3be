/**
 * Parts of a flush whose isolate dies at a given await, and chance by seed.
 *
 * @module
 */
import type { FeedParts } from "../../functions/feed/parts.ts";
import type { Redis, Sql } from "../../shared/mod.ts";

/** What the caller of a dead isolate sees. */
export class Died extends Error {}

export interface Death {
  /** Which call to Redis or Postgres is the last, from 1. */
  at: number;
  /** Whether that call still has its effect. */
  moment: "before" | "after";
}

/** The same parts, which die: from then on every call fails, and no transaction is committed. */
export function mortal(parts: FeedParts, { at, moment }: Death): FeedParts {
  let calls = 0;
  async function guard<T>(work: () => Promise<T>): Promise<T> {
    calls++;
    if (calls > at || (calls === at && moment === "before")) throw new Died();
    const value = await work();
    if (calls >= at) throw new Died();
    return value;
  }
  const dyingSql = (sql: Sql): Sql => ({
    query: (text, params) => guard(() => sql.query(text, params)),
    // The commit is an await of its own: guarded from the outside, it may have its effect or not.
    transaction: (work) => guard(() => sql.transaction((inner) => work(dyingSql(inner)))),
  });
  const dyingRedis = (redis: Redis): Redis => ({
    run: (command, options) => guard(() => redis.run(command, options)),
    pipeline: (commands, options) => guard(() => redis.pipeline(commands, options)),
    transaction: (commands, options) => guard(() => redis.transaction(commands, options)),
    subscribe: (...call) => redis.subscribe(...call),
    tallied: (tally) => dyingRedis(redis.tallied(tally)),
  });
  return { ...parts, sql: dyingSql(parts.sql), redis: dyingRedis(parts.redis) };
}

/** Numbers from 0 to 1, the same for a seed. */
export function chance(seed: number): () => number {
  let state = (seed + 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
