/**
 * The two Postgres that everything is tested on: PGlite always, a real one where there is one.
 *
 * @module
 */
import { createPostgresServer } from "../../dev/postgres/server.ts";
import { createPostgres, type PostgresOptions } from "../../shared/adapters/postgres.ts";
import { migrate } from "../../shared/migrations/migrate.ts";
import type { Database } from "../../shared/mod.ts";
import { needs } from "./needs.ts";
import { startPostgres } from "./postgres_server.ts";

interface Server {
  url: string;
  close(): Promise<void>;
}

/** A Postgres for all tests of one file. */
export interface TestPostgres {
  name: string;
  /** Whether several statements run at the same time. */
  isReal: boolean;
  ignore: boolean;
  /** Where it listens; only while tests run. */
  url(): string;
  /** The database with every migration applied; closed with the server. */
  database(options?: Partial<PostgresOptions>): Database;
  /** Registers a test by the engine's name and its own. */
  test(name: string, fn: () => Promise<void>): void;
}

/** Registers the start and the end of both servers with the tests of this file. */
export function postgresEngines(): TestPostgres[] {
  const skipped = needs("postgresql");
  return [
    engine("PGlite", false, createPostgresServer),
    engine(
      skipped.ignore ? `Postgres (skipped: ${skipped.reason})` : "Postgres",
      skipped.ignore,
      startPostgres,
    ),
  ];
}

function engine(name: string, ignore: boolean, start: () => Promise<Server>): TestPostgres {
  let server: Server | undefined;
  const open: Database[] = [];
  const postgres: TestPostgres = {
    name,
    isReal: name !== "PGlite",
    ignore,
    url: () => server!.url,
    database(options = {}) {
      const database = createPostgres({ url: server!.url, ...options });
      open.push(database);
      return database;
    },
    test: (test, fn) => Deno.test({ name: `${name}: ${test}`, ignore, fn }),
  };
  if (!ignore) {
    Deno.test.beforeAll(async () => {
      server = await start();
      await migrate(postgres.database());
    });
    Deno.test.afterAll(async () => {
      await Promise.all(open.map((database) => database.close()));
      await server?.close();
    });
  }
  return postgres;
}
