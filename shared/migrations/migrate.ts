/**
 * Brings a database to the newest migration. May be repeated, and run twice at once.
 *
 * All that are missing run in one transaction under an advisory lock: all of them, or none.
 *
 * @module
 */
import type { Sql } from "../ports.ts";
import { type Migration, migrations as all } from "./migrations.ts";

/** Any number that no other program locks: "zeropoll" in ASCII, cut to 63 bits. */
const LOCK = "8819581268228271212";

/** What {@link migrate} would apply, in order; changes nothing. */
export async function missingMigrations(
  sql: Sql,
  migrations: readonly Migration[] = all,
): Promise<Migration[]> {
  const [{ any }] = await sql.query<{ any: boolean }>(
    "SELECT to_regclass('schema_migrations') IS NOT NULL AS any",
  );
  if (!any) return [...migrations];
  const applied = await readApplied(sql);
  return migrations.filter(({ id }) => !applied.has(id));
}

/** Applies what is missing; resolves to it, in order. */
export async function migrate(
  sql: Sql,
  migrations: readonly Migration[] = all,
): Promise<Migration[]> {
  return await sql.transaction(async (sql) => {
    await takeTurn(sql);
    await sql.query(`
      CREATE TABLE IF NOT EXISTS schema_migrations (
        id integer PRIMARY KEY,
        name text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      )`);
    const applied = await readApplied(sql);
    const missing = migrations.filter(({ id }) => !applied.has(id));
    for (const { id, name, sql: text } of missing) {
      await sql.query(text);
      await sql.query("INSERT INTO schema_migrations (id, name) VALUES ($1, $2)", [id, name]);
    }
    return missing;
  });
}

/** Waits for another migration to end, by asking: one long statement would look like a dead server. */
async function takeTurn(sql: Sql): Promise<void> {
  for (;;) {
    const [{ locked }] = await sql.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_xact_lock(${LOCK}) AS locked`,
    );
    if (locked) return;
    await sql.query("SELECT pg_sleep(.1)");
  }
}

async function readApplied(sql: Sql): Promise<Set<number>> {
  const rows = await sql.query<{ id: number }>("SELECT id FROM schema_migrations");
  return new Set(rows.map(({ id }) => id));
}
