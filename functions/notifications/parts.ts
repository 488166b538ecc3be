/**
 * What notifications stand on, or the settings that are missing.
 *
 * @module
 */
import { type Config, NotConfiguredError, type Sql } from "../../shared/mod.ts";

/** @throws {NotConfiguredError} naming every setting that is missing */
export function secretOfNotifications({ databaseUrl, identitySecret, mail }: Config): string {
  const missing = [
    ...(mail ? [] : ["RESEND_API_KEY", "MAIL_FROM"]),
    ...(databaseUrl === undefined ? ["DATABASE_URL"] : []),
    ...(identitySecret === undefined ? ["IDENTITY_SECRET"] : []),
  ];
  if (identitySecret === undefined || missing.length > 0) {
    throw new NotConfiguredError("notifications", missing);
  }
  return identitySecret;
}

/** @throws {NotConfiguredError} without `DATABASE_URL` */
export function sqlOfNotifications(database: Sql | undefined): Sql {
  if (!database) throw new NotConfiguredError("notifications", ["DATABASE_URL"]);
  return database;
}
