/**
 * Entries of the day's stream into Postgres: their counts and the position past them together.
 *
 * @module
 */
import type { Day, ImpressionsEntry, LoggedEntry, Sql } from "../../../shared/mod.ts";
import { applyFavorites, type FavoriteWord } from "./favorite_store.ts";
import { addCounts, Additions } from "./store.ts";

export interface LogChange {
  day: Day;
  /** The flush that adds them. */
  run: string;
  /** The position that they follow. */
  after: string;
  entries: readonly LoggedEntry[];
}

/**
 * Adds the entries and moves the position past them, in one transaction. Resolves to false, with
 * nothing added, when the position is no longer `after`: another flush was here.
 */
export async function applyLog(sql: Sql, change: LogChange): Promise<boolean> {
  const { day, run, after, entries } = change;
  return await sql.transaction(async (sql) => {
    const [{ log_position }] = await sql.query<{ log_position: string }>(
      `INSERT INTO feed_days (day) VALUES ($1::date)
       ON CONFLICT (day) DO UPDATE SET day = EXCLUDED.day RETURNING log_position`,
      [day],
    );
    if (log_position !== after) return false;
    const additions = new Additions();
    await addImpressions(sql, day, batchesOf(entries), additions);
    await applyFavorites(sql, wordsOf(entries), additions);
    await addCounts(sql, day, additions.counts);
    const skipped = entries.filter(({ entry }) => entry === undefined).length;
    await sql.query(
      `WITH moved AS (UPDATE feed_days SET log_position = $2 WHERE day = $1::date)
       UPDATE feed_flushes SET entries = entries + $4::bigint,
         skipped_entries = skipped_entries + $5::bigint
       WHERE job = $3`,
      [day, entries.at(-1)!.id, run, entries.length - skipped, skipped],
    );
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
  return entries.flatMap(({ id, entry }) => {
    if (entry?.type !== "favorite") return [];
    const { kind, by: person, favorited, at = Number(id.split("-")[0]) } = entry;
    return [{ kind, id: entry.id, person, favorited, at }];
  });
}

/** The impressions of batches that were never added before, on any day. */
async function addImpressions(
  sql: Sql,
  day: Day,
  batches: ReadonlyMap<string, Counts>,
  additions: Additions,
) {
  if (batches.size === 0) return;
  const fresh = await sql.query<{ batch: string }>(
    `INSERT INTO feed_batches (batch, day)
     SELECT batch, $1::date FROM jsonb_array_elements_text($2::text::jsonb) AS given (batch)
     ORDER BY batch COLLATE "C"
     ON CONFLICT DO NOTHING RETURNING batch`,
    [day, JSON.stringify([...batches.keys()])],
  );
  for (const { batch } of fresh) {
    for (const [kind, id, count] of batches.get(batch)!) {
      additions.add({ kind, id }, "impressions", count);
    }
  }
}
