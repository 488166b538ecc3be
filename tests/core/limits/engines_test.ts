/**
 * Our scripts on the embedded engine and on a real redis-server.
 *
 * @module
 */
import assert from "node:assert/strict";
import { giveBackCommand, takeCommand } from "../../../shared/core/limits/scripts.ts";
import { createUpstashCounter } from "../../../shared/adapters/upstash_ratelimit.ts";
import {
  createKeys,
  createLimits,
  defineLimits,
  Hands,
  type LimitPolicy,
} from "../../../shared/mod.ts";
import { systemSleep } from "../../../shared/adapters/system.ts";
import { type Gateway, testOnEachEngine } from "../../conformance/redis_gateway.ts";
import { silentLog } from "../../support/silent_log.ts";
import { patientRedis } from "./patient_redis.ts";

// A window of a day: no test straddles its end but the one that runs at midnight.
const DAY_MS = 86_400_000;
const table = defineLimits({
  sliding: { limit: 20, windowMs: DAY_MS, whenAway: "closed" },
  fixed: { limit: 20, windowMs: DAY_MS, whenAway: "closed", algorithm: "fixed-window" },
  bucket: {
    limit: 20,
    windowMs: DAY_MS,
    whenAway: "closed",
    algorithm: "token-bucket",
    refill: 1,
  },
  other: { limit: 1, windowMs: DAY_MS, whenAway: "closed", lease: false },
});
const clock = { now: () => Date.now() };
const keys = createKeys("limits-engines");

/** An isolate of its own on this gateway. */
function isolate({ url, token }: Gateway) {
  const redis = patientRedis(
    { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token },
    clock,
  );
  const hands = new Hands(systemSleep, clock);
  const counter = createUpstashCounter(redis);
  return createLimits(table, { redis, counter, clock, log: silentLog, keys, hands });
}

for (const policy of [table.sliding, table.fixed, table.bucket] as LimitPolicy[]) {
  testOnEachEngine(
    `${policy.algorithm}: three isolates at once let exactly the limit through`,
    async (gateway) => {
      const isolates = [1, 2, 3].map(() => isolate(gateway));
      const answers = await Promise.all(
        Array.from({ length: 90 }, (_, check) => isolates[check % 3].check(policy, "ann")),
      );
      assert.ok(answers.every(({ degraded }) => !degraded));
      assert.ok(answers.filter(({ allowed }) => allowed).length <= 20);
      for (const each of isolates) while ((await each.check(policy, "ann")).allowed);
      const { remaining } = await isolates[0].remaining(policy, "ann");
      assert.equal(remaining, 0);
      await isolates[0].reset(policy, "ann");
      assert.equal((await isolates[0].remaining(policy, "ann")).remaining, 20);
    },
  );

  testOnEachEngine(
    `${policy.algorithm}: weights, and what a later limit refuses goes back`,
    async (gateway) => {
      const limits = isolate(gateway);
      assert.equal((await limits.check(policy, "bob", { weight: 15 })).allowed, true);
      assert.equal((await limits.check(policy, "bob", { weight: 6 })).allowed, false);
      assert.equal((await limits.check(policy, "bob", { weight: 5 })).allowed, true);
      const both = [{ limit: table.other, identifier: policy.name }, {
        limit: policy,
        identifier: "bob",
      }];
      assert.deepEqual((await limits.checkAll(both)).map(({ allowed }) => allowed), [true, false]);
      assert.equal((await limits.remaining(table.other, policy.name)).remaining, 1);
    },
  );
}

testOnEachEngine(
  "what nobody spent is taken off the window before, and no key is made by it",
  async (gateway) => {
    const run = ([name, ...rest]: readonly (string | number)[]) =>
      gateway.redis.exec([String(name), ...rest]);
    const window = Math.floor(clock.now() / DAY_MS);
    const at = window * DAY_MS;
    const wish = { least: 1, wanted: 1, spare: 0, share: 1, unspent: 0 };
    const { sliding } = table;
    await run(takeCommand(keys, sliding, "cid", at - 1, { ...wish, wanted: 18 }));
    assert.deepEqual(await run(takeCommand(keys, sliding, "cid", at, wish)), [1, 1, 18]);
    const corrected = await run(takeCommand(keys, sliding, "cid", at, { ...wish, unspent: 10 }));
    assert.deepEqual(corrected, [1, 2, 8]);
    assert.deepEqual(
      await run(takeCommand(keys, sliding, "dora", at, { ...wish, unspent: 10 })),
      [1, 1, 0],
    );
    assert.equal(await run(giveBackCommand(keys, sliding, "emil", window, 5)), 0);
    assert.equal(await run(giveBackCommand(keys, sliding, "cid", window, 5)), 2);
    assert.equal(await run(["EXISTS", keys.limitWindow("sliding", "emil", window)]), 0);
    assert.equal(await run(["EXISTS", keys.limitWindow("sliding", "dora", window - 1)]), 0);
  },
);
