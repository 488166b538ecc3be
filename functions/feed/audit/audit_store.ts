/**
 * An audit's recount in Postgres, in tables of its own, and what came of it.
 *
 * Each write may be repeated: a set's counts are absolute, and a page of the stream is added
 * together with the position past it. The recount is removed when it was compared.
 *
 * @module
 */
import { type Day, DAY_MS, type LoggedEntry, type Sql } from "../../../shared/mod.ts";
import { compareAudit, type Comparison } from "./audit_compare.ts";
import { wordsOf } from "../flush/log_store.ts";
import { inRows } from "../flush/store.ts";

/** Differences that are kept of an audit. */
export const MOST_DIFFERENCES = 100;
const scratch = ["feed_audit_counts", "feed_audit_batches", "feed_audit_words", "feed_audit_runs"];

export interface Audit extends Comparison {
  day: Day;
  /** Whether the day is over, so that nothing may be pending. */
  isClosed: boolean;
}

/**
 * Notes what Postgres holds of the day and how far its stream was trimmed, at one moment. Resolves
 * to whether the audit has ended already.
 */
export async function beginAudit(
  sql: Sql,
  { run, day, now }: { run: string; day: Day; now: number },
): Promise<boolean> {
  const [{ ended }] = await sql.query<{ ended: boolean }>(
    // What is committed of a stream that was trimmed cannot be recounted; what follows is pending.
    `WITH begun AS (
       INSERT INTO feed_audit_runs (run, day, started_at, log_trimmed, log_position)
       SELECT $1, $2::date, $3, coalesce(log_trimmed, false),
         CASE WHEN log_trimmed THEN log_position ELSE '0-0' END
       FROM (SELECT) AS one LEFT JOIN feed_days ON feed_days.day = $2::date
       WHERE NOT EXISTS (SELECT FROM feed_audits WHERE job = $1)
       ON CONFLICT DO NOTHING RETURNING run, log_trimmed
     ), noted AS (
       INSERT INTO feed_audit_counts
         (run, kind, listing, held_views, held_bookings, held_impressions)
       SELECT run, kind, listing, views, bookings,
         CASE WHEN log_trimmed THEN 0 ELSE impressions END
       FROM begun, feed_counts
       WHERE feed_counts.day = $2::date AND (views > 0 OR bookings > 0 OR impressions > 0)
     )
     SELECT EXISTS (SELECT FROM feed_audits WHERE job = $1) AS ended`,
    [run, day, new Date(now).toISOString()],
  );
  return ended;
}

/** Writes what Redis shows of listings: views and bookings by `kind:id`. */
export async function writeRecount(sql: Sql, run: string, listings: Iterable<RecountedListing>) {
  for (const rows of inRows(listings)) {
    await sql.query(
      `INSERT INTO feed_audit_counts (run, kind, listing, views, bookings)
       SELECT $1, split_part(name, ':', 1), substr(name, strpos(name, ':') + 1), views, bookings
       FROM jsonb_to_recordset($2::text::jsonb)
         AS given (name text, views bigint, bookings bigint)
       ORDER BY name COLLATE "C"
       ON CONFLICT (run, kind, listing) DO UPDATE SET
         views = GREATEST(feed_audit_counts.views, EXCLUDED.views),
         bookings = GREATEST(feed_audit_counts.bookings, EXCLUDED.bookings)`,
      [run, JSON.stringify(rows)],
    );
  }
}

export interface RecountedListing {
  /** `kind:id`. */
  name: string;
  views: number;
  bookings: number;
}

/** The last entry of the stream that was recounted. */
export async function readPosition(sql: Sql, run: string): Promise<string> {
  const [row] = await sql.query<{ log_position: string }>(
    "SELECT log_position FROM feed_audit_runs WHERE run = $1",
    [run],
  );
  return row.log_position;
}

interface AuditPage {
  run: string;
  day: Day;
  after: string;
  entries: readonly LoggedEntry[];
}

/** Adds a page of the stream, unless it was added already. */
export async function addPage(sql: Sql, { run, day, after, entries }: AuditPage): Promise<void> {
  const batches = entries.flatMap(({ entry }) => entry?.type === "impressions" ? [entry] : []);
  await sql.transaction(async (sql) => {
    const moved = await sql.query(
      `UPDATE feed_audit_runs SET log_position = $3 WHERE run = $1 AND log_position = $2
       RETURNING run`,
      [run, after, entries.at(-1)!.id],
    );
    if (moved.length === 0) return;
    // A batch counts once; one that was sent around midnight may have been counted on another day.
    await sql.query(
      `WITH given AS (
         SELECT DISTINCT ON (batch) item ->> 'batch' AS batch, item -> 'counts' AS counts
         FROM jsonb_array_elements($3::text::jsonb) WITH ORDINALITY AS batches (item, number)
         ORDER BY batch, number
       ), fresh AS (
         INSERT INTO feed_audit_batches (run, batch) SELECT $1, batch FROM given
         WHERE NOT EXISTS (
           SELECT FROM feed_batches WHERE feed_batches.batch = given.batch AND day <> $2::date)
         ON CONFLICT DO NOTHING RETURNING batch
       )
       INSERT INTO feed_audit_counts (run, kind, listing, impressions)
       SELECT $1, shown ->> 0, shown ->> 1, sum((shown ->> 2)::bigint)
       FROM given JOIN fresh USING (batch) CROSS JOIN jsonb_array_elements(counts) AS shown
       GROUP BY 2, 3
       ON CONFLICT (run, kind, listing) DO UPDATE SET
         impressions = feed_audit_counts.impressions + EXCLUDED.impressions`,
      [run, day, JSON.stringify(batches)],
    );
    await sql.query(
      `INSERT INTO feed_audit_words (run, kind, listing, person, favorited, said_at)
       SELECT DISTINCT ON (kind, id, person) $1, kind, id, person, favorited, at
       FROM jsonb_array_elements($2::text::jsonb) WITH ORDINALITY AS words (item, number)
       CROSS JOIN LATERAL jsonb_to_record(item)
         AS word (kind text, id text, person text, favorited boolean, at bigint)
       ORDER BY kind, id, person, at DESC, number DESC
       ON CONFLICT (run, kind, listing, person) DO UPDATE SET
         favorited = EXCLUDED.favorited, said_at = EXCLUDED.said_at
       WHERE feed_audit_words.said_at <= EXCLUDED.said_at`,
      [run, JSON.stringify(wordsOf(entries))],
    );
  });
}

interface AuditEnd {
  run: string;
  day: Day;
  now: number;
  isExact: boolean;
  isClosed: boolean;
}

/** Compares, keeps what came of it, and removes the recount; a repeat finds what was kept. */
export async function endAudit(sql: Sql, end: AuditEnd): Promise<Audit> {
  const { run, day, now, isExact, isClosed } = end;
  return await sql.transaction(async (sql) => {
    const [kept] = await sql.query<{ audit: Comparison }>(
      `SELECT jsonb_build_object('compared', compared, 'pending', pending, 'drift', drift,
         'isLogCompared', log_compared, 'differences', differences) AS audit
       FROM feed_audits WHERE job = $1`,
      [run],
    );
    if (kept) return { day, isClosed, ...kept.audit };
    const comparison = await compareAudit(sql, { run, isExact });
    const { compared, pending, drift, isLogCompared, differences } = comparison;
    await sql.query(
      `INSERT INTO feed_audits (job, day, audited_at, compared, differing, pending, drift,
         log_compared, differences)
       VALUES ($1, $2::date, $3, $4::bigint, $5::bigint, $6::bigint, $7::bigint, $8,
         $9::text::jsonb)
       ON CONFLICT (job) DO NOTHING`,
      [
        run,
        day,
        new Date(now).toISOString(),
        compared,
        isClosed ? drift + pending : drift,
        pending,
        drift,
        isLogCompared,
        JSON.stringify(differences),
      ],
    );
    const abandoned = new Date(now - DAY_MS).toISOString();
    for (const table of scratch) {
      await sql.query(
        `DELETE FROM ${table} WHERE run = $1
         OR run IN (SELECT run FROM feed_audit_runs WHERE started_at < $2)`,
        [run, abandoned],
      );
    }
    return { day, isClosed, ...comparison };
  });
}
