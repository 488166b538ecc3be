/**
 * How long checks wait for Redis: an isolate's first one for longer than those after it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { systemSleep } from "../../../shared/adapters/system.ts";
import { createUpstashCounter } from "../../../shared/adapters/upstash_ratelimit.ts";
import {
  createKeys,
  createLimits,
  defineLimits,
  Hands,
  type Redis,
  RedisUnavailableError,
} from "../../../shared/mod.ts";
import { silentLog } from "../../support/silent_log.ts";
import { createLimitsWorld, MINUTE_MS } from "../../functions/limits_world.ts";

const table = defineLimits({
  leased: { limit: 10, windowMs: MINUTE_MS, whenAway: "closed" },
  bucket: {
    limit: 10,
    windowMs: MINUTE_MS,
    whenAway: "closed",
    algorithm: "token-bucket",
    refill: 1,
  },
  open: { limit: 10, windowMs: MINUTE_MS, whenAway: "open", open: true },
});

/** An isolate on the world's Redis, and how long each of its asks may take. */
function isolateOn(redis: Redis) {
  const waits: (number | undefined)[] = [];
  const noted: Redis = {
    ...redis,
    run: (command, options) => {
      waits.push(options?.timeoutMs);
      return redis.run(command, options);
    },
    pipeline: (commands, options) => {
      waits.push(options?.timeoutMs);
      return redis.pipeline(commands, options);
    },
  };
  const clock = { now: () => Date.now() };
  const limits = createLimits(table, {
    redis: noted,
    counter: createUpstashCounter(noted),
    clock,
    log: silentLog,
    keys: createKeys("first-ask"),
    hands: new Hands(systemSleep, clock),
  });
  return { limits, waits };
}

for (const name of ["leased", "bucket"] as const) {
  Deno.test(`${name}: an isolate's first ask gets 2 s, as scripts may be cold, and every later one 300 ms`, async () => {
    await using world = await createLimitsWorld();
    const { limits, waits } = isolateOn(world.deps().redis);
    assert.equal((await limits.check(name, "ann")).degraded, false);
    // By its hash, which Redis does not know yet, and then by its text.
    assert.deepEqual(waits.splice(0), [2_000, 2_000]);
    await limits.check(name, "bob");
    await limits.check(name, "ann", { weight: 5 });
    assert.deepEqual([...new Set(waits)], [300]);
  });
}

Deno.test("an open limit's first ask gets 2 s as well", async () => {
  await using world = await createLimitsWorld();
  const { limits, waits } = isolateOn(world.deps().redis);
  for (let unit = 0; unit < 6; unit++) await limits.checkOpen("open", "ann", () => "ann");
  assert.deepEqual(waits, [2_000]);
});

Deno.test("where the first one was in vain, nobody waits for 2 s again", async () => {
  const waits: (number | undefined)[] = [];
  const away = (_: unknown, options?: { timeoutMs?: number }) => {
    waits.push(options?.timeoutMs);
    return Promise.reject(new RedisUnavailableError("away"));
  };
  const { limits } = isolateOn({ run: away, pipeline: away } as unknown as Redis);
  for (const who of ["ann", "bob"]) {
    assert.equal((await limits.check("leased", who)).because, "unavailable");
  }
  assert.deepEqual(waits, [2_000, 300]);
});
