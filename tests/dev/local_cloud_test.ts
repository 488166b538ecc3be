import assert from "node:assert/strict";
import { WallClock } from "../../dev/clock.ts";
import { startLocalCloud } from "../../dev/local_cloud.ts";
import { planLimits } from "../../dev/redis/limits.ts";
import { postgresEngines } from "../support/postgres_engines.ts";

const real = {
  UPSTASH_REDIS_REST_URL: "https://redis.example.com",
  QSTASH_URL: "https://qstash.example.com",
  DATABASE_URL: "postgres://postgres.example.com/app",
  RESEND_API_KEY: "re_real",
  OPENAI_BASE_URL: "https://llm.example.com/v1",
  OPENAI_API_KEY: "sk-real",
};
const rows = [
  {
    given: "nothing",
    environment: {},
    standsInFor: [
      "Upstash Redis (embedded engine)",
      "QStash",
      "Postgres (PGlite, in memory, migrated)",
      "Resend; its address is the inbox",
      "OpenAI's chat completions, scripted",
    ],
    settings: [
      "DATABASE_URL",
      "MAIL_FROM",
      "OPENAI_API_KEY",
      "OPENAI_BASE_URL",
      "QSTASH_CURRENT_SIGNING_KEY",
      "QSTASH_NEXT_SIGNING_KEY",
      "QSTASH_TOKEN",
      "QSTASH_URL",
      "RESEND_API_KEY",
      "RESEND_BASE_URL",
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
      "the real one, as set: mail goes out",
      "the real one, as set: answers may cost",
    ],
    settings: ["UPSTASH_REDIS_REST_TOKEN", "UPSTASH_REDIS_REST_URL"],
    realTime: "the Redis at 127.0.0.1:1 keeps real time",
  },
  {
    given: "a key of OpenAI's alone",
    environment: { ...real, OPENAI_BASE_URL: "" },
    standsInFor: [
      "the real one, as set",
      "the real one, as set",
      "the real one, as set; deno task migrate makes its tables",
      "the real one, as set: mail goes out",
      "OpenAI's chat completions, scripted",
    ],
    settings: ["OPENAI_API_KEY", "OPENAI_BASE_URL"],
    realTime: "the Redis that is set keeps real time",
  },
  {
    given: "every real one",
    environment: real,
    standsInFor: [
      "the real one, as set",
      "the real one, as set",
      "the real one, as set; deno task migrate makes its tables",
      "the real one, as set: mail goes out",
      "the real one, as set: answers may cost",
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

for (const engine of postgresEngines()) {
  Deno.test({
    name: `${engine.name}: dev says what your own database lacks, and leaves it as it is`,
    ignore: engine.ignore,
    fn: async () => {
      const warningsOf = async (url: string) => {
        const cloud = await startLocalCloud({ ...real, DATABASE_URL: url }, new WallClock());
        const warnings = await cloud.warnings();
        await cloud.close();
        return warnings;
      };
      const database = engine.database();
      assert.deepEqual(await warningsOf(engine.url()), []);
      await database.query("ALTER TABLE schema_migrations RENAME TO others_migrations");
      const lacking = /^Your database has not all of its tables \(.*\): run deno task migrate$/;
      for (let time = 0; time < 2; time++) {
        assert.match((await warningsOf(engine.url())).join(), lacking);
      }
      await database.query("ALTER TABLE others_migrations RENAME TO schema_migrations");
      await database.query("DELETE FROM schema_migrations WHERE id = 2");
      assert.match((await warningsOf(engine.url())).join(), /\(feed\): run/);
    },
  });
}

Deno.test("dev says when your own database does not answer, without its password", async () => {
  const url = "postgres://me:hunter2@127.0.0.1:1/mine";
  const cloud = await startLocalCloud({ ...real, DATABASE_URL: url }, new WallClock());
  assert.deepEqual(await cloud.warnings(), [
    "DATABASE_URL: Cannot reach Postgres: ECONNREFUSED",
  ]);
  await cloud.close();
});

const plans = [
  { plan: undefined, weekIsMost: false, says: [/^Upstash Redis \(embedded engine\)$/, /^QStash$/] },
  { plan: "payg", weekIsMost: false, says: [/; pay as you go\)$/, /\(pay as you go\)$/] },
  { plan: "Free", weekIsMost: true, says: [/; free plan\)$/, /\(free plan\)$/] },
];
for (const { plan, weekIsMost, says } of plans) {
  Deno.test(`with DEV_PLAN=${plan ?? ""} the local vendors keep that plan's limits`, async () => {
    const environment = { ...real, UPSTASH_REDIS_REST_URL: "", QSTASH_URL: "", DEV_PLAN: plan };
    const cloud = await startLocalCloud(environment, new WallClock());
    try {
      const shown = cloud.parts.map(({ standsInFor }) => standsInFor);
      says.forEach((pattern, at) => assert.match(shown[at], pattern));
      const { QSTASH_URL, QSTASH_TOKEN } = cloud.settings();
      const publish = await fetch(`${QSTASH_URL}/v2/publish/http://127.0.0.1:9/x`, {
        method: "POST",
        headers: { authorization: `Bearer ${QSTASH_TOKEN}`, "upstash-delay": "8d" },
      });
      assert.equal(publish.status, weekIsMost ? 412 : 200, await publish.text());
    } finally {
      await cloud.close();
    }
  });
}

Deno.test("a DEV_PLAN that there is not is refused by name", async () => {
  await assert.rejects(
    startLocalCloud({ ...real, QSTASH_URL: "", DEV_PLAN: "gold" }, new WallClock()),
    /DEV_PLAN must be free or payg, got "gold"/,
  );
});

Deno.test("the free plan's Redis ends with the month's 500,000 commands", () => {
  assert.equal(planLimits.free.monthlyCommands, 500_000);
  assert.equal("monthlyCommands" in planLimits.payg, false);
});
