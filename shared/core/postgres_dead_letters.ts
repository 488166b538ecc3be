/**
 * Dead letters in Postgres: each for 30 days after its failure, as they are in Redis.
 *
 * No Redis command; one statement for each call. What is too old is swept by the next save.
 *
 * @module
 */
import type { DeadLetter } from "../contracts/dead_letter.ts";
import { BodyInvalidError } from "../errors.ts";
import type { Clock, DeadLetters, Sql } from "../ports.ts";

const KEPT_MS = 30 * 86_400_000;

interface Row {
  id: string;
  job: string;
  generation: number;
  attempts: number;
  message: string;
  status: number | null;
  envelope: string;
  failed_at: Date;
}

const COLUMNS = "id, job, generation, attempts, message, status, envelope, failed_at";

/** Keeps dead letters in the table `dead_letters`. */
export function createPostgresDeadLetters(sql: Sql, clock: Clock): DeadLetters {
  const oldest = () => timestamp(clock.now() - KEPT_MS);
  return {
    async save({ id, job, generation, attempts, error, envelope, failedAt }) {
      await sql.query(
        `WITH swept AS (DELETE FROM dead_letters WHERE failed_at <= $9 AND id <> $1)
         INSERT INTO dead_letters (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET job = $2, generation = $3, attempts = $4, message = $5,
           status = $6, envelope = $7, failed_at = $8`,
        [
          id,
          withoutNul(job),
          generation,
          attempts,
          withoutNul(error.message),
          error.status ?? null,
          withoutNul(envelope),
          timestamp(failedAt),
          oldest(),
        ],
      );
    },
    async get(id) {
      const rows = await sql.query<Row>(
        `SELECT ${COLUMNS} FROM dead_letters WHERE id = $1 AND failed_at > $2`,
        [withoutNul(id), oldest()],
      );
      return rows.map(letterOf).at(0);
    },
    async list({ cursor, limit = 50 } = {}) {
      const after = cursor === undefined ? undefined : parseCursor(cursor);
      const rows = await sql.query<Row>(
        `SELECT ${COLUMNS} FROM dead_letters WHERE failed_at > $1
         ${after ? "AND (failed_at, id) < ($3, $4)" : ""}
         ORDER BY failed_at DESC, id DESC LIMIT $2`,
        [oldest(), limit, ...(after ? [timestamp(after.failedAt), after.id] : [])],
      );
      const letters = rows.map(letterOf);
      const last = letters.at(-1);
      return {
        letters,
        ...(last && letters.length === limit && { cursor: `${last.failedAt}.${last.id}` }),
      };
    },
    async remove(id) {
      await sql.query("DELETE FROM dead_letters WHERE id = $1", [withoutNul(id)]);
    },
    async removeMany(ids) {
      await sql.query(
        "DELETE FROM dead_letters WHERE id IN (SELECT jsonb_array_elements_text($1::text::jsonb))",
        [JSON.stringify(ids)],
      );
    },
  };
}

function letterOf({ failed_at, message, status, ...rest }: Row): DeadLetter {
  return {
    ...rest,
    error: { message, ...(status !== null && { status }) },
    failedAt: failed_at.getTime(),
  };
}

/** Where the page before ended. @throws {BodyInvalidError} if it is none of ours */
function parseCursor(cursor: string): { failedAt: number; id: string } {
  const [, failedAt, id] = /^(\d{1,15})\.([^\0]{1,200})$/.exec(cursor) ?? [];
  if (id === undefined) {
    throw new BodyInvalidError([{ path: "cursor", message: "is not from a page before" }], "query");
  }
  return { failedAt: Number(failedAt), id };
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

/** Postgres' text holds every character but this one, and an error's message may hold it. */
function withoutNul(text: string): string {
  return text.replaceAll("\0", "\ufffd");
}
