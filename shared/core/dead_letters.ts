/**
 * Dead letters in Redis: each for 30 days after its failure.
 *
 * To save one: 4 commands in one round trip. A page: 2 round trips, 2 commands. An id whose
 * letter has expired is left out, and swept from the index by the next save.
 *
 * @module
 */
import { DeadLetter } from "../contracts/dead_letter.ts";
import { BodyInvalidError } from "../errors.ts";
import type { Clock, DeadLetters, Redis } from "../ports.ts";
import { parse } from "./jobs/claim.ts";
import type { Keys } from "./keys.ts";

const KEPT_SECONDS = 30 * 86_400;

/** Keeps dead letters in Redis until there is a Postgres to keep them in. */
export function createRedisDeadLetters(redis: Redis, keys: Keys, clock: Clock): DeadLetters {
  return {
    async save(letter) {
      await redis.pipeline([
        ["SET", keys.deadLetter(letter.id), JSON.stringify(letter), "EX", KEPT_SECONDS],
        ["ZADD", keys.deadLetters(), letter.failedAt, letter.id],
        ["ZREMRANGEBYSCORE", keys.deadLetters(), "-inf", clock.now() - KEPT_SECONDS * 1000],
        ["EXPIRE", keys.deadLetters(), KEPT_SECONDS],
      ], { repeatable: true });
    },
    async get(id) {
      return parse(DeadLetter, await redis.run(["GET", keys.deadLetter(id)]));
    },
    async list({ cursor, limit = 50 } = {}) {
      const start = parseCursor(cursor);
      const ids = await redis.run(
        ["ZREVRANGE", keys.deadLetters(), start, start + limit - 1],
      ) as string[];
      if (ids.length === 0) return { letters: [] };
      const texts = await redis.run(["MGET", ...ids.map(keys.deadLetter)] as [string]) as string[];
      const letters = texts.map((text) => parse(DeadLetter, text))
        .filter((letter) => letter !== undefined);
      return { letters, ...(ids.length === limit && { cursor: String(start + limit) }) };
    },
    async remove(id) {
      await redis.pipeline([
        ["DEL", keys.deadLetter(id)],
        ["ZREM", keys.deadLetters(), id],
      ], { repeatable: true });
    },
    async removeMany(ids) {
      const [first, ...more] = ids;
      if (first === undefined) return;
      await redis.pipeline([
        ["DEL", keys.deadLetter(first), ...more.map(keys.deadLetter)],
        ["ZREM", keys.deadLetters(), ...ids],
      ], { repeatable: true });
    },
  };
}

/** How many letters stand before the page. @throws {BodyInvalidError} if it is none of ours */
function parseCursor(cursor = "0"): number {
  if (!/^\d{1,9}$/.test(cursor)) {
    throw new BodyInvalidError([{ path: "cursor", message: "is not from a page before" }], "query");
  }
  return Number(cursor);
}
