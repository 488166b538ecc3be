/**
 * A Postgres with the tables of the app.
 *
 * @module
 */
import { createPostgres } from "../shared/adapters/postgres.ts";
import { migrate } from "../shared/migrations/migrate.ts";
import { createPostgresServer, type PostgresServer } from "./postgres/server.ts";

/** Starts PGlite and applies every migration. */
export async function createMigratedPostgres(): Promise<PostgresServer> {
  const server = await createPostgresServer();
  const database = createPostgres({ url: server.url });
  await migrate(database);
  await database.close();
  return server;
}
