/**
 * What a change of settings would lose, said before it is made.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { lossesOf, settingChecks } from "../../functions/checks/checks.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/mod.ts";
import { silentLog } from "../support/silent_log.ts";

const DATABASE_URL = "postgres://nobody@127.0.0.1:9/none";

async function createChecked(environment: Record<string, string> = {}) {
  let deps: Deps | undefined;
  const cloud = await createCloud({
    startAt: Date.parse("2026-11-21T10:00:00Z"),
    environment: {
      MAIL_FROM: "Shop <mail@shop.example>",
      SECRET_KEYS: "the first of all keys,the second of all keys",
      AUTH_SECRET: "the-secret-of-users-tokens",
      ...environment,
    },
    app: (settings) =>
      createApp(
        deps = createDeps(readConfig({ RESEND_API_KEY: "re_1", ...settings }), {
          log: silentLog,
        }),
      ),
  });
  return {
    cloud,
    deps: deps!,
    async losses(changed: Record<string, string | undefined>) {
      const next = readConfig({ RESEND_API_KEY: "re_1", ...cloud.environment, ...changed });
      return await lossesOf({ deps: deps!, next });
    },
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps!.database?.close();
    },
  };
}

const changes: [setting: string, changed: Record<string, string | undefined>, whats: RegExp[]][] = [
  ["PUBLIC_URL", { PUBLIC_URL: "https://new.example" }, [
    /^PUBLIC_URL: messages/,
    /^PUBLIC_URL: 1 schedules/,
    /^PUBLIC_URL: links/,
  ]],
  ["NAMESPACE", { NAMESPACE: "other" }, [
    /^NAMESPACE: views.* of 2026-11-21$/,
    /^NAMESPACE: what Redis remembers/,
    /^NAMESPACE: QStash's schedules/,
  ]],
  ["UPSTASH_REDIS_REST_URL", { UPSTASH_REDIS_REST_URL: "https://other.example" }, [
    /^UPSTASH_REDIS_REST_URL: views.* of 2026-11-21$/,
    /^UPSTASH_REDIS_REST_URL: what Redis remembers/,
  ]],
  ["DATABASE_URL", { DATABASE_URL: `${DATABASE_URL}2` }, [/^DATABASE_URL: another/]],
  ["DATABASE_URL, taken away", { DATABASE_URL: undefined }, [/^DATABASE_URL: it is taken away/]],
  ["QSTASH_URL", { QSTASH_URL: "https://qstash-us-east-1.upstash.io" }, [
    /^QSTASH_URL: messages/,
    /^QSTASH_URL: 1 schedules/,
  ]],
  ["QSTASH_TOKEN", { QSTASH_TOKEN: "another" }, [/^QSTASH_TOKEN: messages/, /1 schedules/]],
  ["both signing keys", {
    QSTASH_CURRENT_SIGNING_KEY: "sig_another_key_of_today",
    QSTASH_NEXT_SIGNING_KEY: "sig_another_key_to_come",
  }, [/^QSTASH_CURRENT_SIGNING_KEY/]],
  ["IDENTITY_SECRET", { IDENTITY_SECRET: "another identity secret" }, [
    /^IDENTITY_SECRET: who has seen what on 2026-11-21/,
    /^IDENTITY_SECRET: suppressions/,
  ]],
  ["AUTH_SECRET", { AUTH_SECRET: "another-secret-of-users-tokens" }, [/^AUTH_SECRET/]],
  ["SECRET_KEYS", { SECRET_KEYS: "the second of all keys" }, [/^SECRET_KEYS: 1 of/]],
  ["FEED_UNIQUES", { FEED_UNIQUES: "approximate" }, [/^FEED_UNIQUES: the views of 2026-11-21/]],
  ["RESEND_API_KEY", { RESEND_API_KEY: "re_2" }, [/^RESEND_API_KEY, RESEND_BASE_URL: mail/]],
];

for (const [setting, changed, whats] of changes) {
  Deno.test(`another ${setting}: what waits on it is named, with what becomes of it and what to do`, async () => {
    await using world = await createChecked({ DATABASE_URL });
    const { cloud, deps } = world;
    const view = { kind: "locations", id: 42, session: "session-of-a-browser" };
    await cloud.fetch("/api/metrics/views", {
      method: "POST",
      headers: { "user-agent": "Mozilla/5.0 Firefox/140.0" },
      body: JSON.stringify(view),
    });
    const fixed = { tick: { cron: "0 6 * * *", job: "debug.echo", input: { message: "up" } } };
    await deps.jobs.applySchedules(
      await deps.jobs.planSchedules({ fixed } as never, deps.config.namespace),
    );
    cloud.redis.meter.reset();
    const losses = await world.losses(changed);
    assert.equal(losses.length, whats.length, JSON.stringify(losses, null, 1));
    losses.forEach(({ what, lost, todo }, index) => {
      assert.match(what, whats[index]);
      assert.ok(lost.length > 20 && todo.length > 3, what);
    });
    assert.ok(cloud.redis.meter.snapshot().commands <= 8);
  });
}

Deno.test("settings that stay, or that nothing waits on, lose nothing", async () => {
  await using world = await createChecked({ DATABASE_URL });
  assert.deepEqual(await world.losses({}), []);
  const { QSTASH_NEXT_SIGNING_KEY: next } = world.cloud.environment;
  const changed = {
    SERVICE_TOKENS: "another-service-token",
    CORS_ORIGINS: "*",
    SECRET_KEYS: "a new key of sixteen,the first of all keys,the second of all keys",
    // As QStash rolls them.
    QSTASH_CURRENT_SIGNING_KEY: next,
    QSTASH_NEXT_SIGNING_KEY: "sig_another_key_to_come",
  };
  assert.deepEqual(await world.losses(changed), []);
  assert.equal(settingChecks.length, 10);
});

Deno.test("dead letters in Redis are named before a Postgres hides them", async () => {
  await using world = await createChecked();
  const { cloud, deps } = world;
  assert.deepEqual(await world.losses({ DATABASE_URL }), []);
  await deps.deadLetters.save({
    id: "a".repeat(32),
    job: "debug.echo",
    generation: 0,
    attempts: 1,
    error: { message: "no", status: 500 },
    envelope: "{}",
    failedAt: cloud.clock.now(),
  });
  const [loss] = await world.losses({ DATABASE_URL });
  assert.match(loss.what, /^DATABASE_URL: 1 or more dead letters in Redis/);
  const moved = await world.losses({ NAMESPACE: "other" });
  assert.ok(moved.some(({ what }) => what.includes("dead letters")));
});
