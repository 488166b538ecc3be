/**
 * One Postgres for all prices, empty whenever a row asks for it: to start one takes longer than to measure.
 *
 * @module
 */
import type { PostgresServer } from "../../dev/postgres/server.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import { startDatabase } from "../support/database.ts";

let started: Promise<PostgresServer> | undefined;

/** Every table as it is after the migrations. */
export async function emptyDatabase(): Promise<{ url: string }> {
  const { url } = await (started ??= startDatabase());
  const database = createPostgres({ url });
  try {
    await database.query(
      `DO $$ DECLARE names text; BEGIN
         SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') INTO names
         FROM pg_tables
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
           AND tablename NOT IN ('schema_migrations', 'migrations');
         EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY CASCADE';
       END $$`,
    );
  } finally {
    await database.close();
  }
  return { url };
}

/** Ends it, where a row had asked for one. */
export async function closeDatabase(): Promise<void> {
  await (await started)?.close();
  started = undefined;
}
