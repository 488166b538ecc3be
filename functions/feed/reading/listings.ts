/**
 * What backends say of listings: the segments that they are in, and whether they are shown.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import type { ListingsRequest } from "../contracts.ts";
import { installedRank } from "../ranking/rank_mode.ts";

/** Keeps what is said; resolves to how many listings were not like that before. */
export async function saveListings(
  sql: Sql,
  listings: ListingsRequest["listings"],
  now: number,
): Promise<number> {
  const last = new Map(
    listings.map((listing) => [JSON.stringify([listing.kind, listing.id]), listing]),
  );
  const rows = [...last.values()].map(({ kind, id, segments, hidden, removed }) => ({
    kind,
    id,
    segments: removed ? [] : [...new Set(segments)].sort(),
    hidden: hidden || removed,
    removed,
  }));
  await installedRank(sql);
  // In one order everywhere: two callers at once would lock each other's rows otherwise.
  const [{ changed }] = await sql.query<{ changed: number }>(
    `WITH saved AS (
       INSERT INTO listings (kind, id, segments, hidden, removed_at)
       SELECT kind, id, segments, hidden, CASE WHEN removed THEN $2::timestamptz END
       FROM jsonb_to_recordset($1::text::jsonb)
         AS given (kind text, id text, segments text[], hidden boolean, removed boolean)
       ORDER BY kind, id COLLATE "C"
       ON CONFLICT (kind, id) DO UPDATE SET
         segments = EXCLUDED.segments, hidden = EXCLUDED.hidden, removed_at = EXCLUDED.removed_at
       WHERE (listings.segments, listings.hidden, listings.removed_at IS NULL)
         IS DISTINCT FROM (EXCLUDED.segments, EXCLUDED.hidden, EXCLUDED.removed_at IS NULL)
       RETURNING 1
     )
     SELECT count(*)::int AS changed FROM saved`,
    [JSON.stringify(rows), new Date(now).toISOString()],
  );
  return changed;
}
