/**
 * The ledger of what jobs have written: a row for each effect, in the transaction of its writes.
 *
 * The first to commit wins. Whoever comes while it runs waits for its end; whoever comes later
 * gets its result, for 400 days. Rows older than that are swept by those that are written. No
 * Redis command.
 *
 * @module
 */
import type { Sql } from "../../ports.ts";

const MOST_RESULT_BYTES = 256 * 1024;
/** Longer than a deferral may wait (a year), and a dead letter after it (30 days). */
const REMEMBERED_MS = 400 * 86_400_000;
/** More than one for each that is written, so that what is due gets less. */
const SWEPT_AT_ONCE = 10;

/** One effect of one job. */
export interface Effect {
  job: string;
  name: string;
  /** Epoch ms. */
  now: number;
  /** Epoch ms: a row from before it belongs to an earlier job of the same `dedupeId`, long forgotten. */
  forgottenBefore: number;
}

/** Runs `work` and writes its row in one transaction, unless the row is there; resolves to the row's result. */
export async function applyOnce<T>(
  sql: Sql,
  { job, name, now, forgottenBefore }: Effect,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  return await sql.transaction(async (sql) => {
    // Where another transaction has written the row and not ended, this waits for it.
    const taken = await sql.query(
      `WITH swept AS (
         DELETE FROM effects WHERE (job, name) IN (
           SELECT job, name FROM effects WHERE applied_at < $5 AND (job, name) <> ($1, $2)
           ORDER BY applied_at LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED))
       INSERT INTO effects (job, name, applied_at) VALUES ($1, $2, $3)
       ON CONFLICT (job, name) DO UPDATE SET result = NULL, applied_at = $3
       WHERE effects.applied_at < $4
       RETURNING job`,
      [job, name, timestamp(now), timestamp(forgottenBefore), timestamp(now - REMEMBERED_MS)],
    );
    if (taken.length === 0) {
      const [row] = await sql.query<{ result: string | null }>(
        "SELECT result::text AS result FROM effects WHERE job = $1 AND name = $2",
        [job, name],
      );
      return fromColumn(row.result) as T;
    }
    const json = JSON.stringify(await work(sql)) ?? null;
    if (json !== null && json.length > MOST_RESULT_BYTES) {
      throw new RangeError(
        `Cannot keep the result of the transaction "${name}": it exceeds 256 KB`,
      );
    }
    await sql.query(
      "UPDATE effects SET result = $3::text::jsonb WHERE job = $1 AND name = $2",
      [job, name, toColumn(json)],
    );
    // Through JSON for the first as well, so that a retry meets nothing new.
    return (json === null ? undefined : JSON.parse(json)) as T;
  });
}

/** What jsonb does not take (NUL, halves of characters) it takes as text. */
const AS_TEXT = "zeropoll.json";

function toColumn(json: string | null): string | null {
  const isText = json !== null &&
    (/\\u(0000|d[89a-f])/i.test(json) || json.startsWith(`{"${AS_TEXT}"`));
  return isText ? JSON.stringify({ [AS_TEXT]: json }) : json;
}

function fromColumn(text: string | null): unknown {
  if (text === null) return undefined;
  const value = JSON.parse(text);
  const inner = value?.[AS_TEXT];
  return typeof inner === "string" ? JSON.parse(inner) : value;
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
