/**
 * Rankings that are repeated, cut short anywhere, made twice at once, and read meanwhile.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFeedPage } from "../../functions/feed/reading/feed_pages.ts";
import { rankKind } from "../../functions/feed/ranking/ranking.ts";
import { beginRanking, takeStep } from "../../functions/feed/ranking/ranking_steps.ts";
import type { Sql } from "../../shared/mod.ts";
import { createRandom } from "../simulation/random.ts";
import { postgresEngines, type TestPostgres } from "../support/postgres_engines.ts";
import {
  forgetAll,
  NOW,
  randomListings,
  rankByHand,
  ranked,
  TODAY,
  write,
} from "./ranked_by_hand.ts";

const SMALL_STEPS = { counts: 100, listings: 20, places: 15, removals: 30 };

/** Counts statements, and dies instead of sending the one after `allowed`, or after it was applied. */
function dyingAfter(sql: Sql, allowed: number, { isApplied }: { isApplied: boolean }) {
  const state = { sent: 0, died: false };
  const die = () => {
    state.died = true;
    throw new Error("killed");
  };
  const over = (inner: Sql): Sql => ({
    async query(text, params) {
      if (state.sent++ === allowed && !isApplied) die();
      const rows = await inner.query(text, params);
      if (state.sent > allowed && isApplied) die();
      return rows as never;
    },
    async transaction(work) {
      const result = await inner.transaction((sql) => work(over(sql)));
      if (state.sent > allowed) die();
      return result;
    },
  });
  return { sql: over(sql), state };
}

async function rankings(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ job: string; complete: boolean }>(
    "SELECT job, complete FROM feed_rankings WHERE kind = 'locations' ORDER BY id",
  );
  return rows.map(({ job, complete }) => complete ? job : `${job} unfinished`);
}

async function rowsLeft(sql: Sql): Promise<{ scores: number; rankings: number[] }> {
  const [{ scores }] = await sql.query<{ scores: number }>(
    "SELECT count(*)::int AS scores FROM feed_scores",
  );
  const ranks = await sql.query<{ ranking: string }>(
    "SELECT DISTINCT ranking FROM feed_ranks ORDER BY ranking",
  );
  return { scores, rankings: ranks.map(({ ranking }) => Number(ranking)) };
}

for (const engine of postgresEngines()) {
  const test = (name: string, fn: (sql: Sql, engine: TestPostgres) => Promise<void>) =>
    engine.test(name, async () => {
      const sql = engine.database();
      await forgetAll(sql);
      await fn(sql, engine);
    });

  test("a run that comes again changes nothing", async (sql) => {
    const { days, listings } = randomListings(createRandom(4), 20);
    await write(sql, { days, listings });
    await rankKind(sql, "locations", { run: "one", now: NOW });
    const before = await ranked(sql);
    await sql.query("UPDATE feed_counts SET views = views + 100");
    assert.equal(await rankKind(sql, "locations", { run: "one", now: NOW + 60_000 }), true);
    assert.deepEqual(await ranked(sql), before);
    assert.deepEqual(await rankings(sql), ["one"]);
  });

  for (const isApplied of [false, true]) {
    const where = isApplied ? "after any statement" : "before any statement";
    test(`a run that is killed ${where} is finished by its next delivery`, async (sql) => {
      const { days, listings } = randomListings(createRandom(5), 30);
      await write(sql, { days, listings });
      const byHand = rankByHand(days, listings);
      let kills = 0;
      for (;;) {
        const { sql: dying, state } = dyingAfter(sql, kills, { isApplied });
        const options = { run: `run ${kills}`, now: NOW, sizes: SMALL_STEPS };
        const seen = await ranked(sql);
        const attempt = rankKind(dying, "locations", options);
        if (await attempt.then(() => true, () => false)) break;
        assert.ok(state.died);
        // What is read is the ranking before it, or the whole of this one.
        const after = await ranked(sql);
        assert.ok([seen, byHand].some((expected) => same(after, expected)));
        await rankKind(sql, "locations", options);
        assert.deepEqual(await ranked(sql), byHand);
        kills++;
      }
      assert.ok(kills > 30, `${kills} places to die at`);
      assert.equal((await rankings(sql)).length, 3);
      assert.deepEqual((await rowsLeft(sql)).scores, 0);
    });
  }

  test("one that never came back is removed by those after it", async (sql) => {
    const { days, listings } = randomListings(createRandom(6), 30);
    await write(sql, { days, listings });
    const options = { now: NOW, sizes: SMALL_STEPS };
    // Some listings have their place, some have not.
    const isPlacing = async () => {
      const { scores, rankings } = await rowsLeft(sql);
      return scores > 0 && rankings.length > 0;
    };
    while (!await isPlacing()) {
      await rankKind(sql, "locations", { ...options, run: "lost", mayGoOn: () => false });
    }
    assert.deepEqual(await rankings(sql), ["lost unfinished"]);
    assert.deepEqual(await ranked(sql), {}, "half of a ranking is nothing to read");
    await rankKind(sql, "locations", { ...options, run: "next" });
    assert.deepEqual(await rankings(sql), ["next"]);
    // Come back after all, it is a run like any other.
    await rankKind(sql, "locations", { ...options, run: "lost" });
    assert.deepEqual(await rankings(sql), ["next", "lost"]);
    assert.deepEqual(await ranked(sql), rankByHand(days, listings));
  });

  test("a run that was overtaken stops, and does not take the newer one's place", async (sql) => {
    const { days, listings } = randomListings(createRandom(7), 30);
    await write(sql, { days, listings });
    const begin = (run: string) => beginRanking(sql, "locations", { run, now: NOW, day: TODAY });
    const [slow, fast] = [await begin("slow"), await begin("fast")];
    await takeStep(sql, slow, SMALL_STEPS);
    while (await takeStep(sql, fast, SMALL_STEPS));
    assert.deepEqual(await rankings(sql), ["slow unfinished", "fast"]);
    await sql.query("DELETE FROM feed_counts");
    assert.equal(await takeStep(sql, slow, SMALL_STEPS), false);
    assert.equal(await rankKind(sql, "locations", { run: "slow", now: NOW }), true);
    assert.deepEqual(await rankings(sql), ["fast"]);
    assert.deepEqual(await ranked(sql), rankByHand(days, listings));
  });

  test("three rankings are kept, older ones leave no row", async (sql) => {
    const { days, listings } = randomListings(createRandom(8), 30);
    await write(sql, { days, listings });
    await write(sql, { days, listings, kind: "events" });
    await rankKind(sql, "events", { run: "other kind", now: NOW });
    for (let run = 0; run < 6; run++) {
      await rankKind(sql, "locations", { run: `${run}`, now: NOW, sizes: SMALL_STEPS });
    }
    assert.deepEqual(await rankings(sql), ["3", "4", "5"]);
    const left = await rowsLeft(sql);
    assert.equal(left.scores, 0);
    assert.equal(left.rankings.length, 4);
    assert.deepEqual(await ranked(sql, "events"), rankByHand(days, listings, "events"));
  });

  test("a listing that was removed is forgotten 30 days later, unless it is still counted", async (sql) => {
    const old = new Date(NOW - 40 * 86_400_000).toISOString();
    const recent = new Date(NOW - 5 * 86_400_000).toISOString();
    await write(sql, {
      listings: ["gone", "seen", "fresh", "stays"].map((id) => ({ id, hidden: id !== "stays" })),
      days: [{ age: 3, id: "seen", views: 1 }, { age: 31, id: "gone", views: 1 }],
    });
    await sql.query("UPDATE listings SET removed_at = $1 WHERE id IN ('gone', 'seen')", [old]);
    await sql.query("UPDATE listings SET removed_at = $1 WHERE id = 'fresh'", [recent]);
    await rankKind(sql, "locations", { run: "one", now: NOW });
    const rows = await sql.query<{ id: string }>("SELECT id FROM listings ORDER BY id");
    assert.deepEqual(rows.map(({ id }) => id), ["fresh", "seen", "stays"]);
    assert.deepEqual(await ranked(sql), { locations: ["stays 0.000000000"] });
  });

  test("runs at once, equal and different ones, end in one right ranking", async (sql, engine) => {
    const { days, listings } = randomListings(createRandom(9), 60);
    await write(sql, { days, listings });
    const options = { now: NOW, sizes: SMALL_STEPS };
    for (let round = 0; round < (engine.isReal ? 5 : 1); round++) {
      const runs = ["a", "a", "a", "b", "b", "c"].map((run) =>
        rankKind(engine.isReal ? engine.database() : sql, "locations", {
          ...options,
          run: `${round} ${run}`,
        })
      );
      assert.deepEqual(await Promise.all(runs), runs.map(() => true));
      assert.deepEqual(await ranked(sql), rankByHand(days, listings));
      assert.equal((await rowsLeft(sql)).scores, 0);
    }
  });

  test("readers see one whole ranking while newer ones take its place", async (sql, engine) => {
    const reader = engine.isReal ? engine.database() : sql;
    const ids = Array.from({ length: 40 }, (_, index) => `${index}`);
    await write(sql, { listings: ids.map((id) => ({ id, segments: ["berlin"] })) });
    const orders = [ids, ids.toReversed()];
    let isOver = false;
    const seen = new Set<string>();
    const read = async () => {
      while (!isOver) {
        const page = await readFeedPage(reader, {
          kind: "locations",
          segment: "locations:berlin",
          limit: 100,
        });
        if (page.rankedAt === null) continue;
        const order = page.listings.map(({ id }) => id);
        assert.deepEqual(page.listings.map(({ position }) => position), ids.map((id) => +id + 1));
        const expected = orders.findIndex((one) => same(one, order));
        assert.ok(expected >= 0, `a mixture: ${order}`);
        assert.equal(new Date(page.rankedAt).getTime() % 2, expected, "its own time");
        seen.add(page.rankedAt);
      }
    };
    const reading = [read(), read()];
    for (let run = 0; run < 12; run++) {
      await sql.query("DELETE FROM feed_counts");
      await write(sql, {
        days: orders[run % 2].map((id, index) => ({ age: 0, id, views: 1_000 - index })),
      });
      await rankKind(sql, "locations", {
        run: `${run}`,
        now: NOW - NOW % 2 + run,
        sizes: SMALL_STEPS,
      });
    }
    isOver = true;
    await Promise.all(reading);
    assert.ok(seen.size > 2, `${seen.size} rankings were read`);
  });

  test("a cursor stays in its ranking while newer ones appear, until that one is gone", async (sql) => {
    const ids = Array.from({ length: 7 }, (_, index) => `${index}`);
    const rank = async (run: number, order: string[]) => {
      await sql.query("DELETE FROM feed_counts");
      await write(sql, { days: order.map((id, index) => ({ age: 0, id, views: 100 - index })) });
      await rankKind(sql, "locations", { run: `${run}`, now: NOW, sizes: SMALL_STEPS });
    };
    await rank(0, ids);
    const request = { kind: "locations", segment: "locations", limit: 3 } as const;
    const first = await readFeedPage(sql, request);
    await rank(1, ids.toReversed());
    const second = await readFeedPage(sql, { ...request, after: first.cursor! });
    await rank(2, ids.toReversed());
    const third = await readFeedPage(sql, { ...request, after: second!.cursor! });
    assert.deepEqual(
      [first, second!, third!].flatMap(({ listings }) => listings.map(({ id }) => id)),
      ids,
    );
    assert.equal(third!.cursor, undefined, "the last page");
    assert.equal((await readFeedPage(sql, request)).listings[0].id, "6");
    await rank(3, ids);
    assert.equal(await readFeedPage(sql, { ...request, after: first.cursor! }), undefined);
  });
}

function same(one: unknown, other: unknown): boolean {
  try {
    assert.deepEqual(one, other);
    return true;
  } catch {
    return false; // A difference is what was asked for.
  }
}
