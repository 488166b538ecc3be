/**
 * A Postgres with the tables of the app, and what another one lacks of them.
 *
 * @module
 */
import { createPostgres } from "../shared/adapters/postgres.ts";
import { AppError } from "../shared/errors.ts";
import { migrate, missingMigrations } from "../shared/migrations/migrate.ts";
import { createPostgresServer, type PostgresServer } from "./postgres/server.ts";

/** Starts PGlite and applies every migration. */
export async function createMigratedPostgres(): Promise<PostgresServer> {
  const server = await createPostgresServer();
  const database = createPostgres({ url: server.url });
  await migrate(database);
  await database.close();
  return server;
}

/** A database of yours is looked at, and never changed. */
export async function warningsOf(url: string): Promise<string[]> {
  // The app says what is wrong with a URL that is none.
  if (!URL.canParse(url) || !/^postgres(ql)?:/.test(url)) return [];
  const database = createPostgres({ url });
  try {
    const missing = await missingMigrations(database);
    if (missing.length === 0) return [];
    const what = missing.map(({ name }) => name).join(", ");
    return [`Your database has not all of its tables (${what}): run deno task migrate`];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [`DATABASE_URL: ${error.message}`];
  } finally {
    await database.close();
  }
}
