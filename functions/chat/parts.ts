/**
 * What the chat stands on, or the settings that are missing.
 *
 * @module
 */
import { type Database, NotConfiguredError } from "../../shared/mod.ts";
import type { Deps } from "../deps.ts";

/** @throws {NotConfiguredError} naming every setting that is missing */
export function sqlOfChat({ config, database }: Pick<Deps, "config" | "database">): Database {
  const missing = [
    ...(config.llm ? [] : ["OPENAI_API_KEY"]),
    ...(config.userTokens ? [] : ["AUTH_SECRET or AUTH_JWKS_URL"]),
    ...(database ? [] : ["DATABASE_URL"]),
  ];
  if (!database || missing.length > 0) throw new NotConfiguredError("the chat", missing);
  return database;
}
