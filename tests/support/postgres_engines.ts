/**
 * The two Postgres that everything is tested on: PGlite always, a real one in the long run.
 *
 * @module
 */
import { createPostgresServer } from "../../dev/postgres/server.ts";
import { createPostgres, type PostgresOptions } from "../../shared/adapters/postgres.ts";
import { migrate } from "../../shared/migrations/migrate.ts";
import type { Database } from "../../shared/mod.ts";
import { asked, long } from "./long.ts";
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

export interface PostgresEnginesOptions {
  /** Whether tests pair PGlite with something that is long, so that it is needed there as well. */
  isPaired?: boolean;
}

/** Registers the start and the end of both servers with the tests of this file. */
export function postgresEngines({ isPaired = false }: PostgresEnginesOptions = {}): TestPostgres[] {
  const real = long("Postgres", "postgresql");
  // Hooks run where every test of a file is left out as well.
  const pglite = asked === "long" && !isPaired ? undefined : createPostgresServer;
  return [
    engine({ name: "PGlite", ignore: false, isReal: false }, pglite),
    engine({ ...real, isReal: true }, real.ignore ? undefined : startPostgres),
  ];
}

function engine(
  { name, ignore, isReal }: Pick<TestPostgres, "name" | "ignore" | "isReal">,
  start?: () => Promise<Server>,
): TestPostgres {
  let server: Server | undefined;
  const open: Database[] = [];
  const postgres: TestPostgres = {
    name,
    isReal,
    ignore,
    url: () => server!.url,
    database(options = {}) {
      const database = createPostgres({ url: server!.url, ...options });
      open.push(database);
      return database;
    },
    test: (test, fn) => Deno.test({ name: `${name}: ${test}`, ignore, fn }),
  };
  if (start) {
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
