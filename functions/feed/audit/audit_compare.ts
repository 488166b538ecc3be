/**
 * A recount held against what Postgres held when it began.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import { MOST_DIFFERENCES } from "./audit_store.ts";
import { exactCount } from "../reading/exact.ts";

export interface Difference {
  /** `pending`: not flushed yet. `drift`: Postgres has more, or another word of somebody. */
  is: "pending" | "drift";
  kind: string;
  id: string;
  metric: "views" | "bookings" | "impressions" | "favorites";
  /** Favorites: people who said something on the day. */
  redis: number;
  /** Favorites: those of them whose word Postgres has. */
  postgres: number;
}

export interface Comparison {
  /** Counts that were compared: of a listing, by metric. */
  compared: number;
  pending: number;
  drift: number;
  /** False once the stream was trimmed: its impressions can no longer be recounted. */
  isLogCompared: boolean;
  /** Some of them, drift first. */
  differences: Difference[];
}

interface Row {
  is: Difference["is"] | null;
  kind: string;
  id: string;
  metric: Difference["metric"];
  redis: string;
  postgres: string;
  compared: string;
  pending: string;
  drift: string;
}

/** Compares the recount of this run. */
export async function compareAudit(
  sql: Sql,
  { run, isExact }: { run: string; isExact: boolean },
): Promise<Comparison> {
  const [{ trimmed }] = await sql.query<{ trimmed: boolean }>(
    // By now as well as then: a stream may have been trimmed while it was read.
    `SELECT audited.log_trimmed OR coalesce(day.log_trimmed, false) AS trimmed
     FROM feed_audit_runs AS audited LEFT JOIN feed_days AS day USING (day) WHERE run = $1`,
    [run],
  );
  const rows = await sql.query<Row>(
    `WITH compared AS (
       SELECT kind, listing AS id, metric, redis, postgres, CASE
         WHEN redis > postgres THEN 'pending'
         WHEN redis < postgres AND can_drift THEN 'drift' END AS "is"
       FROM feed_audit_counts
       CROSS JOIN LATERAL (VALUES
         ('views', views, held_views, $2::boolean),
         ('bookings', bookings, held_bookings, true),
         ('impressions', impressions, held_impressions, NOT $3::boolean)
       ) AS metrics (metric, redis, postgres, can_drift)
       WHERE run = $1 AND (redis > 0 OR postgres > 0)
       UNION ALL
       SELECT kind, listing, 'favorites', count(*),
         count(*) FILTER (WHERE word IS NULL), max(word)
       FROM (
         SELECT kind, listing, CASE
           WHEN changed_at IS NULL OR changed_at < said_at THEN 'pending'
           WHEN changed_at = said_at AND held.favorited <> said.favorited THEN 'drift' END AS word
         FROM feed_audit_words AS said
         LEFT JOIN feed_favorites AS held USING (kind, listing, person)
         WHERE run = $1
       ) AS words GROUP BY kind, listing
     ), counted AS (
       SELECT count(*) AS compared, count(*) FILTER (WHERE "is" = 'pending') AS pending,
         count(*) FILTER (WHERE "is" = 'drift') AS drift FROM compared
     )
     SELECT counted.*, differing.* FROM counted LEFT JOIN LATERAL (
       SELECT "is", kind, id, metric, redis::text, postgres::text FROM compared
       WHERE "is" IS NOT NULL ORDER BY "is", kind, id, metric LIMIT ${MOST_DIFFERENCES}
     ) AS differing ON true`,
    [run, isExact, trimmed],
  );
  const [{ compared, pending, drift }] = rows;
  return {
    compared: exactCount("compared", compared),
    pending: exactCount("pending", pending),
    drift: exactCount("drift", drift),
    isLogCompared: !trimmed,
    differences: rows.flatMap(({ is, kind, id, metric, redis, postgres }) =>
      is === null ? [] : [{
        is,
        kind,
        id,
        metric,
        redis: exactCount(metric, redis),
        postgres: exactCount(metric, postgres),
      }]
    ),
  };
}
