/**
 * `deno task migrate`: brings the database at `DATABASE_URL` to the newest migration.
 *
 * Prints each that it applies. May be repeated, and run twice at once. Workers do not migrate:
 * run this before they are deployed.
 *
 * @module
 */
import process from "node:process";
import { print, printError } from "../shared/adapters/terminal.ts";
import { createPostgres } from "../shared/adapters/postgres.ts";
import { AppError } from "../shared/errors.ts";
import { migrate } from "../shared/migrations/migrate.ts";
import { migrations } from "../shared/migrations/migrations.ts";

const url = process.env.DATABASE_URL?.trim();
if (url === undefined || !/^postgres(ql)?:\/\//.test(url)) {
  printError("Cannot migrate: set DATABASE_URL to a postgres:// URL");
  process.exit(1);
}

/** Another migration that runs is waited for, and a large table takes its time: no outage either. */
const STATEMENT_TIMEOUT_MS = 3_600_000;

const database = createPostgres({ url, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
try {
  const applied = await migrate(database);
  for (const { id, name } of applied) print(`+ ${String(id).padStart(4, "0")} ${name}`);
  print(
    applied.length === 0
      ? `Nothing to apply: the database holds migration ${migrations.length}, the newest`
      : `The database holds migration ${migrations.length}, the newest`,
  );
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  printError(error.message);
  process.exitCode = 1;
} finally {
  await database.close();
}
