/**
 * How long a ranking takes, step by step, and a page of it, on PGlite and on a real Postgres.
 *
 * `deno run -A --unstable-net bench/feed_ranking.ts [listing-days, default 1000000] [listings, default 100000] [engine]`
 *
 * Each listing is in two segments besides its kind. A statement may take 20 s, a delivery of the
 * job starts no step after 35 s; the longest transaction and the total are what to hold against it.
 *
 * @module
 */
import { createPostgresServer } from "../dev/postgres/server.ts";
import { readFeedPage } from "../functions/feed/reading/feed_pages.ts";
import { readCounts } from "../functions/feed/reading/counts.ts";
import { rankKind } from "../functions/feed/ranking/ranking.ts";
import { createPostgres } from "../shared/adapters/postgres.ts";
import { migrate } from "../shared/migrations/migrate.ts";
import { dayOf, type Sql } from "../shared/mod.ts";
import { startPostgres } from "../tests/support/postgres_server.ts";

const days = 30;
const listingDays = Number(Deno.args[0] ?? 1_000_000);
const listings = Number(Deno.args[1] ?? 100_000);
const each = listingDays / listings;
if (!(each > 0 && each <= days)) {
  throw new RangeError(`Cannot measure: a listing has at most ${days} days, got ${each}`);
}
const now = Date.UTC(2026, 10, 21, 12);

for (
  const [name, start] of [["Postgres", startPostgres], ["PGlite", createPostgresServer]] as const
) {
  if (Deno.args[2] !== undefined && Deno.args[2] !== name) continue;
  const server = await start();
  const sql = createPostgres({ url: server.url });
  try {
    await migrate(sql);
    await fill(sql);
    console.log(`\n${name}: ${listingDays} listing-days of ${listings} listings`);
    const first = await rank(sql, "first");
    for (let run = 2; run <= 3; run++) await rank(sql, `${run}`);
    const fourth = await rank(sql, "fourth");
    console.table([{ run: "first", ...first }, { run: "fourth, removes the first", ...fourth }]);
    console.table([
      await time("a page of 20 at the top", sql, 0),
      await time("a page of 20 at 50,000", sql, 50_000),
      await timeCounts(sql),
    ]);
  } finally {
    await sql.close();
    await server.close();
  }
}

async function fill(sql: Sql) {
  for (let age = 0; age < days; age++) {
    await sql.query(
      `INSERT INTO feed_counts (day, kind, listing, views, bookings, impressions, favorites)
       SELECT $1::date - $2::int, 'locations', 'listing-' || number,
         (number * 7919::bigint + $2::int * 104729) % 100, (number + $2::int) % 3,
         (number * 15485863::bigint + $2::int * 32452843) % 3000, (number * $2::int) % 4
       FROM generate_series(1, $3::int) AS numbers (number)
       WHERE (number + $2::int) % ${days} < $4::int`,
      [dayOf(now), age, listings, Math.ceil(each)],
    );
  }
  const parts = 20;
  for (let part = 0; part < parts; part++) {
    await sql.query(
      `INSERT INTO listings (kind, id, segments)
       SELECT 'locations', 'listing-' || number, ARRAY['city-' || number % 200, 'type-' || number % 7]
       FROM generate_series(1, $1::int) AS numbers (number) WHERE number % $2::int = $3::int`,
      [listings, parts, part],
    );
  }
  const [{ rows }] = await sql.query<{ rows: string }>("SELECT count(*) AS rows FROM feed_counts");
  console.log(`filled: ${rows} rows`);
}

async function rank(sql: Sql, run: string) {
  const transactionsMs: number[] = [];
  const timed: Sql = {
    query: (text, params) => sql.query(text, params),
    async transaction(work) {
      const startedAt = performance.now();
      const result = await sql.transaction(work);
      transactionsMs.push(performance.now() - startedAt);
      return result;
    },
  };
  const startedAt = performance.now();
  await rankKind(timed, "locations", { run, now });
  return {
    "total ms": Math.round(performance.now() - startedAt),
    transactions: transactionsMs.length,
    "longest ms": Math.round(Math.max(...transactionsMs)),
  };
}

async function time(what: string, sql: Sql, after: number) {
  const { cursor } = await readFeedPage(sql, { kind: "locations", segment: "locations", limit: 1 });
  const ranking = cursor!.ranking;
  return await measured(what, () =>
    readFeedPage(sql, {
      kind: "locations",
      segment: "locations",
      limit: 20,
      after: { ranking, position: after },
    }));
}

async function timeCounts(sql: Sql) {
  const ids = Array.from({ length: 100 }, (_, index) => `listing-${index * 31 + 1}`);
  return await measured("counts of 100 listings", () => readCounts(sql, "locations", ids, now));
}

async function measured(what: string, work: () => Promise<unknown>) {
  const times: number[] = [];
  for (let run = 0; run < 100; run++) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  times.sort((one, other) => one - other);
  return { what, "p50 ms": times[50].toFixed(2), "p99 ms": times[98].toFixed(2) };
}
