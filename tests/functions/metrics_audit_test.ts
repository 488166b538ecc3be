import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createCloud } from "../../dev/cloud.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import { addDays, createKeys, dayOf, recordUnique } from "../../shared/mod.ts";
import { startDatabase } from "../support/database.ts";
import { person } from "./feed_flush_world.ts";

Deno.test("deno task metrics:audit prints what differs, and ends with 1 where that is no delay", async () => {
  await using server = await startDatabase();
  await using cloud = await createCloud({
    app: () => ({ fetch: () => new Response() }),
    clock: "wall",
    environment: { DATABASE_URL: server.url },
  });
  const database = createPostgres({ url: server.url });
  const redis = createUpstashRedis({
    url: cloud.environment.UPSTASH_REDIS_REST_URL,
    token: cloud.environment.UPSTASH_REDIS_REST_TOKEN,
    clock: cloud.clock,
    timeoutMs: 30_000,
  });
  const today = dayOf(Date.now());
  const yesterday = addDays(today, -1);
  const listing = { kind: "events", id: "an id, with a comma" };
  for (const day of [today, yesterday]) {
    for (const by of [person(1), person(2)]) {
      await recordUnique(redis, createKeys("zeropoll"), { day, metric: "views", ...listing, by });
    }
  }
  async function audit(...args: string[]) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        fileURLToPath(import.meta.resolve("../../functions/metrics_audit.ts")),
        ...args,
      ],
      env: { ...cloud.environment, NO_COLOR: "1" },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, printed: text(stdout).trimEnd().split("\n"), said: text(stderr).trim() };
  }
  try {
    const open = await audit();
    assert.deepEqual(open.printed.map((line) => line.split(/ {3,}|(?<=\d|postgres) {2}/)), [
      ["", "metric", "redis", "postgres", "listing"],
      ["pending  views", "2", "0", "events:an id, with a comma"],
      [`${today}, not over: 1 counts compared, 1 pending, 0 drifted`],
    ]);
    assert.equal(open.code, 0, "the next flush brings it");

    const closed = await audit(yesterday);
    assert.equal(
      closed.printed.at(-1),
      `${yesterday}, over: 1 counts compared, 1 pending, 0 drifted`,
    );
    assert.equal(closed.code, 1);

    await database.query(
      "INSERT INTO feed_counts (day, kind, listing, views) VALUES ($1, 'events', $2, 3)",
      [today, listing.id],
    );
    const drifted = await audit(today);
    assert.match(drifted.printed[1], /^drift +views +2 +3 +events:an id, with a comma$/);
    assert.equal(drifted.code, 1);

    await database.query("UPDATE feed_counts SET views = 2");
    const equal = await audit(today);
    assert.deepEqual(equal.printed, [
      `${today}, not over: 1 counts compared, 0 pending, 0 drifted`,
    ]);
    assert.equal(equal.code, 0);

    assert.deepEqual(await audit("yesterday"), {
      code: 1,
      printed: [""],
      said: 'Cannot audit "yesterday": a day is written as 2026-11-21',
    });
    const old = await audit(addDays(today, -9));
    assert.match(old.said, /Redis has forgotten it/);
  } finally {
    await database.close();
  }
});
