/**
 * The ranking's order and scores, on both Postgres, against one that was computed by hand.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  decayMillionths,
  rankingDescription,
} from "../../functions/feed/ranking/ranking_formula.ts";
import { rankKind } from "../../functions/feed/ranking/ranking.ts";
import type { Sql } from "../../shared/mod.ts";
import { createRandom } from "../simulation/random.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import {
  type DayOfListing,
  decayOf,
  forgetAll,
  type KnownListing,
  NOW,
  randomListings,
  rankByHand,
  ranked,
  write,
} from "./ranked_by_hand.ts";

const SMALL_STEPS = { counts: 7, listings: 5, places: 3, removals: 11 };

Deno.test("an event's weight halves every 7 days, as the nearest whole millionth", () => {
  assert.equal(decayMillionths.length, 30);
  assert.deepEqual(decayMillionths.map(BigInt), decayMillionths.map((_, age) => decayOf(age)));
  assert.deepEqual([0, 7, 14, 21].map((age) => decayMillionths[age]), [
    1_000_000,
    500_000,
    250_000,
    125_000,
  ]);
});

/** What stands in ARCHITECTURE.md and in the endpoint's documentation. */
const example: DayOfListing[] = [
  { age: 0, id: "A", impressions: 300, views: 30, favorites: 2, bookings: 1 },
  { age: 7, id: "B", impressions: 200, views: 40 },
];

Deno.test("the worked example is in the documentation", async () => {
  const architecture = await Deno.readTextFile(
    new URL("../../ARCHITECTURE.md", import.meta.url),
  );
  for (const text of [rankingDescription, architecture.replaceAll(/\s+/g, " ")]) {
    assert.match(text, /300 impressions, 30 views, 2 favorites and 1 booking/);
    assert.match(text, /200 impressions and 40 views/);
    assert.match(text, /\(50 \+ 35\) \/ \(300 \+ 200\) = 0\.17\b/);
    assert.match(text, /\(20 \+ 35\) \/ \(100 \+ 200\) = 0\.183333333/);
  }
});

interface Case {
  name: string;
  days: DayOfListing[];
  listings?: KnownListing[];
  expected: Record<string, string[]>;
}

const cases: Case[] = [
  {
    name: "the worked example comes out as the documentation says",
    days: example,
    expected: { locations: ["B 0.183333333", "A 0.170000000"] },
  },
  {
    name: "a kind that was never shown goes by points",
    days: [
      { age: 0, id: "viewed", views: 13 },
      { age: 0, id: "booked", bookings: 1 },
      { age: 0, id: "liked", favorites: 4, views: 1 },
      { age: 7, id: "old", views: 25 },
    ],
    expected: {
      locations: [
        "liked 17.000000000",
        "viewed 13.000000000",
        "old 12.500000000",
        "booked 12.000000000",
      ],
    },
  },
  {
    name: "equal scores go by points, then by the bytes of the id",
    // Each at the mean of the kind, which damping leaves as it is.
    days: ["a", "10", "9", "B", "~", "_", "-1", ".", "<b>", "é", "a b"].map((id) => ({
      age: 0,
      id,
      impressions: 100,
      views: 10,
    })).concat({ age: 0, id: "z", impressions: 200, views: 20 }),
    expected: {
      locations: ["z", "-1", ".", "10", "9", "B", "_", "a", "~"].map((id) => `${id} 0.100000000`),
    },
  },
  {
    name: "one lucky view does not outrank a listing that has proven itself",
    days: [
      { age: 0, id: "lucky", impressions: 1, views: 1 },
      { age: 0, id: "proven", impressions: 1_000, views: 900 },
      { age: 0, id: "poor", impressions: 1_000, views: 100 },
    ],
    // The mean is 1001 / 2001.
    expected: { locations: ["proven 0.833374979", "lucky 0.502736194", "poor 0.166708313"] },
  },
  {
    name: "more views than impressions count as showings",
    days: [
      { age: 0, id: "linked", impressions: 100, views: 400 },
      { age: 0, id: "shown", impressions: 600, views: 100 },
    ],
    // The mean is 500 / 1000.
    expected: { locations: ["linked 0.833333333", "shown 0.250000000"] },
  },
  {
    name: "favorites that were taken back do not count, and never below none",
    days: [
      { age: 1, id: "kept", favorites: 2 },
      { age: 1, id: "regretted", favorites: 1 },
      { age: 0, id: "regretted", unfavorites: 1 },
      { age: 0, id: "given-up", views: 1, unfavorites: 9 },
    ],
    expected: { locations: ["kept 7.245792000", "given-up 1.000000000", "regretted 0.000000000"] },
  },
  {
    name: "the 30th day back counts no more, nor does one that has not come",
    days: [
      { age: 29, id: "last", views: 1 },
      { age: 30, id: "gone", views: 1_000 },
      { age: -1, id: "to come", views: 1_000 },
    ],
    expected: { locations: ["last 0.056608000"] },
  },
  {
    name: "a listing is in its kind and in each of its segments, a hidden one in none",
    days: [
      { age: 0, id: "both", views: 3 },
      { age: 0, id: "berlin", views: 2 },
      { age: 0, id: "unknown", views: 1 },
      { age: 0, id: "hidden", views: 9 },
    ],
    listings: [
      { id: "both", segments: ["berlin", "paris"] },
      { id: "berlin", segments: ["berlin"] },
      { id: "hidden", segments: ["berlin"], hidden: true },
      { id: "new", segments: ["paris"] },
    ],
    expected: {
      "locations": [
        "both 3.000000000",
        "berlin 2.000000000",
        "unknown 1.000000000",
        "new 0.000000000",
      ],
      "locations:berlin": ["both 3.000000000", "berlin 2.000000000"],
      "locations:paris": ["both 3.000000000", "new 0.000000000"],
    },
  },
  {
    name: "a listing that nothing was counted of begins at the mean of its kind",
    days: [{ age: 0, id: "good", impressions: 1_000, views: 500 }, {
      age: 0,
      id: "bad",
      impressions: 1_000,
    }],
    listings: [{ id: "new" }],
    expected: { locations: ["good 0.458333333", "new 0.250000000", "bad 0.041666667"] },
  },
  {
    name: "what is hidden adds nothing to the mean",
    days: [
      { age: 0, id: "seen", impressions: 100, views: 10 },
      { age: 0, id: "hidden", impressions: 100, views: 90 },
    ],
    listings: [{ id: "hidden", hidden: true }],
    expected: { locations: ["seen 0.100000000"] },
  },
  { name: "a kind without listings has an empty ranking", days: [], expected: {} },
];

for (const engine of postgresEngines()) {
  const test = (name: string, fn: (sql: Sql) => Promise<void>) =>
    engine.test(name, async () => {
      const sql = engine.database();
      await forgetAll(sql);
      await fn(sql);
    });

  for (const { name, days, listings = [], expected } of cases) {
    test(name, async (sql) => {
      await write(sql, { days, listings });
      assert.equal(await rankKind(sql, "locations", { run: "one", now: NOW }), true);
      assert.deepEqual(await ranked(sql), expected);
      assert.deepEqual(rankByHand(days, listings), expected, "the test's own computation");
    });
  }

  for (const seed of [1, 2, 3]) {
    test(`random listings rank as computed by hand, in steps of any size (seed ${seed})`, async (sql) => {
      const { days, listings } = randomListings(createRandom(seed), 60);
      await write(sql, { days, listings });
      // Other kinds are none of its business.
      await write(sql, { days, listings, kind: "services" });
      const byHand = rankByHand(days, listings);
      assert.ok(Object.keys(byHand).length === 4 && byHand.locations.length > 40);
      for (const sizes of [undefined, SMALL_STEPS]) {
        const run = `run of ${sizes?.counts}`;
        assert.equal(await rankKind(sql, "locations", { run, now: NOW, sizes }), true);
        assert.deepEqual(await ranked(sql), byHand);
      }
    });
  }

  test("numbers of any size add up exactly, and one that Postgres cannot hold is refused", async (sql) => {
    const days = [
      { age: 0, id: "large", impressions: 9_000_000_000_000, views: 3 },
      { age: 1, id: "large", impressions: 9_000_000_000_001, views: 7 },
      { age: 2, id: "small", impressions: 3, views: 1 },
    ];
    await write(sql, { days });
    await rankKind(sql, "locations", { run: "one", now: NOW });
    assert.deepEqual(await ranked(sql), rankByHand(days));
    await write(sql, { days: [{ age: 0, id: "too-large", impressions: 9_300_000_000_000 }] });
    await assert.rejects(rankKind(sql, "locations", { run: "two", now: NOW }), {
      sqlState: "22003",
    });
    assert.deepEqual(await ranked(sql), rankByHand(days), "the last one stays");
  });

  test("100,000 listing-days of 10,000 listings are ranked, in one step for each stage", async (sql) => {
    const days: DayOfListing[] = [];
    for (let number = 0; number < 10_000; number++) {
      for (let age = 0; age < 10; age++) {
        const id = `${number}`;
        days.push({
          age: age * 3,
          id,
          views: number % 97,
          impressions: (number * 31 + age) % 3_001,
        });
      }
    }
    const listings = Array.from({ length: 10_000 }, (_, number) => ({
      id: `${number}`,
      segments: [`city-${number % 50}`],
    }));
    for (let from = 0; from < days.length; from += 20_000) {
      await write(sql, { days: days.slice(from, from + 20_000) });
    }
    await write(sql, { listings });
    let transactions = 0;
    const counted: Sql = {
      query: (text, params) => sql.query(text, params),
      transaction: (work) => {
        transactions++;
        return sql.transaction(work);
      },
    };
    await rankKind(counted, "locations", { run: "one", now: NOW });
    assert.equal(transactions, 6, "four stages, a look for a fifth, and one for what is old");
    assert.equal((await ranked(sql))["locations:city-7"].length, 200);
    assert.equal((await ranked(sql)).locations.length, 10_000);
  });
}
