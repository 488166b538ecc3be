/**
 * Whether Postgres has the app's tables: asked until it has, at most every 10 s, and then never again.
 *
 * @module
 */
import { AppError, type Clock, missingMigrationNames, type Sql } from "../../shared/mod.ts";

/** What an isolate knows. */
export interface KnownTables {
  /** Names of migrations that are missing; undefined while nobody could say. */
  missing?: readonly string[];
  askedAt: number;
}

const REPEAT_MS = 10_000;

export function newKnownTables(): KnownTables {
  return { askedAt: -Infinity };
}

/** What is missing, as far as is known; nobody waits for a Postgres that is away twice in 10 s. */
export async function missingTables(
  known: KnownTables,
  sql: Sql,
  clock: Clock,
): Promise<readonly string[] | undefined> {
  const isComplete = known.missing?.length === 0;
  if (isComplete || clock.now() - known.askedAt < REPEAT_MS) return known.missing;
  known.askedAt = clock.now();
  try {
    known.missing = await missingMigrationNames(sql);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // It is away, which says nothing of its tables.
    known.missing = undefined;
  }
  return known.missing;
}
