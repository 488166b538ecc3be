/**
 * A Postgres with its tables, for tests.
 *
 * @module
 */
export { createMigratedPostgres as startDatabase } from "../../dev/database.ts";
