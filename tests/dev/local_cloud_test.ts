import assert from "node:assert/strict";
import { WallClock } from "../../dev/clock.ts";
import { startLocalCloud } from "../../dev/local_cloud.ts";

const real = {
  UPSTASH_REDIS_REST_URL: "https://redis.example.com",
  QSTASH_URL: "https://qstash.example.com",
  DATABASE_URL: "postgres://postgres.example.com/app",
};
const rows = [
  {
    given: "nothing",
    environment: {},
    standsInFor: [
      "Upstash Redis (embedded engine)",
      "QStash",
      "Postgres (PGlite, in memory, migrated)",
    ],
    settings: [
      "DATABASE_URL",
      "QSTASH_CURRENT_SIGNING_KEY",
      "QSTASH_NEXT_SIGNING_KEY",
      "QSTASH_TOKEN",
      "QSTASH_URL",
      "UPSTASH_REDIS_REST_TOKEN",
      "UPSTASH_REDIS_REST_URL",
    ],
    realTime: undefined,
  },
  {
    given: "a Redis server",
    environment: { ...real, UPSTASH_REDIS_REST_URL: "", REDIS_URL: "redis://:secret@127.0.0.1:1" },
    standsInFor: [
      "Upstash Redis (the Redis at 127.0.0.1:1)",
      "the real one, as set",
      "the real one, as set; deno task migrate makes its tables",
    ],
    settings: ["UPSTASH_REDIS_REST_TOKEN", "UPSTASH_REDIS_REST_URL"],
    realTime: "the Redis at 127.0.0.1:1 keeps real time",
  },
  {
    given: "every real one",
    environment: real,
    standsInFor: [
      "the real one, as set",
      "the real one, as set",
      "the real one, as set; deno task migrate makes its tables",
    ],
    settings: [],
    realTime: "the Redis that is set keeps real time",
  },
];
for (const { given, environment, standsInFor, settings, realTime } of rows) {
  Deno.test(`with ${given} in the environment, dev starts what is missing`, async () => {
    const cloud = await startLocalCloud(environment, new WallClock());
    try {
      assert.deepEqual(cloud.parts.map((part) => part.standsInFor), standsInFor);
      assert.deepEqual(Object.keys(cloud.settings()).sort(), settings);
      assert.equal(cloud.realTime, realTime);
    } finally {
      await cloud.close();
    }
  });
}
