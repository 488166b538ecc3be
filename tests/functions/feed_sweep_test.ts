import assert from "node:assert/strict";
import { closeDay } from "../../functions/feed/flush/close.ts";
import { sweep } from "../../functions/feed/flush/sweep.ts";
import type { Redis, Sql } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { emptyFeed, partsOf, People, person, startRedis } from "./feed_flush_world.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const DAY_MS = 86_400_000;

async function keptFavorites(sql: Sql) {
  const rows = await sql.query<{ person: string }>(
    "SELECT person FROM feed_favorites ORDER BY person",
  );
  return rows.map(({ person }) => person);
}

for (const postgres of postgresEngines()) {
  const test = (what: string, fn: (sql: Sql) => Promise<void>) =>
    postgres.test(what, async () => {
      const sql = postgres.database();
      await emptyFeed(sql);
      await fn(sql);
    });

  test("a favorite is never swept; one that was taken back, once no late word can be older", async (sql) => {
    for (
      const [person, favorited, days] of [
        ["kept for ever", true, 400],
        ["taken back long ago", false, 9.1],
        ["taken back, a late word may come", false, 8.9],
      ] as const
    ) {
      await sql.query(
        `INSERT INTO feed_favorites (kind, listing, person, favorited, changed_at)
         VALUES ('locations', '1', $1, $2, $3)`,
        [person, favorited, NOW - Math.round(days * DAY_MS)],
      );
    }
    await sweep(sql, NOW);
    assert.deepEqual(await keptFavorites(sql), [
      "kept for ever",
      "taken back, a late word may come",
    ]);
  });

  test("a batch is forgotten once no event of its day is taken any more", async (sql) => {
    await sql.query(
      "INSERT INTO feed_batches (batch, day) VALUES ('old', '2026-11-11'), ('late', '2026-11-12')",
    );
    await sweep(sql, NOW);
    assert.deepEqual(await sql.query("SELECT batch FROM feed_batches"), [{ batch: "late" }]);
  });

  test("what comes between a closing's flush and its audit leaves the day unproven", async (sql) => {
    await using server = await startRedis();
    const day = "2026-11-20";
    const parts = partsOf(server.redis, sql, "between", NOW);
    const people = new People(parts, day);
    await people.view("locations", "1", person(1));
    let reads = 0;
    const redis: Redis = {
      ...server.redis,
      pipeline: async (commands, options) => {
        await count(commands.map(([name]) => name));
        return await server.redis.pipeline(commands, options);
      },
      run: async (command, options) => {
        await count([command[0]]);
        return await server.redis.run(command, options);
      },
    };
    // The flush reads eight sets; the ninth reading is the audit's.
    async function count(names: readonly string[]) {
      reads += names.filter((name) => name === "SMEMBERS").length;
      if (reads === 9) await people.view("locations", "1", person(2));
    }
    const input = { day, uniques: "exact" as const, isRepeat: false };
    const first = await closeDay({ ...parts, redis }, input, { run: "first" });
    assert.deepEqual([first.isProven, first.because], [
      false,
      "1 counts are pending, 0 have drifted",
    ]);
    assert.equal((await closeDay(parts, input, { run: "second" })).isProven, true);
  });
}
