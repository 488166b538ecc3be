/**
 * Favorites by the last word, and counts at their limits, on both Postgres.
 *
 * @module
 */
import assert from "node:assert/strict";
import { newCursor } from "../../functions/feed/flush/flush_cursor.ts";
import { beginFlush, writeFlush } from "../../functions/feed/flush/flush_store.ts";
import { applyLog } from "../../functions/feed/flush/log_store.ts";
import { addCounts, Additions, raiseCounts } from "../../functions/feed/flush/store.ts";
import { LOG_START, type LoggedEntry, PostgresQueryError, type Sql } from "../../shared/mod.ts";
import { chance } from "./feed_mortal.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { type Counted, emptyFeed, person, readCounted } from "./feed_flush_world.ts";

const DAY = "2026-11-20";
const NOON = Date.parse(`${DAY}T12:00:00Z`);

interface Said {
  /** After noon, in ms; the stream's own time unless `late`. */
  at: number;
  favorited: boolean;
  by?: string;
  late?: boolean;
}

let entryNumber = 0;
function entryOf({ at, favorited, by = "anna", late = false }: Said, id = "1"): LoggedEntry {
  const entry = { type: "favorite" as const, kind: "events", id, by: person(by), favorited };
  // A late entry's place in the stream says nothing about its time.
  return late
    ? { id: `${NOON + 9_000_000}-${entryNumber++}`, entry: { ...entry, at: NOON + at } }
    : { id: `${NOON + at}-${entryNumber++}`, entry };
}

/** Applies the entries in pages of this many. */
async function apply(sql: Sql, day: string, entries: LoggedEntry[], pageEntries = 100) {
  const [row] = await sql.query<{ log_position: string }>(
    "SELECT log_position FROM feed_days WHERE day = $1::date",
    [day],
  );
  let after = row?.log_position ?? LOG_START;
  for (let start = 0; start < entries.length; start += pageEntries) {
    const page = entries.slice(start, start + pageEntries);
    assert.equal(await applyLog(sql, { day, run: "test", after, entries: page }), true);
    after = page.at(-1)!.id;
  }
}

const cases: { name: string; said: Said[]; counted: Counted[string] }[] = [
  { name: "a favorite counts", said: [{ at: 1, favorited: true }], counted: { favorites: 1 } },
  {
    name: "said twice, it counts once",
    said: [{ at: 1, favorited: true }, { at: 2, favorited: true }],
    counted: { favorites: 1 },
  },
  {
    name: "taken back and said again, each change counts",
    said: [{ at: 1, favorited: true }, { at: 2, favorited: false }, { at: 3, favorited: true }],
    counted: { favorites: 2, unfavorites: 1 },
  },
  {
    name: "an undo of what never was is no change",
    said: [{ at: 1, favorited: false }],
    counted: {},
  },
  {
    name: "of one moment, the later in the stream is the last word",
    said: [{ at: 5, favorited: true }, { at: 5, favorited: false }],
    counted: { favorites: 1, unfavorites: 1 },
  },
  {
    name: "a late word that is older than the last one is ignored",
    said: [{ at: 5, favorited: true }, { at: 3, favorited: false, late: true }],
    counted: { favorites: 1 },
  },
  {
    name: "a late word that is newer is the last one",
    said: [{ at: 5, favorited: true }, { at: 7, favorited: false, late: true }],
    counted: { favorites: 1, unfavorites: 1 },
  },
  {
    name: "a late favorite that is older than its undo is ignored",
    said: [{ at: 5, favorited: false }, { at: 3, favorited: true, late: true }],
    counted: {},
  },
  {
    name: "two people's words are two",
    said: [{ at: 1, favorited: true }, { at: 1, favorited: true, by: "ben" }],
    counted: { favorites: 2 },
  },
];

for (const postgres of postgresEngines()) {
  const test = (what: string, fn: (sql: Sql) => Promise<void>) =>
    postgres.test(what, async () => {
      const sql = postgres.database();
      await emptyFeed(sql);
      await fn(sql);
    });

  for (const { name, said, counted } of cases) {
    for (const pageEntries of [100, 1]) {
      const pages = pageEntries === 1 ? "in pages of one" : "in one page";
      test(`${name}, ${pages}`, async (sql) => {
        await apply(sql, DAY, said.map((word) => entryOf(word)), pageEntries);
        const expected = Object.keys(counted).length === 0 ? {} : { "events:1": counted };
        assert.deepEqual(await readCounted(sql, DAY), expected);
      });
    }
  }

  test("an undo counts on the day on which it was said", async (sql) => {
    await apply(sql, DAY, [entryOf({ at: 0, favorited: true })]);
    await apply(sql, "2026-11-27", [entryOf({ at: 7 * 86_400_000, favorited: false })]);
    assert.deepEqual(await readCounted(sql, DAY), { "events:1": { favorites: 1 } });
    assert.deepEqual(await readCounted(sql, "2026-11-27"), { "events:1": { unfavorites: 1 } });
  });

  test("a thousand words of few people count the same, however the stream is cut into pages", async (sql) => {
    const random = chance(3);
    const said = Array.from({ length: 1_000 }, (_, at): [Said, string] => [{
      at: random() < 0.2 ? Math.floor(random() * at) : at,
      late: random() < 0.2,
      favorited: random() < 0.5,
      by: `p${Math.floor(random() * 6)}`,
    }, String(Math.floor(random() * 5))]);
    const entries = said.map(([word, id]) => entryOf(word, id));
    const expected = lastWords(entries);
    for (const pageEntries of [1_000, 97, 7]) {
      await emptyFeed(sql);
      await apply(sql, DAY, entries, pageEntries);
      assert.deepEqual(await readCounted(sql, DAY), expected);
    }
    const [{ people, sum }] = await sql.query<{ people: number; sum: number }>(
      `SELECT (SELECT count(*)::int FROM feed_favorites WHERE favorited) AS people,
         (SELECT sum(favorites - unfavorites)::int FROM feed_counts) AS sum`,
    );
    assert.equal(people, sum);
  });

  test("flushes of two days that meet one person's words wait for each other", async (sql) => {
    const days = ["2026-11-18", "2026-11-19"];
    await Promise.all(
      days.map((day, index) =>
        apply(
          sql,
          day,
          Array.from(
            { length: 50 },
            (_, n) => entryOf({ at: n, favorited: true, by: `p${n}` }, String(index && 49 - n)),
          ),
          10,
        )
      ),
    );
    const sums = await Promise.all(days.map((day) => readCounted(sql, day)));
    const favorites = sums.flatMap((day) => Object.values(day)).reduce(
      (sum, counts) => sum + (counts.favorites ?? 0),
      0,
    );
    const [{ people }] = await sql.query<{ people: number }>(
      "SELECT count(*)::int AS people FROM feed_favorites WHERE favorited",
    );
    assert.equal(favorites, people);
  });

  test("a flush of another day waits until a person's word is committed", async (sql) => {
    if (!postgres.isReal) return;
    const word = (day: string, sql: Sql) =>
      applyLog(sql, {
        day,
        run: "test",
        after: LOG_START,
        entries: [entryOf({ at: 1, favorited: true })],
      });
    let other: Promise<boolean> | undefined;
    const holding: Sql = {
      ...sql,
      transaction: (work) =>
        sql.transaction(async (inner) => {
          const value = await work(inner);
          other = word("2026-11-21", sql);
          for (let waiting = 0; waiting === 0;) {
            [{ waiting }] = await sql.query<{ waiting: number }>(
              "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
            );
          }
          return value;
        }),
    };
    await word(DAY, holding);
    await other;
    assert.deepEqual(await readCounted(sql, DAY), { "events:1": { favorites: 1 } });
    assert.deepEqual(await readCounted(sql, "2026-11-21"), {});
  });

  test("a delivery that was overtaken does not write over what came after it", async (sql) => {
    await beginFlush(sql, { day: DAY, run: "run", now: NOON });
    const written = { day: DAY, fresh: [], drift: 0 };
    const cursor = { ...newCursor("run"), slices: 2, views: 7 };
    await writeFlush(sql, { ...written, cursor, endedAt: NOON + 5 });
    await writeFlush(sql, { ...written, cursor: { ...cursor, slices: 1, views: 3 } });
    const rows = await sql.query(
      "SELECT slices, members::int, ended_at IS NOT NULL AS ended FROM feed_flushes",
    );
    assert.deepEqual(rows, [{ slices: 2, members: 7, ended: true }]);
  });

  test("a stream that two flushes add at once is added once, and none waits for ever", async (sql) => {
    const entries = Array.from({ length: 40 }, (_, n): LoggedEntry => ({
      id: `${NOON}-${n}`,
      entry: { type: "impressions", batch: `b${n}`, counts: [["events", String(n % 7), 1]] },
    }));
    const change = { day: DAY, run: "test", after: LOG_START, entries };
    const raised = Array.from({ length: 7 }, (_, id) => ({
      kind: "events",
      id: String(6 - id),
      views: 2,
      bookings: 0,
    }));
    const added = await Promise.all([
      applyLog(sql, change),
      raiseCounts(sql, DAY, raised),
      applyLog(sql, change),
      raiseCounts(sql, DAY, raised),
    ]);
    assert.deepEqual([added[0], added[2]].sort(), [false, true]);
    const counted = await readCounted(sql, DAY);
    assert.equal(
      Object.values(counted).reduce((sum, { impressions = 0 }) => sum + impressions, 0),
      40,
    );
    assert.deepEqual(Object.values(counted).map(({ views }) => views), new Array(7).fill(2));
  });

  test("a count that a bigint cannot hold is refused, and nothing of its page is added", async (sql) => {
    await sql.query(
      `INSERT INTO feed_counts (day, kind, listing, impressions)
       VALUES ($1, 'events', '1', 9223372036854775807)`,
      [DAY],
    );
    const entries: LoggedEntry[] = [
      { id: `${NOON}-0`, entry: { type: "impressions", batch: "b", counts: [["events", "2", 1]] } },
      { id: `${NOON}-1`, entry: { type: "impressions", batch: "c", counts: [["events", "1", 1]] } },
    ];
    await assert.rejects(
      applyLog(sql, { day: DAY, run: "test", after: LOG_START, entries }),
      (error) => error instanceof PostgresQueryError && error.sqlState === "22003",
    );
    const rows = await sql.query("SELECT listing FROM feed_counts");
    assert.deepEqual(rows, [{ listing: "1" }]);
    assert.deepEqual(await sql.query("SELECT * FROM feed_batches"), []);
  });

  test("counts are only ever raised", async (sql) => {
    const listing = { kind: "events", id: "1" };
    await raiseCounts(sql, DAY, [{ ...listing, views: 5, bookings: 1 }]);
    await raiseCounts(sql, DAY, [{ ...listing, views: 3, bookings: 2 }]);
    assert.deepEqual(await readCounted(sql, DAY), { "events:1": { views: 5, bookings: 2 } });
    await addCounts(sql, DAY, [{ ...listing, impressions: 4, favorites: 0, unfavorites: 0 }]);
    assert.deepEqual(await readCounted(sql, DAY), {
      "events:1": { views: 5, bookings: 2, impressions: 4 },
    });
  });
}

Deno.test("a page's sum that a number cannot hold exactly is refused", () => {
  const additions = new Additions();
  const listing = { kind: "events", id: "1" };
  additions.add(listing, "impressions", Number.MAX_SAFE_INTEGER);
  assert.throws(() => additions.add(listing, "impressions", 1), RangeError);
});

/** The same by hand: word after word, in the stream's order. */
function lastWords(entries: LoggedEntry[]): Counted {
  const states = new Map<string, { favorited: boolean; at: number }>();
  const counted: Counted = {};
  for (const { id, entry } of entries) {
    if (entry?.type !== "favorite") continue;
    const at = entry.at ?? Number(id.split("-")[0]);
    const key = `${entry.id} ${entry.by}`;
    const state = states.get(key) ?? { favorited: false, at: 0 };
    if (at < state.at) continue;
    if (entry.favorited !== state.favorited) {
      const counts = counted[`events:${entry.id}`] ??= {};
      const metric = entry.favorited ? "favorites" : "unfavorites";
      counts[metric] = (counts[metric] ?? 0) + 1;
    }
    states.set(key, { favorited: entry.favorited, at });
  }
  return counted;
}
