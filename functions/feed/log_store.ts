/**
 * Entries of the day's stream into Postgres: their counts and the position past them together.
 *
 * @module
 */
import {
  type Day,
  type FavoriteEntry,
  type ImpressionsEntry,
  type LoggedEntry,
  type Sql,
} from "../../shared/mod.ts";
import { applyFavorites, type FavoriteWord } from "./favorite_store.ts";

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
    await addImpressions(sql, day, batchesOf(entries));
    await applyFavorites(sql, day, wordsOf(entries));
    await sql.query("UPDATE feed_days SET log_position = $2 WHERE day = $1::date", [
      day,
      entries.at(-1)!.id,
    ]);
    return true;
  });
}

type Counts = ImpressionsEntry["counts"];

/** The first of each batch. */
function batchesOf(entries: readonly LoggedEntry[]): Map<string, Counts> {
  const batches = new Map<string, Counts>();
  for (const { entry } of entries) {
    if (entry?.type === "impressions" && !batches.has(entry.batch)) {
      batches.set(entry.batch, entry.counts);
    }
  }
  return batches;
}

/** What people said of listings, with when: the stream's own time, unless the entry came late. */
export function wordsOf(entries: readonly LoggedEntry[]): FavoriteWord[] {
  return entries
    .filter((logged): logged is { id: string; entry: FavoriteEntry } =>
      logged.entry?.type === "favorite"
    )
    .map(({ id, entry: { kind, id: listing, by, favorited, at } }) => ({
      kind,
      listing,
      person: by,
      favorited,
      at: at ?? Number(id.split("-")[0]),
    }));
}

/** Adds the impressions of batches that were never added before. */
async function addImpressions(sql: Sql, day: Day, batches: ReadonlyMap<string, Counts>) {
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
  if (sums.size === 0) return;
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
