/**
 * Which migrations a database is short of, by name alone: the app asks, and carries no SQL of theirs.
 *
 * @module
 */
import type { Sql } from "../ports.ts";

/** Every migration's number and name; a test holds it against the migrations themselves. */
export const migrationNames: readonly { id: number; name: string }[] = [
  { id: 1, name: "dead letters and effects" },
  { id: 2, name: "feed" },
  { id: 3, name: "notifications" },
  { id: 4, name: "chat" },
  { id: 5, name: "feed rank" },
  { id: 6, name: "chat_words" },
];

/** The names of those that were not applied, in order. One or two statements. */
export async function missingMigrationNames(sql: Sql): Promise<string[]> {
  const [{ any }] = await sql.query<{ any: boolean }>(
    "SELECT to_regclass('schema_migrations') IS NOT NULL AS any",
  );
  const rows = any ? await sql.query<{ id: number }>("SELECT id FROM schema_migrations") : [];
  const applied = new Set(rows.map(({ id }) => Number(id)));
  return migrationNames.filter(({ id }) => !applied.has(id)).map(({ name }) => name);
}
