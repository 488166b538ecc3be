/**
 * A Postgres with its tables, for tests.
 *
 * @module
 */
import { createPostgresServer, type PostgresServer } from "../../dev/postgres/server.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import { migrate } from "../../shared/migrations/migrate.ts";

/** Starts PGlite and applies every migration. */
export async function startDatabase(): Promise<PostgresServer> {
  const server = await createPostgresServer();
  const database = createPostgres({ url: server.url });
  await migrate(database);
  await database.close();
  return server;
}
